"""The flow `nightly`: the catalog of a folder that a survey adds to, with the chunks it knows already reused."""

from __future__ import annotations

from prefect import flow

from flows.catalog import catalog


@flow(name="nightly", validate_parameters=False)
def nightly(incoming: str = "incoming", out: str = "out/nightly", top: int = 20) -> str:
    """Bring the catalog of a folder up to date; returns the path of its report.

    Parameters
    ----------
    incoming : folder that new light curves arrive in.
    out : folder of the run; chunks whose input did not change are taken from the night before.
    top : how many of the most anomalous stars the report shows.
    """
    catalog([incoming], out, top=top)
    return f"{out}/report/index.html"
