from pathlib import Path

import pytest

from swope.flows.manifest import chunk_key, is_done, write_json


def test_the_key_changes_with_each_thing_that_makes_the_rows() -> None:
    makers = {"models": {"classifier": "c-1"}, "versions": {"swope_code": "0a", "numpy": "2.4", "keras_backend": "jax"}}
    keys = {
        chunk_key("digest", {"min_period": None}, makers),
        chunk_key("other", {"min_period": None}, makers),
        chunk_key("digest", {"min_period": 0.1}, makers),
        chunk_key("digest", {"min_period": None}, makers | {"models": {"classifier": "c-2"}}),
        *(
            chunk_key("digest", {"min_period": None}, makers | {"versions": makers["versions"] | {name: "other"}})
            for name in makers["versions"]
        ),
    }
    assert len(keys) == 7
    assert chunk_key("digest", {"min_period": None}, makers) in keys


def test_a_folder_is_done_only_once_its_last_file_is_there(tmp_path: Path) -> None:
    (tmp_path / "done.json.part").write_text("{")
    assert not is_done(tmp_path)
    write_json(tmp_path / "done.json", {"ok": 3})
    assert is_done(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["done.json"]


def test_json_that_cannot_be_written_leaves_the_old_file_alone(tmp_path: Path) -> None:
    write_json(tmp_path / "run.json", {"a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "run.json", {"a": float("nan")})
    assert (tmp_path / "run.json").read_text() == '{\n "a": 1\n}\n'
