"""Archives: their light curves are read, and nothing else comes of them."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from swope.pipeline.ingest import unpack
from tests.pipeline.ingest.reading import ingest, one

STAR = "JD,mag,err\n" + "".join(f"{2455000.5 + t},{12 + t % 4 / 10},0.0{t % 3 + 1}\n" for t in range(9))


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


MEMBERS = {"a/one.csv": STAR.encode(), "b/two.csv": STAR.encode(), "README.txt": b"What was seen\nand when\n"}


@pytest.mark.parametrize(("make", "name"), [(zipped, "x.zip"), (tarred, "x.tar.gz"), (tarred, "x.tgz")])
def test_the_stars_of_an_archive_are_read(tmp_path: Path, make: object, name: str) -> None:
    path = make(tmp_path / name, MEMBERS)  # type: ignore[operator]
    for _ in range(2):
        curves, refused = ingest([path], tmp_path / "s")
        assert [curve.object_id for curve in curves] in (["one", "two"], ["two", "one"])
        assert sorted(curve.source for curve in curves) == [f"{path}/a/one.csv", f"{path}/b/two.csv"]
        assert [entry.source for entry in refused] == [f"{path}/README.txt"]
    assert not [p for p in (tmp_path / "s").rglob("*") if "unfinished" in p.name]


@pytest.mark.parametrize("make", [zipped, tarred])
def test_a_hostile_name_leads_nowhere(tmp_path: Path, make: object) -> None:
    names = ["../../evil.csv", "/etc/evil.csv", "a/../../evil.csv", "..\\evil.csv", "x\n\ny.csv", "." * 5 + "/z.csv"]
    before = {p for p in tmp_path.parent.rglob("*.csv") if "scratch" not in p.parts}
    path = make(tmp_path / ("x.zip" if make is zipped else "x.tgz"), dict.fromkeys(names, STAR.encode()))  # type: ignore[operator]
    curves, refused = ingest([path], tmp_path / "scratch")
    assert len(curves) + len(refused) >= len(names) - 1
    assert {p for p in tmp_path.parent.rglob("*.csv") if "scratch" not in p.parts} == before
    assert all(".." not in curve.source.split("x.")[1].split("/") and "\n" not in curve.source for curve in curves)


def test_links_and_devices_in_an_archive_are_left_out(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(STAR)
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for name, kind in (("link.csv", tarfile.SYMTYPE), ("hard.csv", tarfile.LNKTYPE), ("dev.csv", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, str(secret)
            archive.addfile(info)
        info = tarfile.TarInfo("star.csv")
        info.size = len(STAR)
        archive.addfile(info, io.BytesIO(STAR.encode()))
    assert one(tmp_path / "x.tar", tmp_path / "s").object_id == "star"


def test_a_bomb_and_a_broken_archive_are_reasons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "ALWAYS_BYTES", 2**20)
    bomb = zipped(tmp_path / "bomb.zip", {"zeros.csv": b"0" * (8 * 2**20)})
    broken = zipped(tmp_path / "broken.zip", MEMBERS)
    raw = bytearray(broken.read_bytes())
    raw[60:90] = bytes(30)
    broken.write_bytes(bytes(raw))
    empty = zipped(tmp_path / "empty.zip", {})
    nested = zipped(tmp_path / "nested.zip", {"inner.zip": bomb.read_bytes()})
    curves, refused = ingest([bomb, broken, empty, nested], tmp_path / "s")
    assert not curves
    reasons = {Path(entry.source).name: entry.reason for entry in refused}
    assert "unpacks to more than 50 times its size" in reasons["bomb.zip"]
    assert "could not be read" in reasons["broken.zip"]
    assert "holds no files" in reasons["empty.zip"]
    assert "within an archive" in reasons["inner.zip"]
    assert not [p for p in (tmp_path / "s").rglob("*") if "unfinished" in p.name]
