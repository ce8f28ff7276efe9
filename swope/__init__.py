"""From unevenly sampled light curves to a catalog: periods, classes, anomalies and events of every star.

    import swope

    (lc,) = swope.read("my_star.csv")
    star = swope.analyze(lc)
    print(star)                 # ten lines
    star.plot()                 # a Matplotlib figure
    swope.open("out/first").objects

This is the front door. It stands before `swope.pipeline` (what happens to a light curve), `swope.models` (the four
models) and `swope.flows` (Prefect's flows and the command line), may use all of them, and none of them knows it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from swope.pipeline.version import VERSION as __version__  # noqa: N811

if TYPE_CHECKING:
    from swope._analyses import analyze, analyze_many, find_period
    from swope._catalog import Catalog, open  # noqa: A004 - as in `astropy.io.fits.open`
    from swope._curves import read
    from swope._partition import analyze_partition
    from swope.models.analysis import Analysis
    from swope.pipeline.lightcurve import Clock, LightCurve

__all__ = [
    "Analysis",
    "Catalog",
    "Clock",
    "LightCurve",
    "__version__",
    "analyze",
    "analyze_many",
    "analyze_partition",
    "find_period",
    "open",
    "read",
]

#: Where each name is; it is imported when it is first asked for, so that `import swope` is quick.
_PLACES = {
    "Analysis": "swope.models.analysis",
    "Catalog": "swope._catalog",
    "Clock": "swope.pipeline.lightcurve",
    "LightCurve": "swope.pipeline.lightcurve",
    "analyze": "swope._analyses",
    "analyze_many": "swope._analyses",
    "analyze_partition": "swope._partition",
    "find_period": "swope._analyses",
    "open": "swope._catalog",
    "read": "swope._curves",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'swope' has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
