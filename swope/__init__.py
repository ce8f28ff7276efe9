"""From unevenly sampled light curves to a catalog: periods, classes, anomalies and events of every star."""

from swope.pipeline.version import VERSION as __version__  # noqa: N811

__all__ = ["__version__"]
