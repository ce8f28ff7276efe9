import numpy as np
import pytest

from tests.bench.backends import OWN, SAME, asked, difference


@pytest.fixture(scope="module")
def tensorflow(tmp_path_factory):
    return asked("tensorflow", tmp_path_factory.mktemp("backends") / "tensorflow.npz", 24, "cpu", timed=False)


@pytest.mark.parametrize("backend", [OWN, "jax", "torch"])
def test_another_backend_says_the_same(tensorflow, backend, tmp_path):
    if backend != OWN:
        pytest.importorskip(backend)
    other = asked(backend, tmp_path / "other.npz", 24, "cpu", timed=False)
    assert other["backend"] == backend
    assert max(difference(tensorflow, other).values()) < SAME


def test_a_difference_is_seen(tensorflow):
    assert set(difference(tensorflow, tensorflow).values()) == {0.0}
    moved = tensorflow | {"probabilities": tensorflow["probabilities"] + 0.001}
    assert difference(tensorflow, moved)["probabilities"] == pytest.approx(0.001)
    silent = tensorflow | {"forecasts": np.full_like(tensorflow["forecasts"], np.nan)}
    with pytest.raises(ValueError, match="answer different stars: forecasts"):
        difference(tensorflow, silent)
