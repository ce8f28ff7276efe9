import numpy as np

from swope.models.classifier import ClassifierOptions
from swope.models.inputs import inputs_of
from tests.bench.random_search import drawn, shown
from tests.bench.search_classifier import SPACE, row, run
from tests.bench.training_set import Prepared
from tests.models.stars import made_star


def test_a_trial_is_the_same_however_many_there_are() -> None:
    base = ClassifierOptions(survey=True, epochs=3)
    assert drawn(base, SPACE, 1, 0) == base
    trials = [drawn(base, SPACE, 1, trial) for trial in range(1, 40)]
    assert trials == [drawn(base, SPACE, 1, trial) for trial in range(1, 40)]
    assert drawn(base, SPACE, 2, 1) != trials[0]
    assert len({str(shown(options, SPACE)) for options in trials}) == 39
    assert all(options.survey and options.epochs == 3 for options in trials)
    rates = np.array([options.learning_rate for options in trials])
    assert rates.min() > 4e-4
    assert rates.max() < 1.01e-2


def test_a_trial_is_judged_on_stars_it_did_not_learn_from() -> None:
    def prepared(seeds: range) -> Prepared:
        stars = [made_star(kind, seed, 60) for seed in seeds for kind in ("RRAB", "EA")]
        names = np.array([star.curve.object_id for star in stars])
        period = np.array([star.period.period for star in stars])
        labels = np.array([name.split("-")[0] for name in names])
        return Prepared(inputs_of(stars), names, labels, period, np.full(len(stars), np.nan))

    options = ClassifierOptions(members=1, trees=10, filters=(4,), hidden=8, batch=32, epochs=1, calibration_share=0.25)
    one = run(prepared(range(30)), prepared(range(50, 60)), options)
    assert 0.0 <= one["balanced"] <= 1.0
    assert one["log_loss"] > 0.0
    assert len(row(0, "made", one, options).splitlines()) == 1
