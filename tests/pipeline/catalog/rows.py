"""Catalog rows for the tests, made of nothing but a seed."""

from __future__ import annotations

from typing import Any

import numpy as np

from swope.pipeline.column import FLOAT, TEXT, Column, DetectorColumns
from swope.pipeline.rank import anomaly_pvalue, anomaly_reason

TYPES = ("EA", "EW", "RRAB", "RRC")

DETECTORS = (
    DetectorColumns("forecaster", "the forecaster", forecasts=True),
    DetectorColumns(
        "statespace",
        "the state space",
        (Column("trend", FLOAT, "", "arith.rate;src.var", "slow change of the mean, in the star's unit a year"),),
        forecasts=True,
    ),
    DetectorColumns(
        "autoencoder",
        "the fold",
        (Column("autoencoder_flag", TEXT, "", "meta.code.qual;src.var", "what speaks against the score"),),
        {"wrong_period": "At another period it would be ordinary."},
        tells_kinds=True,
    ),
)


def object_rows(n: int, seed: int = 0) -> list[dict[str, Any]]:
    """n rows of objects: most ok, the others with a reason."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        status = str(rng.choice(["ok", "ok", "ok", "partial", "rejected", "failed"]))
        row: dict[str, Any] = {"object_id": f"star {i:04d}", "source": f"{i % 3}.csv", "status": status}
        if status != "ok":
            row["reason"] = f"{status} for reason {int(rng.integers(3))}"
        if status in ("ok", "partial"):
            probabilities = rng.dirichlet(np.full(len(TYPES), 0.3))
            row |= {
                "ra": float(rng.uniform(0, 360)),
                "dec": float(rng.uniform(-90, 90)),
                "bands": "V",
                "n_bands": 1,
                "main_band": "V",
                "value_kind": "mag",
                "unit": "mag",
                "n_obs": int(rng.integers(10, 500)),
                "n_masked": int(rng.integers(0, 5)),
                "time_start": 2452000.5,
                "time_end": 2454000.5,
                "clock": "HJD_UTC",
                "mean_mag": float(rng.normal(14, 1)),
                "amplitude": float(rng.exponential(0.5)),
                "class": TYPES[int(probabilities.argmax())],
                "class_prob": float(probabilities.max()),
                "class_doubt": float(1.0 - probabilities.max() ** 2),
                "class_unlikeness": float(probabilities.min()),
                "n_events": 0,
            }
            row |= {f"prob_{name}": float(p) for name, p in zip(TYPES, probabilities, strict=True)}
        if status == "ok":
            row |= {
                "period": float(np.exp(rng.uniform(-2, 4))),
                "period_err": 1e-5,
                "period_fap": float(rng.uniform()),
                "period_flag": [None, "alias", "half"][int(rng.integers(3))],
                "t0": 2453000.0,
            }
            row |= {d.score: float(rng.exponential()) for d in DETECTORS}
            row |= {d.pvalue: float(rng.choice([0.001, 0.2, 0.7])) for d in DETECTORS}
            row["anomaly_pvalue"] = float(
                anomaly_pvalue([[row[d.pvalue] for d in DETECTORS]], [d.tells_kinds for d in DETECTORS])[0]
            )
            row["anomaly_reason"] = anomaly_reason(row, DETECTORS)
        rows.append(row)
    return rows


def event_rows(objects: list[dict[str, Any]], seed: int = 0) -> list[dict[str, Any]]:
    """Some events of those stars that are ok."""
    rng = np.random.default_rng(seed)
    rows = []
    for row in objects:
        for _ in range(int(rng.integers(0, 3)) if row["status"] == "ok" else 0):
            peak = float(rng.uniform(2452000, 2454000))
            rows.append(
                {
                    "object_id": row["object_id"],
                    "source": row["source"],
                    "detector": "statespace",
                    "band": "V",
                    "t_start": peak - 1,
                    "t_peak": peak,
                    "t_end": peak + 2,
                    "direction": str(rng.choice(["fade", "brighten"])),
                    "peak_sigma": float(rng.uniform(4, 9)),
                    "pvalue": 1e-4,
                }
            )
    return rows


def columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Rows turned into columns; None where a row has no such value."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [row.get(name) for row in rows] for name in names}
