from pathlib import Path

import pytest

from swope.flows.manifest import chunk_key, is_done, write_json


def test_the_key_changes_with_each_thing_that_makes_the_rows() -> None:
    base = ("digest", {"min_period": None}, {"classifier": "c-1"}, "0.1")
    others = [
        ("other", *base[1:]),
        (base[0], {"min_period": 0.1}, *base[2:]),
        (*base[:2], {"classifier": "c-2"}, base[3]),
        (*base[:3], "0.2"),
    ]
    keys = [chunk_key(*base), *(chunk_key(*other) for other in others)]  # type: ignore[arg-type]
    assert len(set(keys)) == 5
    assert chunk_key(*base) == keys[0]


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
