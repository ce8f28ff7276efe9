"""A forecast set beside what was then observed."""

from __future__ import annotations

from dataclasses import dataclass

from swope.pipeline.lightcurve import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Forecast:
    """One-step-ahead forecasts of one star by one detector, in the light curve's own unit.

    Attributes
    ----------
    object_id, detector : whose, and by whom ("forecaster" or "statespace").
    time : (m,) times of the forecast observations, ascending, a subset of the curve's good rows.
    band : (m,) index into `bands`.
    bands : names of the bands.
    value : (m,) what was observed.
    mean : (m,) what was forecast from the rows before; NaN where there was no forecast (too little history).
    sigma : (m,) predictive standard deviation, the row's own measurement error included.
    sign : +1 where a larger value is brighter (flux), -1 for magnitudes.
    """

    object_id: str
    detector: str
    time: FloatArray
    band: IntArray
    bands: tuple[str, ...]
    value: FloatArray
    mean: FloatArray
    sigma: FloatArray
    sign: float

    @property
    def innovation(self) -> FloatArray:
        """(m,) standardised innovation, positive where the star was brighter than forecast."""
        return self.sign * (self.value - self.mean) / self.sigma
