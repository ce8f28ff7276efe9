import numpy as np

from swope.models.classifier.training import augmented
from swope.models.inputs import inputs_of, sigma_of
from tests.models.stars import made_star


def test_folds_are_turned_and_their_errors_wrongly_stated() -> None:
    inputs = inputs_of([made_star("RRAB", 1, 200)])
    folds, course = (np.repeat(tensor, 400, axis=0) for tensor in (inputs.folds, inputs.course))
    seen, later, other = augmented([folds.copy(), course.copy(), folds[:, 0, :, 0]], np.random.default_rng(1))
    np.testing.assert_array_equal(other, folds[:, 0, :, 0])
    np.testing.assert_array_equal(later[..., 2], course[..., 2])
    # a turn moves the number of points of each bin, and changes none
    np.testing.assert_array_equal(np.sort(seen[..., 2], axis=2), np.sort(folds[..., 2], axis=2))
    assert not (seen[..., 2] == folds[..., 2]).all(axis=2).any(axis=1).all()
    # all errors of a star are off by one factor: stated up to 1.41 times too large or too small, or true of more noise
    factor = np.sort(sigma_of(seen), axis=2) / np.sort(sigma_of(folds), axis=2)
    np.testing.assert_allclose(factor, np.broadcast_to(factor[:, :1, :1], factor.shape), rtol=1e-4)
    assert 0.7 < factor.min() < 0.72
    assert 1.4 < factor.max() < 1.42 * np.hypot(1.0, 0.7)
    # the course is the same star's
    np.testing.assert_allclose(sigma_of(later)[:, 0] / sigma_of(course)[:, 0], factor[:, 0, 0], rtol=1e-4)


def test_noise_is_of_the_size_of_the_errors() -> None:
    folds = np.zeros((4000, 3, 64, 3), dtype=np.float32)
    folds[..., 1] = np.log2(0.1) / 4.0
    seen, _ = augmented([folds.copy(), folds[:, 0].copy()], np.random.default_rng(2))
    spread = seen[..., 0].std(axis=(1, 2))
    assert abs(np.mean(spread < 1e-6) - 0.5) < 0.05
    # uniform up to 0.7 of the errors: a mean square of a third of that
    np.testing.assert_allclose(np.mean(spread[spread > 1e-6] ** 2), (0.7 * 0.1) ** 2 / 3, rtol=0.06)


def test_a_star_without_a_period_stays_empty() -> None:
    inputs = inputs_of([made_star("CST", 1, 60)])
    folds, course = augmented([inputs.folds.copy(), inputs.course.copy()], np.random.default_rng(3))
    assert not np.any(folds)
    assert np.any(course)
