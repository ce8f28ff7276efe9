import shutil
from pathlib import Path

import pytest

from swope.flows import makers
from swope.flows.makers import Makers, code_hash, versions
from tests.flows.test_own_detector import install


def test_the_hash_of_the_code_follows_every_byte_of_code_and_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in makers._ROOMS:
        shutil.copytree(room, tmp_path / room.name)
    monkeypatch.setattr(makers, "_ROOMS", tuple(tmp_path / room.name for room in makers._ROOMS))
    before = code_hash.__wrapped__()
    assert before == code_hash()
    # what an editor, Python or numba leave beside the code
    (tmp_path / "flows" / "chunk.pyc").write_bytes(b"x")
    assert code_hash.__wrapped__() == before
    seen = {before}
    for name in ("pipeline/period/search.py", "models/pretrained/classifier/arrays.npz", "flows/rows.py"):
        path = tmp_path / name
        path.write_bytes(path.read_bytes() + b"\n")
        seen.add(code_hash.__wrapped__())
    (tmp_path / "pipeline" / "new.py").touch()
    seen.add(code_hash.__wrapped__())
    assert len(seen) == 5


def test_versions_name_code_and_packages_and_makers_the_backend() -> None:
    assert {"python", "swope", "swope_code", "numpy", "scipy", "numba", "keras"} <= set(versions())
    assert Makers.without_models() == Makers({}, versions())
    made = Makers.of(None)
    assert made.versions["keras_backend"] in ("tensorflow", "jax", "torch")
    assert set(made.models) == {"forecaster", "statespace", "autoencoder", "classifier"}


def test_a_detector_of_ones_own_is_named_by_version_and_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    before = versions()
    assert before["detector toy"].startswith("1.0 ")
    with (tmp_path / "site" / "toy_detector.py").open("a") as file:
        file.write("\n# other code, the same version\n")
    assert versions()["detector toy"] != before["detector toy"]
    assert {name for name, said in versions().items() if said != before[name]} == {"detector toy"}


def test_models_that_cannot_be_loaded_are_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_folder: object) -> None:
        raise KeyError("network/003")

    monkeypatch.setattr(makers, "model_ids", broken)
    with pytest.raises(ValueError, match="the models in out/models cannot be loaded: KeyError: 'network/003'"):
        Makers.of("out/models")


def test_nothing_that_a_number_may_follow_from_is_left_out() -> None:
    # what a page looks like, and what a person reads
    shown = {".css", ".js", ".html", ".md"}
    files = (path for room in makers._ROOMS for path in room.rglob("*") if path.is_file())
    there = {path.suffix for path in files if path.parent.name != "__pycache__"}
    assert there - shown == set(makers._TELLING)
