"""Cadences and instrument effects of Kepler and TESS."""

from __future__ import annotations

import numpy as np

from swope.pipeline.lightcurve import FloatArray
from swope.pipeline.simulate.visits import Visits

#: Kepler quality bits (Kepler Archive Manual, KDMC-10008, table 2-3).
KEPLER_COARSE, KEPLER_DESATURATION, KEPLER_ARGABRIGHTENING = 4, 32, 64
#: TESS quality bits (TESS Science Data Products, EXP-TESS-ARC-ICD-0014, table 28).
TESS_DESATURATION, TESS_SCATTERED = 32, 4096

#: Long cadence of Kepler and the cadences of TESS used here, days.
KEPLER_STEP = 29.4244 / 1440
TESS_STEP = 120 / 86400
TESS_FRAME_STEP = 600 / 86400


def kepler(rng: np.random.Generator, first: float = 2455002.0, quarters: int = 3) -> Visits:
    """Quarters of half-hour cadences: a downlink each month, a roll each quarter, desaturation every three days.

    After Van Cleve & Caldwell 2016, Kepler Instrument Handbook: rolls put a star on another detector (a jump in flux),
    downlinks are followed by thermal recovery, and cosmic rays cause small sudden drops of sensitivity.
    """
    times, offsets, qualities = [], [], []
    begin = first
    for _ in range(quarters):
        length = rng.uniform(86, 92)
        time = begin + np.arange(0, length, KEPLER_STEP)
        day = time - begin
        keep = np.ones(len(time), dtype=bool)
        recovery = np.zeros(len(time))
        for downlink in (length / 3 + rng.normal(0, 1), 2 * length / 3 + rng.normal(0, 1)):
            keep &= (day < downlink) | (day > downlink + 1.0)
            after = np.maximum(day - downlink - 1.0, 0)
            recovery += np.where(day > downlink + 1, rng.normal(0, 0.0012) * np.exp(-after / 1.5), 0.0)
        if rng.random() < 0.2:
            safe = rng.uniform(10, length - 15)
            keep &= (day < safe) | (day > safe + rng.uniform(2, 6))
        # residual slow drift, roll jump and sudden drops, in magnitudes
        drift = rng.normal(0, 0.0006) * (day / length) ** 2 + rng.normal(0, 0.0004) * np.sin(2 * np.pi * day / length)
        offset = rng.normal(0, 0.002) + drift + recovery
        if rng.random() < 0.15:
            at = rng.uniform(0, length)
            drop = abs(rng.normal(0, 0.003))
            offset = offset + np.where(day > at, drop * (0.5 + 0.5 * np.exp(-np.maximum(day - at, 0) / 0.5)), 0.0)
        quality = np.zeros(len(time), dtype=np.int64)
        quality[(np.floor(day / 3.0) != np.floor((day - KEPLER_STEP) / 3.0)) & (day > 1)] |= KEPLER_DESATURATION
        quality[rng.random(len(time)) < 0.0008] |= KEPLER_ARGABRIGHTENING
        quality[rng.random(len(time)) < 0.0005] |= KEPLER_COARSE
        times.append(time[keep])
        offsets.append(offset[keep])
        qualities.append(quality[keep])
        begin += length + rng.uniform(0.8, 1.8)
    return _space(times, offsets, qualities)


def tess(rng: np.random.Generator, first: float = 2458326.0, step: float = TESS_STEP, sectors: int = 1) -> Visits:
    """Sectors of 27 days with a downlink gap in the middle, scattered light at the ends of orbits and jitter jumps.

    After Vanderspek et al. 2018, TESS Instrument Handbook.
    """
    times, offsets, qualities = [], [], []
    begin = first
    for _ in range(sectors):
        length = rng.uniform(26.0, 27.8)
        time = begin + np.arange(0, length, step)
        day = time - begin
        middle = length / 2 + rng.normal(0, 0.3)
        gap = rng.uniform(0.9, 1.4)
        keep = (day < middle) | (day > middle + gap)
        orbit = np.where(day < middle, day / middle, (day - middle - gap) / (length - middle - gap))
        scattered = rng.normal(0, 0.002) * np.exp(-(1 - orbit) / 0.07) + rng.normal(0, 0.001) * np.exp(-orbit / 0.05)
        trend = rng.normal(0, 0.0008) * (orbit - 0.5) + rng.normal(0, 0.0005) * np.sin(2 * np.pi * orbit)
        offset = np.where(day < middle, 0.0, rng.normal(0, 0.0015)) + trend + scattered
        for at in length * rng.random(int(rng.poisson(0.7))):
            offset = offset + np.where(day > at, rng.normal(0, 0.0008), 0.0)
        quality = np.zeros(len(time), dtype=np.int64)
        quality[np.floor(day / 2.5) != np.floor((day - step) / 2.5)] |= TESS_DESATURATION
        if rng.random() < 0.4:
            quality[orbit > 0.985] |= TESS_SCATTERED
        times.append(time[keep])
        offsets.append(offset[keep])
        qualities.append(quality[keep])
        begin += 27.4
    return _space(times, offsets, qualities)


def _space(times: list[FloatArray], offsets: list[FloatArray], qualities: list[np.ndarray]) -> Visits:
    time = np.concatenate(times)
    return Visits(
        time,
        np.zeros(len(time), dtype=np.int64),
        np.ones(len(time)),
        np.concatenate(offsets),
        np.concatenate(qualities),
    )
