"""The flow `report`: the page of a finished run, made again."""

from __future__ import annotations

from pathlib import Path

from prefect import flow

from swope.flows.pages import write_report
from swope.flows.verdicts import refresh
from swope.flows.workers import worker_processes


@flow(name="report", validate_parameters=False)
def report(run_dir: str, top: int = 20, stars: list[str] | None = None) -> str:
    """Make a run's report again; returns the path of its page."""
    refresh(Path(run_dir))
    with worker_processes(1):
        return str(write_report(Path(run_dir), top, stars or []))
