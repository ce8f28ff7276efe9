"""The archive of the space missions, as lightkurve answers for it."""

from __future__ import annotations

import socket
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from astropy.table import Table
from astroquery.mast import Observations

from swope.pipeline.ingest import IngestOptions, SourceError, archive, check_sources, plan
from swope.pipeline.ingest.archive import ArchiveError
from swope.pipeline.ingest.store import write_store
from tests.pipeline.ingest.reading import ingest
from tests.pipeline.ingest.test_fits import mission_file


class Mast:
    """What MAST answers, in the columns that it answers with: one star of three pipelines' sectors and cadences."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.fetched: list[str] = []
        self.fails = 0
        self.silent = False

    def query_criteria(self, **criteria: Any) -> Table:
        """The observations that fit."""
        self.asked.append(criteria)
        if self.silent:
            raise TimeoutError("read timed out")
        kinds = [("SPOC", 120.0, "lc"), ("SPOC", 20.0, "fast-lc"), ("QLP", 1800.0, "llc")]
        rows = [
            (f"tess{i}-{end}", "TESS", "TESS", author, "1", exptime, i, "timeseries", 58300.0 + 27 * i)
            for i, (author, exptime, end) in enumerate(kinds, start=1)
            if author in criteria["provenance_name"] and criteria.get("target_name") == "1"
        ]
        names = ["obs_id", "obs_collection", "project", "provenance_name", "target_name", "t_exptime"]
        names += ["sequence_number", "dataproduct_type", "t_min"]
        return Table(Table(rows=rows, names=names) if rows else Table(names=[*names, "distance"]), masked=True)

    def get_product_list(self, observations: Table) -> Table:
        """A file an observation."""
        ids = [str(one) for one in observations["obs_id"]]
        uris = [f"mast:TESS/product/{one}.fits" for one in ids]
        columns = {"obs_id": ids, "productFilename": [f"{one}.fits" for one in ids], "dataURI": uris}
        return Table({**columns, "description": ["Light curves"] * len(ids)})

    def download_products(self, rows: Table, download_dir: str, **_: object) -> Table:
        """One file, or the word that it could not be had."""
        row = rows[0]
        self.fetched.append(str(row["productFilename"]))
        if self.fails:
            self.fails -= 1
            return Table({"Local Path": [""], "Status": ["ERROR"], "Message": ["503 Service\nUnavailable"]})
        path = Path(download_dir, "mastDownload", row["obs_collection"], row["obs_id"], row["productFilename"])
        path.parent.mkdir(parents=True, exist_ok=True)
        mission_file(path, quarter=int(row["obs_id"][4]))
        return Table({"Local Path": [str(path)], "Status": ["COMPLETE"], "Message": [""]})


@pytest.fixture
def mast(monkeypatch: pytest.MonkeyPatch) -> Mast:
    """The archive, as astroquery and lightkurve would find it."""
    answering = Mast()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lightkurve import search_lightcurve
    search_lightcurve.cache_clear()  # it remembers what was answered, and other tests ask the same
    for name in ("query_criteria", "get_product_list", "download_products"):
        monkeypatch.setattr(Observations, name, getattr(answering, name))
    monkeypatch.setattr(archive, "check_archive", lambda: None)
    return answering


def test_a_target_becomes_its_files_and_these_one_star(tmp_path: Path, mast: Mast) -> None:
    curves, refused = ingest(["mast:TIC 1"], tmp_path)
    assert not refused
    assert [c.source for c in curves] == ["mast:TIC 1/tess1-lc.fits;mast:TIC 1/tess2-fast-lc.fits"]
    assert curves[0].object_id == "KIC 8462852"
    assert mast.asked[0]["provenance_name"] == list(archive.AUTHORS)


@pytest.mark.parametrize(
    ("words", "files"),
    [
        ("", ["tess2-fast-lc.fits", "tess1-lc.fits"]),
        (", cadence=short", ["tess1-lc.fits"]),
        (", cadence=20", ["tess2-fast-lc.fits"]),
        (", author=QLP", ["tess3-llc.fits"]),
        (", author=SPOC/QLP, cadence=long", ["tess3-llc.fits"]),
    ],
)
def test_author_and_cadence_may_be_chosen(tmp_path: Path, mast: Mast, words: str, files: list[str]) -> None:
    found = [name for _, name in archive.download(f"TIC 1{words}", tmp_path)]
    assert sorted(found) == sorted(f"mast:TIC 1{words}/{name}" for name in files)
    list(archive.download(f"TIC 1{words}", tmp_path))
    assert sorted(mast.fetched) == sorted(files)
    assert len(mast.asked) == 1
    # a file that was taken away is fetched again, the others are not
    next(tmp_path.rglob("*.fits")).unlink()
    list(archive.download(f"TIC 1{words}", tmp_path))
    assert len(mast.fetched) == len(files) + 1


def test_a_download_that_broke_off_goes_on_where_it_was(tmp_path: Path, mast: Mast) -> None:
    mast.fails = 1
    with pytest.raises(
        ArchiveError, match=r"light curve 1 of 2 of 'TIC 1': .* not sent \(ERROR: 503 Service Unavailable"
    ):
        plan(["mast:TIC 1"], IngestOptions(), tmp_path)
    first = plan(["mast:TIC 1"], IngestOptions(), tmp_path)
    assert first == plan(["mast:TIC 1"], IngestOptions(), tmp_path)
    assert first.n_inputs == 2
    assert len(mast.fetched) == 3


@pytest.mark.usefixtures("mast")
def test_what_the_archive_does_not_have_and_what_is_not_understood_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no light curve of 'TIC 1' by SPOC of cadence long"):
        plan(["mast:TIC 1, author=SPOC, cadence=long"], IngestOptions(), tmp_path)
    with pytest.raises(SourceError, match="no light curve of 'TIC 2' by Kepler, K2, SPOC"):
        plan(["mast:TIC 2"], IngestOptions(), tmp_path)
    with pytest.raises(SourceError, match="needs a target"):
        plan(["mast: "], IngestOptions(), tmp_path)
    for wrong in ("author=", "autor=SPOC", "cadence=slow", "cadence=-5", "cadence=20, cadence=120", "SPOC"):
        with pytest.raises(SourceError, match="archive query"):
            check_sources([f"mast:TIC 1, {wrong}"])


def test_a_silent_archive_is_worth_another_try_and_beside_other_sources_a_reason(tmp_path: Path, mast: Mast) -> None:
    mast.silent = True
    with pytest.raises(ArchiveError, match="MAST did not answer for 'TIC 1': TimeoutError: read timed out"):
        plan(["mast:TIC 1"], IngestOptions(), tmp_path)
    mission_file(tmp_path / "q1.fits", quarter=1)
    curves, refused = ingest(["mast:TIC 1", tmp_path / "q1.fits"], tmp_path / "s")
    assert len(curves) == 1
    assert [(r.source, r.reason[:27]) for r in refused] == [("mast:TIC 1", "the archive MAST did not an")]


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


@pytest.mark.parametrize(("fails", "fetched"), [(0, 2), (3, 5), (4, 6)])
def test_a_store_waits_longer_and_longer_for_the_archive(
    tmp_path: Path, mast: Mast, monkeypatch: pytest.MonkeyPatch, fails: int, fetched: int
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(archive, "fetch", partial(archive.fetch, wait=waited.append))
    mast.fails = fails
    store = write_store(["mast:TIC 1"], tmp_path / "store")
    assert (store.stars, store.refused) == (1, 0)
    assert len(mast.fetched) == fetched
    assert len(waited) == fails
    assert all(least <= one <= 1.5 * least for least, one in zip(archive.DELAYS, waited, strict=False))


def test_a_store_says_when_the_archive_never_answers_and_asks_nobody_twice_for_what_is_not_there(
    tmp_path: Path, mast: Mast, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(archive, "fetch", partial(archive.fetch, wait=waited.append))
    with pytest.raises(SourceError, match="no light curve of 'TIC 2'"):
        write_store(["mast:TIC 2"], tmp_path / "none")
    assert not waited
    mast.silent = True
    with pytest.raises(ArchiveError, match="did not answer"):
        write_store(["mast:TIC 1"], tmp_path / "silent")
    assert len(waited) == len(archive.DELAYS)
