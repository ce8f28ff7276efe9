"""What happens to a light curve: ingest, clean, period, fold, resample, rank, catalog, report.

Pure functions and frozen dataclasses over NumPy and Arrow. This package knows neither Prefect nor Keras, and
importing it is quick: anything heavy is imported where it is used.
"""

from swope.pipeline.lightcurve import Chunk, Clock, LightCurve, Mask
from swope.pipeline.machine_code import keep_compiled
from swope.pipeline.version import VERSION

__version__ = VERSION

keep_compiled()

__all__ = ["Chunk", "Clock", "LightCurve", "Mask", "__version__"]
