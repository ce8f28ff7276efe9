"""The surveys that are imitated: bands, clock, where they look, how deep, and how well they measure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import FloatArray, Kind
from swope.pipeline.simulate import ground, space
from swope.pipeline.simulate.visits import Visits

#: Noise against magnitude: (n,) magnitudes and band indices to (n,) one-sigma magnitudes on a typical night.
Noise = Callable[[FloatArray, NDArray[np.int64]], FloatArray]

#: Quantiles at which distributions of mean magnitudes are given.
QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)


@dataclass(frozen=True)
class Survey:
    """One survey.

    Attributes
    ----------
    name, bands, clock : the clock in the form of `Clock.parse`; times are written as its numbers.
    visits : draws a cadence for a place (degrees).
    place : (lowest ra, highest ra, lowest dec, highest dec) in degrees.
    reference : band in which `brightness` is meant.
    brightness : mean magnitudes at `QUANTILES`; `own_brightness` overrides it for a class.
    noise : see `Noise`.
    faintest, fading : magnitude at which half of the frames has no detection, and the width of that edge (logistic).
    quoted : quoted over true error: median, and scatter between stars (natural log).
    flat_error : where the survey quotes an error that follows the night and not the star: its median; else 0.
    outliers : share of rows that are off, and their scale in magnitudes; most of them faint, as clouds and blends are.
    blend : share of the stars with a neighbour in the same pixels, and the most of the light that may be its.
    trend : scale of slow systematic trends, magnitudes.
    red : noise that is alike on nights close to each other: its floor in magnitudes, its least share of the noise, and
        its correlation time in days; zeros for none.
    decimals : of written magnitudes.
    unsorted : rows come in the order in which the archive found them, not in time.
    filler : a magnitude that stands for "no value" in a few rows, or None.
    kind, unit, zero_point : for fluxes, counts are 10^(-0.4 (magnitude - zero_point)).
    exposure : days, over which the light is averaged.
    """

    name: str
    bands: tuple[str, ...]
    clock: str
    visits: Callable[[np.random.Generator, float, float], Visits]
    place: tuple[float, float, float, float]
    reference: str
    brightness: tuple[float, float, float, float, float]
    noise: Noise
    faintest: float
    fading: float = 0.12
    quoted: tuple[float, float] = (1.0, 0.1)
    flat_error: float = 0.0
    outliers: tuple[float, float] = (0.005, 0.3)
    blend: tuple[float, float] = (0.03, 0.3)
    trend: float = 0.004
    red: tuple[float, float, float] = (0.0, 0.0, 0.0)
    decimals: int = 3
    unsorted: bool = False
    filler: float | None = None
    kind: Kind = "mag"
    unit: str = "mag"
    zero_point: float = 0.0
    exposure: float = 0.0
    own_brightness: Mapping[str, tuple[float, float, float, float, float]] = field(default_factory=dict)


def ccd_noise(limits: tuple[float, ...], floor: float) -> Noise:
    """Noise of a CCD with a systematic floor: Ivezic et al. 2019, eqs. 4 and 5, with gamma 0.039.

    Parameters
    ----------
    limits : magnitude at five sigma of one visit, a band each.
    floor : magnitudes.
    """
    gamma = 0.039
    depth = np.array(limits)

    def noise(magnitude: FloatArray, band: NDArray[np.int64]) -> FloatArray:
        x = 10 ** (0.4 * (np.minimum(magnitude, 35.0) - depth[band]))
        sigma: FloatArray = np.sqrt(floor**2 + (0.04 - gamma) * x + gamma * x**2)
        return sigma

    return noise


def table_noise(magnitudes: tuple[float, ...], sigmas: tuple[float, ...]) -> Noise:
    """Noise interpolated in its logarithm between given points."""

    def noise(magnitude: FloatArray, band: NDArray[np.int64]) -> FloatArray:  # noqa: ARG001
        sigma: FloatArray = np.exp(np.interp(magnitude, magnitudes, np.log(sigmas)))
        return sigma

    return noise


def photon_noise(zero_point: float, seconds: float, sky: float, floor: float) -> Noise:
    """Noise of a space telescope: photons, a background of `sky` electrons per second, and a floor in magnitudes."""

    def noise(magnitude: FloatArray, band: NDArray[np.int64]) -> FloatArray:  # noqa: ARG001
        rate = 10 ** (-0.4 * (magnitude - zero_point))
        sigma: FloatArray = np.sqrt(floor**2 + (1.0857 * np.sqrt((rate + sky) / seconds) / rate) ** 2)
        return sigma

    return noise


#: ASAS-3's noise by V: scatter of Miras about lines through their neighbours, and of contact binaries about their
#: folded curves, in the ACVS (Pojmanski 2002). The quoted errors there follow the frame, not the star.
_ASAS_NOISE = table_noise(
    (8.25, 8.75, 9.75, 10.75, 11.25, 11.75, 12.25, 12.75, 13.25, 13.75, 14.25, 14.75, 15.25),
    (0.018, 0.016, 0.019, 0.024, 0.031, 0.042, 0.059, 0.087, 0.126, 0.174, 0.252, 0.401, 0.685),
)

_LMC = (74.0, 88.0, -71.5, -67.0)

_LISTED = (
    Survey(
        name="asas",
        bands=("V",),
        clock="HJD_UTC",
        visits=ground.asas,
        place=(0.0, 360.0, -89.0, 28.5),
        reference="V",
        brightness=(7.2, 9.4, 11.9, 13.4, 14.4),
        noise=_ASAS_NOISE,
        faintest=14.4,
        fading=0.6,
        quoted=(1.0, 0.07),
        flat_error=0.037,
        outliers=(0.022, 0.15),
        blend=(0.35, 0.6),
        trend=0.006,
        red=(0.006, 0.1, 30.0),
        own_brightness=MappingProxyType(
            {
                "RRAB": (9.0, 11.5, 13.25, 14.05, 14.6),
                "RRC": (9.0, 10.7, 12.75, 13.7, 14.4),
                "M": (9.2, 11.4, 13.4, 14.8, 15.5),
                "EA": (7.0, 8.9, 11.15, 12.8, 13.6),
                "EB": (7.2, 9.3, 11.3, 13.0, 13.8),
                "EW": (7.5, 9.65, 12.0, 13.4, 14.2),
                "DSCT": (7.5, 9.5, 11.9, 13.5, 14.2),
                "ACV": (7.3, 8.3, 9.9, 11.2, 12.0),
                "BCEP": (7.3, 8.3, 9.2, 10.5, 11.2),
            }
        ),
    ),
    Survey(
        name="ogle",
        bands=("I",),
        clock="HJD_UTC",
        visits=ground.ogle,
        place=_LMC,
        reference="I",
        brightness=(13.0, 14.5, 17.8, 19.3, 20.0),
        noise=ccd_noise((21.2,), 0.005),
        faintest=20.8,
        quoted=(0.85, 0.08),
        outliers=(0.004, 0.2),
        own_brightness=MappingProxyType(
            {
                "M": (11.8, 12.3, 13.5, 15.0, 16.0),
                "SR": (12.5, 13.0, 14.0, 15.2, 16.0),
                "DCEP": (12.5, 13.2, 15.0, 16.3, 17.0),
            }
        ),
    ),
    Survey(
        name="ztf",
        bands=("g", "r"),
        clock="MJD_UTC",
        visits=ground.ztf,
        place=(0.0, 360.0, -25.0, 80.0),
        reference="r",
        brightness=(12.8, 14.2, 17.2, 19.4, 20.0),
        noise=ccd_noise((20.8, 20.6), 0.011),
        faintest=20.6,
        quoted=(0.9, 0.1),
        outliers=(0.004, 0.3),
        own_brightness=MappingProxyType(
            {
                "SN": (19.5, 20.0, 21.3, 22.3, 22.8),
                "AGN": (16.5, 17.3, 18.9, 19.9, 20.2),
                "UG": (18.0, 18.6, 20.0, 21.0, 21.3),
            }
        ),
    ),
    Survey(
        name="crts",
        bands=("C",),
        clock="MJD_UTC",
        visits=ground.crts,
        place=(0.0, 360.0, -25.0, 65.0),
        reference="C",
        brightness=(12.8, 13.8, 16.5, 18.8, 19.5),
        noise=ccd_noise((20.3,), 0.035),
        faintest=20.4,
        quoted=(1.5, 0.1),
        outliers=(0.006, 0.4),
        trend=0.01,
        decimals=4,
        unsorted=True,
        own_brightness=MappingProxyType(
            {
                "SN": (18.8, 19.3, 20.3, 21.5, 22.0),
                "AGN": (16.0, 17.0, 18.6, 19.6, 20.0),
                "UG": (17.5, 18.2, 19.5, 20.5, 21.0),
            }
        ),
    ),
    Survey(
        name="s82",
        bands=("u", "g", "r", "i", "z"),
        clock="MJD_UTC",
        visits=ground.s82,
        place=(-45.0, 55.0, -1.25, 1.25),
        reference="g",
        brightness=(14.5, 15.5, 17.8, 20.3, 20.8),
        noise=ccd_noise((22.0, 23.1, 22.7, 22.2, 20.7), 0.013),
        faintest=22.8,
        quoted=(0.8, 0.1),
        outliers=(0.006, 0.4),
        filler=-99.0,
    ),
    Survey(
        name="rubin",
        bands=("u", "g", "r", "i", "z", "y"),
        clock="MJD_UTC",
        visits=ground.rubin,
        place=(0.0, 360.0, -65.0, 2.0),
        reference="r",
        brightness=(17.0, 17.8, 20.5, 23.0, 23.6),
        noise=ccd_noise((23.8, 24.8, 24.4, 23.9, 23.3, 22.1), 0.005),
        faintest=24.2,
        quoted=(1.0, 0.05),
        outliers=(0.003, 0.3),
        trend=0.002,
    ),
    Survey(
        name="eros",
        bands=("b_E", "r_E"),
        clock="JD_UTC",
        visits=ground.eros,
        place=_LMC,
        reference="b_E",
        brightness=(14.5, 16.0, 18.8, 20.0, 20.6),
        noise=ccd_noise((20.7, 20.3), 0.055),
        faintest=20.7,
        quoted=(1.7, 0.2),
        outliers=(0.008, 0.3),
        trend=0.01,
        decimals=2,
        own_brightness=MappingProxyType(
            {
                "M": (15.5, 16.5, 18.2, 19.5, 20.0),
                "SR": (15.0, 15.8, 17.0, 18.5, 19.0),
                "DCEP": (13.8, 14.8, 16.7, 17.8, 18.3),
                "RRAB": (18.0, 18.6, 19.3, 19.9, 20.2),
            }
        ),
    ),
    Survey(
        name="kepler",
        bands=("Kepler",),
        clock="BKJD",
        visits=lambda rng, ra, dec: space.kepler(rng),  # noqa: ARG005
        place=(280.0, 301.0, 37.0, 51.0),
        reference="Kepler",
        brightness=(9.0, 11.5, 14.2, 15.9, 17.0),
        noise=photon_noise(25.10, 1765.0, 400.0, 0.00003),
        faintest=20.0,
        quoted=(0.85, 0.05),
        outliers=(0.0008, 0.003),
        trend=0.0003,
        decimals=7,
        kind="flux",
        unit="electron / s",
        zero_point=25.10,
        exposure=space.KEPLER_STEP,
    ),
    Survey(
        name="tess",
        bands=("TESS",),
        clock="BTJD",
        visits=lambda rng, ra, dec: space.tess(rng, step=space.TESS_FRAME_STEP),  # noqa: ARG005
        place=(0.0, 360.0, -85.0, -6.0),
        reference="TESS",
        brightness=(6.5, 7.8, 10.8, 13.0, 14.0),
        noise=photon_noise(20.44, 475.0, 120.0, 0.00006),
        faintest=18.0,
        quoted=(0.9, 0.05),
        outliers=(0.001, 0.004),
        trend=0.0003,
        decimals=7,
        kind="flux",
        unit="electron / s",
        zero_point=20.44,
        exposure=space.TESS_FRAME_STEP,
    ),
)

#: Every survey that can be imitated, by name.
SURVEYS: MappingProxyType[str, Survey] = MappingProxyType({survey.name: survey for survey in _LISTED})
