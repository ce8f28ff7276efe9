import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from swope.models import weights as module
from swope.models.weights import PRETRAINED, Weights, holds_model, load, network_arrays, save
from tests.killing import Killed, killed_at


@pytest.fixture
def weights() -> Weights:
    rng = np.random.default_rng(0)
    arrays = network_arrays([rng.normal(size=(3, 2)), np.arange(12.0)]) | {"null": rng.normal(size=5)}
    return Weights("classifier", {"types": ["EA", "EW"], "temperature": 1.25}, arrays, "# A card\n")


def test_what_was_saved_is_loaded(weights: Weights, tmp_path: Path) -> None:
    save(weights, tmp_path)
    back = load(tmp_path, "classifier")
    assert back.model_id == weights.model_id
    assert back.settings == weights.settings
    assert back.card == weights.card
    for ours, theirs in zip(weights.network(), back.network(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(weights.arrays["null"], back.arrays["null"])


def test_saving_twice_gives_the_same_bytes(weights: Weights, tmp_path: Path) -> None:
    save(weights, tmp_path / "a")
    save(weights, tmp_path / "b")
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_network_weights_keep_their_order_beyond_ten() -> None:
    many = [np.full(1, float(i)) for i in range(25)]
    kept = Weights("x", {}, network_arrays(many), "").network()
    assert [float(array[0]) for array in kept] == [float(i) for i in range(25)]


def test_the_model_id_follows_all_that_is_computed_with(weights: Weights) -> None:
    other = Weights(weights.kind, {**weights.settings, "temperature": 1.5}, weights.arrays, weights.card)
    arrays = {**weights.arrays, "null": weights.arrays["null"] + 1e-9}
    assert len({weights.model_id, other.model_id, Weights(weights.kind, weights.settings, arrays, "").model_id}) == 3
    assert Weights(weights.kind, weights.settings, weights.arrays, "another card").model_id == weights.model_id


def test_a_damaged_or_missing_model_is_refused(weights: Weights, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no model"):
        load(tmp_path, "classifier")
    save(weights, tmp_path)
    with pytest.raises(ValueError, match="holds a classifier, not a forecaster"):
        load(tmp_path, "forecaster")
    arrays = tmp_path / "arrays.npz"
    arrays.write_bytes(arrays.read_bytes()[:-1] + b"x")
    with pytest.raises(ValueError, match="not the file that was saved"):
        load(tmp_path, "classifier")
    arrays.unlink()
    with pytest.raises(ValueError, match="missing"):
        load(tmp_path, "classifier")
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(ValueError, match="not JSON"):
        load(tmp_path, "classifier")
    (tmp_path / "model.json").write_bytes(b"\xe5\xff\x00")
    with pytest.raises(ValueError, match=r"model\.json is not JSON"):
        load(tmp_path, "classifier")
    for text in ("[]", '{"kind": "classifier"}'):
        (tmp_path / "model.json").write_text(text)
        with pytest.raises(ValueError, match="train or install it again"):
            load(tmp_path, "classifier")
    (tmp_path / "model.json").write_text("")
    with pytest.raises(ValueError, match="not JSON"):
        load(tmp_path, "classifier")


def test_a_save_that_is_killed_at_any_step_leaves_the_old_model_or_the_new(
    weights: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    better = Weights(weights.kind, weights.settings, {"null": np.ones(3)}, "# A better card\n")
    cards = {weights.model_id: weights.card, better.model_id: better.card}
    seen = []
    for step in range(100):
        folder = tmp_path / str(step)
        save(weights, folder)
        with monkeypatch.context() as patched:
            count = killed_at(step, patched)
            with suppress(Killed):
                save(better, folder)
            whole = count[0] <= step
        assert holds_model(folder)
        found = load(folder, "classifier")
        assert cards[found.model_id] == found.card
        seen.append(found.model_id)
        save(better, folder)
        assert load(folder, "classifier").model_id == better.model_id
        if whole:
            break
    assert seen[0] == weights.model_id
    assert seen[-1] == better.model_id
    # from one step on it is the new one
    assert seen == sorted(seen, key=[weights.model_id, better.model_id].index)


def test_a_first_save_that_is_killed_leaves_no_model(
    weights: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        killed_at(3, patched)
        with suppress(Killed):
            save(weights, tmp_path)
    assert any(tmp_path.iterdir())
    assert not holds_model(tmp_path)


def test_a_model_that_is_saved_while_it_is_loaded_is_the_one_or_the_other(
    weights: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    better = Weights(weights.kind, weights.settings, {"null": np.ones(3)}, "# A better card\n")
    save(weights, tmp_path)
    real = module._sha256

    def late(path: Path) -> str:
        monkeypatch.setattr(module, "_sha256", real)
        save(better, tmp_path)
        return real(path)

    monkeypatch.setattr(module, "_sha256", late)
    found = load(tmp_path, "classifier")
    assert (found.model_id, found.card) == (better.model_id, better.card)


def test_no_array_is_ever_unpickled(weights: Weights, tmp_path: Path) -> None:
    save(weights, tmp_path)
    manifest = json.loads((tmp_path / "model.json").read_text())
    np.savez_compressed(tmp_path / "arrays.npz", evil=np.array([{"a": 1}], dtype=object))
    import hashlib

    manifest["sha256"] = hashlib.sha256((tmp_path / "arrays.npz").read_bytes()).hexdigest()
    (tmp_path / "model.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="allow_pickle"):
        load(tmp_path, "classifier")


@pytest.mark.parametrize("kind", ["classifier", "autoencoder"])
def test_shipped_models_are_whole_and_have_a_card(kind: str) -> None:
    kept = load(PRETRAINED / kind, kind)
    assert json.loads((PRETRAINED / kind / "model.json").read_text())["model_id"] == kept.model_id
    assert len(kept.card) > 500


def test_shipped_weights_are_small_together() -> None:
    assert sum(file.stat().st_size for file in PRETRAINED.rglob("*") if file.is_file()) < 10_000_000
