"""What a catalog says of a star before any model has seen it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from swope.pipeline.clean import why_masked
from swope.pipeline.lightcurve import FloatArray, Kind, LightCurve
from swope.pipeline.median import quantiles

#: Percentiles between which the amplitude is taken: robust against a few bad rows at either end.
AMPLITUDE_QUANTILES = (0.05, 0.95)


@dataclass(frozen=True)
class Summary:
    """The columns of objects.parquet that come from the light curve alone, by their names there.

    Attributes
    ----------
    object_id, source, ra, dec : as in the light curve; positions None where unknown.
    bands : names of the bands with usable rows, separated by commas.
    n_bands : their number.
    main_band : the band with the most usable rows (the first by name among equals); None for a star without any.
    value_kind, unit : "mag" or "flux", and the unit of values, errors and amplitudes.
    value_kind_from : what said so: "name", "unit", "survey", "file", "user"; None where that is not known.
    read_as : which columns of the source were taken for what, and which were passed over; None where that is not kept.
    n_obs, n_masked : rows that are used, and rows that are left out.
    masked_because : how many are left out, by reason; None where none is.
    time_start, time_end : days, by the star's clock; None without usable rows.
    clock : the star's clock, such as ``BJD_TDB``, or ``unknown``.
    mean_mag, mean_flux : mean in the main band; the other is None.
    amplitude : 5th to 95th percentile of the values in the main band; None for fewer than two rows.
    """

    object_id: str
    source: str
    ra: float | None
    dec: float | None
    bands: str
    n_bands: int
    main_band: str | None
    value_kind: Kind
    value_kind_from: str | None
    unit: str
    read_as: str | None
    n_obs: int
    n_masked: int
    masked_because: str | None
    time_start: float | None
    time_end: float | None
    clock: str
    mean_mag: float | None
    mean_flux: float | None
    amplitude: float | None


def summarise(curve: LightCurve) -> Summary:
    """Summarise a cleaned light curve.

    Parameters
    ----------
    curve : n rows; the usable ones count, in any order.
    """
    good = curve.good
    counts = np.bincount(good.band, minlength=len(curve.bands))
    used = sorted(name for name, count in zip(curve.bands, counts, strict=True) if count)
    main = main_band(curve)
    value = good.value if main is None else good.in_band(main).value
    mean = float(value.mean()) if len(value) else None
    return Summary(
        object_id=curve.object_id,
        source=curve.source,
        ra=_known(curve.ra),
        dec=_known(curve.dec),
        bands=",".join(used),
        n_bands=len(used),
        main_band=main,
        value_kind=curve.kind,
        value_kind_from=curve.kind_from or None,
        unit=curve.unit,
        read_as=curve.read_as or None,
        n_obs=len(good),
        n_masked=len(curve) - len(good),
        masked_because=why_masked(curve) or None,
        time_start=float(good.time.min()) if len(good) else None,
        time_end=float(good.time.max()) if len(good) else None,
        clock=curve.clock.name,
        mean_mag=mean if curve.kind == "mag" else None,
        mean_flux=mean if curve.kind == "flux" else None,
        amplitude=amplitude(value),
    )


def main_band(curve: LightCurve) -> str | None:
    """The band with the most usable rows, the first by name among equals; None for a star without usable rows."""
    counts = np.bincount(curve.good.band, minlength=len(curve.bands))
    best = min(zip(-counts, curve.bands, strict=True), default=(0, None))
    return best[1] if best[0] < 0 else None


def amplitude(value: FloatArray) -> float | None:
    """Distance between the 5th and the 95th percentile; None for fewer than two values.

    Parameters
    ----------
    value : (n,) finite.
    """
    if len(value) < 2:
        return None
    low, high = quantiles(value, AMPLITUDE_QUANTILES)
    return high - low


def _known(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None
