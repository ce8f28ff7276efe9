"""The flow `nightly`: every morning, the new points of a folder that a survey adds to are scored."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from prefect import flow

from swope.flows.catalog import catalog
from swope.flows.night import score_night
from swope.flows.runtime import one_thread
from swope.flows.state import NIGHTLY, STATE
from swope.flows.turns import one_at_a_time


@flow(name="nightly", flow_run_name="nightly {incoming}", validate_parameters=False)
def nightly(incoming: str = "incoming", since: str = "out/catalog", out: str = "out/nights", top: int = 10) -> str:
    """Score the new points of a folder; returns the folder of the night, ``OUT/YYYY-MM-DD`` (UTC).

    It goes on from the night before, or from the run where that is the newer one. The same morning's second try begins
    where the first did, so that it gives the same answer.

    Parameters
    ----------
    incoming : folder that new light curves, or new points of old ones, arrive in; points known already are left out.
    since : folder of the run that knows the stars; where there is none yet, it is made from `incoming`.
    out : folder of the nights.
    top : how many of the most surprising stars are named.
    """
    one_thread()
    if not (Path(since) / STATE).exists():
        catalog([incoming], since)
    tonight = Path(out) / datetime.now(UTC).strftime("%Y-%m-%d")
    with one_at_a_time(Path(since), Path(out)):
        record = score_night([incoming], latest(Path(since), Path(out), tonight), tonight, top=top)
    print(record.summary(tonight))
    return str(tonight)


def latest(since: Path, out: Path, tonight: Path) -> Path:
    """What tonight goes on from: the last finished night before it, or the run where that was made later."""
    nights = sorted(path.parent for path in out.glob(f"*/{NIGHTLY}") if path.parent.name < tonight.name)
    if nights and (nights[-1] / STATE).stat().st_mtime > (since / STATE).stat().st_mtime:
        return nights[-1]
    return since
