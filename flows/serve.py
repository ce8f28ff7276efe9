"""`swope serve`: the deployments of prefect.yaml, served and scheduled on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def serve_deployments(path: Path) -> None:
    """Serve the flows of a prefect.yaml until stopped.

    Raises
    ------
    ValueError
        When the file is absent, or says something of a flow that cannot be served.
    """
    import prefect

    prefect.serve(*[_deployment(entry, path) for entry in read_deployments(path)], print_starting_message=True)


def read_deployments(path: Path) -> list[dict[str, Any]]:
    """The deployments that a prefect.yaml lists.

    Raises
    ------
    ValueError
        When there is no such file, it is not YAML, or it lists no deployment.
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise ValueError(f"no deployments at {path}; name a prefect.yaml with --file") from None
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not YAML: {error}") from None
    deployments = content.get("deployments") if isinstance(content, dict) else None
    if not deployments:
        raise ValueError(f"{path} lists no deployments")
    return list(deployments)


def _deployment(entry: dict[str, Any], path: Path) -> Any:
    from prefect.flows import load_flow_from_entrypoint
    from prefect.schedules import Cron

    try:
        flow: Any = load_flow_from_entrypoint(entry["entrypoint"])
        schedules = [Cron(schedule["cron"], timezone=schedule["timezone"]) for schedule in entry.get("schedules", [])]
        return flow.to_deployment(
            name=entry["name"],
            parameters=entry.get("parameters", {}),
            schedules=schedules or None,
            concurrency_limit=entry.get("concurrency_limit"),
        )
    except KeyError as missing:
        raise ValueError(f"{path}: a deployment lacks {missing}") from None
