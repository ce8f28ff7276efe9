"""All of the real data at once, of two large tables a part, against an independent count of what lies there."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from swope.pipeline.ingest.store import Store, write_store
from tests.real_data import real_data

#: Folders of one star a file, with the files that hold no star: a sampler's chains, empty files, lists of labels.
FILES = {
    "asas_training": ("**/*.dat", 0),
    "ogle": ("**/*.dat", 0),
    "qso": ("**/*.dat", 5),
    "s82_rrlyrae/light_curves": ("*.csv", 0),
    "ztf_snia": ("**/*.csv", 0),
    "microlensing": ("**/*.*", 0),
}

#: Nested tables: a row a star.
NESTED = ("debosscher", "eros2_ogle", "ogle_lenses_2025")

#: The same, of which there is a row in so many.
LARGE, EVERY = ("asas_acvs", "catalina_south"), 6

#: Stars of the missions: quarters are joined, so that the files are more.
MISSIONS = {"kepler": 4, "k2": 5, "tess": 2}


@pytest.fixture(scope="module")
def thinned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every sixth row of the large tables."""
    folder = tmp_path_factory.mktemp("thinned")
    paths = {}
    for name in LARGE:
        whole = pq.read_table(real_data(f"{name}/light_curves.parquet"))
        paths[name] = folder / f"{name}.parquet"
        pq.write_table(whole.take(list(range(0, len(whole), EVERY))), paths[name])
    return paths


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, thinned: dict[str, Path]) -> Store:
    root = real_data("asas_acvs").parent
    sources = [root / name for name in (*NESTED, *FILES, *MISSIONS, "eros", "crts")]
    beside = [p for name in LARGE for p in (root / name).iterdir() if p.name != "light_curves.parquet"]
    return write_store([str(p) for p in (*sources, *beside, *thinned.values())], tmp_path_factory.mktemp("s") / "store")


def stars_below(store: Store, name: str) -> int:
    return sum(told.stars for source, told in store.sources.items() if f"/{name}/" in source)


@pytest.mark.parametrize("name", [*NESTED, *LARGE])
def test_each_row_of_a_nested_table_is_a_star_or_a_reason(store: Store, thinned: dict[str, Path], name: str) -> None:
    path = thinned.get(name) or real_data(f"{name}/light_curves.parquet")
    told = store.sources[path.as_posix()]
    assert told.stars + told.refused == pq.read_metadata(path).num_rows
    assert told.refused <= 1


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_a_star_or_a_reason(store: Store, name: str) -> None:
    pattern, no_stars = FILES[name]
    files = [p for p in real_data(name).glob(pattern) if p.name not in ("labels.csv", "README.txt")]
    assert stars_below(store, name) == len(files) - no_stars


@pytest.mark.parametrize("name", MISSIONS)
def test_the_missions_stars_are_each_one(store: Store, name: str) -> None:
    assert stars_below(store, name) == MISSIONS[name]


def test_the_long_table_and_the_table_of_lists_are_counted_row_by_row(store: Store) -> None:
    with open(real_data("crts/light_curves.csv")) as file:
        rows = Counter(row["ID"] for row in csv.DictReader(file))
    told = store.sources[real_data("crts/light_curves.csv").as_posix()]
    assert (told.stars, told.rows) == (len(rows), sum(rows.values()))
    with gzip.open(real_data("eros/light_curves.csv.gz"), "rt") as packed:
        count = sum(1 for _ in csv.reader(packed)) - 1
    assert stars_below(store, "eros") == count


def test_labels_and_readmes_are_refused_and_all_sources_are_told(store: Store) -> None:
    root = real_data("asas_acvs").parent
    named = {part for source in store.sources for part in source.split(";")}
    for name in (*NESTED, *FILES, *MISSIONS, "eros", "crts"):
        assert {p.as_posix() for p in (root / name).rglob("*") if p.is_file()} <= named
    labels = [told for source, told in store.sources.items() if Path(source).name in ("labels.csv", "README.txt")]
    assert labels
    assert all(told.stars == 0 and told.reasons for told in labels)
    assert all(told.taken_for or told.reasons for told in store.sources.values())
