"""What counts otherwise where there are few points."""

import numpy as np
import pytest

from swope.pipeline.clean import clean
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period.nominate import FEW_POINTS
from swope.pipeline.period.rule import features, few_names, fewness, probabilities
from swope.pipeline.period.search import Search, search
from swope.pipeline.period.weights import FEW_WEIGHTS, WEIGHTS
from tests.pipeline.period.curves import saw


def found(n: int) -> Search:
    rng = np.random.default_rng(n)
    time = np.sort(rng.uniform(0.0, 900.0, n))
    value = 15.0 + 0.4 * saw(time / 0.5713 % 1.0) + rng.normal(0.0, 0.02, n)
    one = search(clean(LightCurve.of("star", time, value, np.full(n, 0.02))))
    assert not isinstance(one, str)
    return one


def test_few_points_are_judged_by_further_weights_of_known_features() -> None:
    few = found(40)
    columns = features(few.candidates, few.sample)
    assert list(FEW_WEIGHTS) == few_names(columns)
    assert set(FEW_WEIGHTS) < set(WEIGHTS)
    # how common a period is hangs on no number of points
    assert not any(name.startswith(("period_", "once_0", "twice_0")) for name in FEW_WEIGHTS)
    assert fewness(few.sample) == pytest.approx(np.log(FEW_POINTS / 40))


def test_enough_points_are_judged_as_all_stars_are(monkeypatch: pytest.MonkeyPatch) -> None:
    few, enough = found(40), found(FEW_POINTS)
    before = [probabilities(one.candidates, one.sample) for one in (few, enough)]
    monkeypatch.setattr("swope.pipeline.period.rule.FEW_WEIGHTS", dict.fromkeys(FEW_WEIGHTS, 0.0))
    after = [probabilities(one.candidates, one.sample) for one in (few, enough)]
    assert not np.allclose(before[0], after[0])
    np.testing.assert_array_equal(before[1], after[1])
    assert fewness(enough.sample) == 0.0
