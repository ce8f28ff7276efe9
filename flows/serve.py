"""`swope serve`: the deployments of prefect.yaml, served on this machine, or handed to the workers of a pool."""

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


def deploy_to(pool: str, path: Path) -> list[str]:
    """Hand the flows of a prefect.yaml to a work pool, whose process workers run them in the current folder.

    (`prefect deploy --all` does so too, but that of Prefect 3.8.8 breaks off after the first deployment.)

    Parameters
    ----------
    pool : name of a pool of the type "process" on the server that is set (`PREFECT_API_URL`).

    Returns
    -------
    Names of the deployments.

    Raises
    ------
    ValueError
        As `serve_deployments`, and when there is no such pool.
    """
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    deployments = [_deployment(entry, path) for entry in read_deployments(path)]
    with get_client(sync_client=True) as client:
        try:
            client.read_work_pool(pool)
        except ObjectNotFound:
            raise ValueError(
                f"there is no work pool {pool!r}; `prefect work-pool create {pool} --type process` makes it"
            ) from None
    for one in deployments:
        one.work_pool_name, one.job_variables = pool, {"working_dir": str(Path.cwd())}
        one.apply()
    return [one.full_name for one in deployments]


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
    from prefect.exceptions import MissingFlowError
    from prefect.flows import load_flow_from_entrypoint
    from prefect.types.entrypoint import EntrypointType

    if not isinstance(entry, dict):
        raise ValueError(f"{path}: {entry!r} is no deployment; one has a name and an entrypoint")
    try:
        flow: Any = load_flow_from_entrypoint(entry["entrypoint"])
        schedules = [_schedule(one) for one in entry.get("schedules", [])]
        return flow.to_deployment(
            name=entry["name"],
            parameters=entry.get("parameters", {}),
            schedules=schedules or None,
            concurrency_limit=entry.get("concurrency_limit"),
            description=entry.get("description"),
            # found wherever Swope is installed, in whatever folder it runs
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
    except KeyError as missing:
        raise ValueError(f"{path}: a deployment lacks {missing}") from None
    except (ImportError, AttributeError, MissingFlowError) as problem:
        raise ValueError(f"{path}: there is no flow {entry['entrypoint']}: {problem}") from None


def _schedule(said: dict[str, Any]) -> Any:
    """A cron line with its time zone, or every so many seconds."""
    from prefect.schedules import Cron, Interval

    return Interval(said["interval"]) if "interval" in said else Cron(said["cron"], timezone=said["timezone"])
