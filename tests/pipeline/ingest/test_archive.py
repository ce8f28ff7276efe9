"""The archive of the space missions, as lightkurve answers for it."""

from __future__ import annotations

import socket
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest

from swope.pipeline.ingest import IngestOptions, SourceError, archive, check_sources, plan
from swope.pipeline.ingest.archive import ArchiveError
from tests.pipeline.ingest.reading import ingest
from tests.pipeline.ingest.test_fits import mission_file

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import lightkurve


class Answer(list):  # type: ignore[type-arg]
    """What a search answers: things that can be downloaded, one by one."""


class Product:
    """One light curve in the archive."""

    def __init__(self, name: str, fails: bool = False) -> None:
        self.name, self.fails = name, fails

    def download(self, quality_bitmask: str, download_dir: str) -> SimpleNamespace:
        assert quality_bitmask == "none"
        if self.fails:
            raise ConnectionError("the line\nis dead")
        path = Path(download_dir) / "mastDownload" / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        mission_file(path, quarter=int(self.name[1]))
        return SimpleNamespace(meta={"FILENAME": str(path)})


def answers(monkeypatch: pytest.MonkeyPatch, *products: Product) -> list[str]:
    asked: list[str] = []

    def search(target: str, author: tuple[str, ...]) -> Answer:
        assert "SPOC" in author
        asked.append(target)
        return Answer(products)

    monkeypatch.setattr(lightkurve, "search_lightcurve", search)
    monkeypatch.setattr(archive, "check_archive", lambda: None)
    return asked


def test_a_target_becomes_its_files_and_these_one_star(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, Product("q4.fits"), Product("q3.fits"))
    curves, refused = ingest(["mast:KIC 8462852"], tmp_path)
    assert asked == ["KIC 8462852"]
    assert not refused
    assert [c.source for c in curves] == ["mast:KIC 8462852/q3.fits;mast:KIC 8462852/q4.fits"]
    assert curves[0].object_id == "KIC 8462852"


def test_an_empty_answer_a_silent_archive_and_a_broken_line_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch)
    with pytest.raises(SourceError, match="no light curve of 'Nowhere' by Kepler, K2, SPOC"):
        plan(["mast:Nowhere"], IngestOptions(), tmp_path)
    answers(monkeypatch, Product("q1.fits", fails=True))
    with pytest.raises(ArchiveError, match="light curve 1 of 1 of 'KIC 1': ConnectionError: the line is dead"):
        plan(["mast:KIC 1"], IngestOptions(), tmp_path)

    def silent(*_: object, **__: object) -> None:
        raise TimeoutError("read timed out")

    monkeypatch.setattr(lightkurve, "search_lightcurve", silent)
    with pytest.raises(ArchiveError, match="MAST did not answer for 'KIC 1': TimeoutError: read timed out"):
        plan(["mast:KIC 1"], IngestOptions(), tmp_path)
    with pytest.raises(SourceError, match="needs a target"):
        plan(["mast: "], IngestOptions(), tmp_path)


def test_beside_other_sources_a_silent_archive_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch)
    mission_file(tmp_path / "q1.fits", quarter=1)
    curves, refused = ingest(["mast:Nowhere", tmp_path / "q1.fits"], tmp_path / "s")
    assert len(curves) == 1
    assert [(r.source, r.reason[:30]) for r in refused] == [("mast:Nowhere", "the archive MAST has no light ")]


def test_what_was_fetched_is_not_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, Product("q3.fits"), Product("q4.fits", fails=True))
    with pytest.raises(ArchiveError):
        plan(["mast:KIC 1"], IngestOptions(), tmp_path)
    asked += answers(monkeypatch, Product("q3.fits"), Product("q4.fits"))
    first = plan(["mast:KIC 1"], IngestOptions(), tmp_path)
    assert first == plan(["mast:KIC 1"], IngestOptions(), tmp_path)
    assert first.n_inputs == 2
    assert asked == ["KIC 1"]


def test_without_a_network_it_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    for ask in (lambda: check_sources(["mast:KIC 1"]), lambda: plan(["mast:KIC 1"], IngestOptions(), tmp_path)):
        with pytest.raises(SourceError, match="there is no network here") as caught:
            ask()
        assert not isinstance(caught.value, ArchiveError)
    # with a proxy nobody knows before asking
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"https": "http://proxy:3128"})
    check_sources(["mast:KIC 1"])


def test_without_lightkurve_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(SourceError, match=r"pip install 'swope\[archive\]'"):
        plan(["mast:KIC 1"], IngestOptions(), tmp_path)
