"""`swope serve`: the deployments of prefect.yaml, served on this machine, or handed to the workers of a pool."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_type_hints

from swope.flows.server import check_server


def serve_deployments(path: Path) -> None:
    """Serve the flows of a prefect.yaml until stopped.

    Raises
    ------
    ValueError
        When the file is absent, or says something of a flow that cannot be served, or no server answers.
    """
    import prefect

    deployments = [_deployment(entry, path) for entry in read_deployments(path)]
    check_server()
    prefect.serve(*deployments, print_starting_message=True)


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
    check_server()
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
        parameters = entry.get("parameters") or {}
        if problem := _misfit(flow, parameters, needed=bool(schedules)):
            raise ValueError(f"{path}: deployment {entry['name']}: {problem}")
        return flow.to_deployment(
            name=entry["name"],
            parameters=parameters,
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


def _misfit(flow: Any, parameters: Any, needed: bool) -> str | None:
    """Why a flow cannot be given some parameters, in words; None where it can.

    Parameters
    ----------
    needed : whether all that it needs has to be among them: what nobody schedules may be given the rest when it runs.
    """
    from prefect.exceptions import ParameterTypeError

    if not isinstance(parameters, dict):
        return f"{parameters!r} are no parameters; each has a name and a value"
    taken = inspect.signature(flow.fn).parameters
    if unknown := _unknown(flow.name, parameters, taken):
        return unknown
    hints = get_type_hints(flow.fn)
    for name, value in parameters.items():
        for kind in (hints.get(name), *get_args(hints.get(name))):
            if (
                isinstance(value, dict)
                and is_dataclass(kind)
                and (unknown := _unknown(f"{name} of {flow.name}", value, [one.name for one in fields(kind)]))
            ):
                return unknown
    missing = [name for name, one in taken.items() if one.default is one.empty and name not in parameters]
    if missing:
        return f"{flow.name} needs {', '.join(missing)}" if needed else None
    try:
        flow.validate_parameters(parameters)
    except ParameterTypeError as error:
        # a line of introduction, and one a parameter
        return "; ".join(line.removeprefix(" - ") for line in str(error).splitlines()[1:])
    return None


def _unknown(owner: str, given: Iterable[str], known: Iterable[str]) -> str | None:
    """Which of the names that something is given it does not know, with the nearest that it does."""
    known = list(known)
    for name in given:
        if name not in known:
            near = get_close_matches(str(name), known, 1)
            rest = f"is {near[0]} meant?" if near else f"it has {', '.join(known)}"
            return f"{owner} has no parameter {name}; {rest}"
    return None


def _schedule(said: dict[str, Any]) -> Any:
    """A cron line with its time zone, or every so many seconds."""
    from prefect.schedules import Cron, Interval

    return Interval(said["interval"]) if "interval" in said else Cron(said["cron"], timezone=said["timezone"])
