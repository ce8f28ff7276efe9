"""A seeded share of the mutants of ``python -m tests.bench.mutants``, and what its runs have found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from swope.pipeline.clean import clean
from swope.pipeline.ingest import Refused
from swope.pipeline.lightcurve import LightCurve
from tests.bench import mutants
from tests.pipeline.ingest.reading import ingest

#: Mutants of the slow kinds (bombs, a million columns) are left to the bench.
BLIND, MEANT, SEED = 120, 80, 2026

N = 60


def outcome(tmp_path: Path, text: str) -> LightCurve | Refused:
    (tmp_path / "x.csv").write_text(text)
    curves, refused = ingest([tmp_path / "x.csv"], tmp_path / "s")
    assert len(curves) + len(refused) == 1
    return clean(curves[0]) if curves else refused[0]


def table(columns: dict[str, list[float] | list[str]]) -> str:
    rows = zip(*columns.values(), strict=True)
    return "\n".join([",".join(columns), *(",".join(map(str, row)) for row in rows)]) + "\n"


def star() -> dict[str, list[float] | list[str]]:
    mjd = 55000.0 + np.sort(np.random.default_rng(1).uniform(0, 300, N))
    return {"mjd": mjd.tolist(), "mag": (15 + 0.3 * np.sin(mjd)).tolist(), "mag_err": [0.02] * N}


@pytest.mark.parametrize("sort", ["blind", "meant"])
def test_a_share_of_the_mutants_breaks_nothing_and_is_read_rightly_or_not_at_all(sort: str) -> None:
    for number in range(BLIND if sort == "blind" else MEANT):
        found = mutants.examine(sort, number, SEED, light=True)
        # what a loaded machine is slow at is no fault here
        assert not found.fault or found.fault.startswith("took"), found


def test_a_time_of_day_is_not_the_time(tmp_path: Path) -> None:
    columns = star()
    hours = np.random.default_rng(2).uniform(0, 24, N).tolist()
    found = outcome(tmp_path, table({"Time": hours, **columns}))
    assert isinstance(found, LightCurve)
    assert found.clock.format == "mjd"
    assert not found.caution
    columns["when"] = columns.pop("mjd")
    found = outcome(tmp_path, table({"Time": hours, **columns}))
    assert isinstance(found, Refused) or "time of day" in found.caution


def test_the_error_of_a_magnitude_is_not_the_brightness(tmp_path: Path) -> None:
    columns = star()
    flux = [10 ** (-0.4 * (float(mag) - 22.5)) for mag in columns.pop("mag")]
    found = outcome(tmp_path, table({"mjd": columns["mjd"], "dmag": columns["mag_err"], "norm_flux": list(flux)}))
    assert isinstance(found, LightCurve)
    assert (found.kind, len(found.good)) == ("flux", N)
    assert np.median(found.good.value) == pytest.approx(np.median(flux))


@pytest.mark.parametrize("name", ["bad_phot", "badness", "isRejected_row", "dubious_obs"])
def test_a_column_that_may_flag_bad_rows_is_never_passed_over_in_silence(tmp_path: Path, name: str) -> None:
    columns = star()
    found = outcome(tmp_path, table({**columns, name: [float(i % 10 == 0) for i in range(N)]}))
    assert isinstance(found, LightCurve)
    assert len(found.good) < N or name in found.caution
