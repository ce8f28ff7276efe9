from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from swope.pipeline.catalog.schema import events_table, objects_table
from swope.pipeline.catalog.store import count_statuses, merge, refill, replacing, write_parquet
from swope.pipeline.column import FLOAT, Column, DetectorColumns, detectors_of
from swope.pipeline.demote import FLAGS, demoted, placed
from swope.pipeline.rank import NOTABLE_PVALUE, novelty, ranking_pvalue
from swope.pipeline.unfamiliar import LEAST_STARS, MOST_OF_A_RUN
from tests.pipeline.catalog.rows import DETECTORS, TYPES, columns, event_rows, object_rows


def write_parts(folder, objects, events, n_parts, seed=0):
    """Deal rows out to parts at random, as chunks do."""
    rng = np.random.default_rng(seed)
    place = rng.integers(n_parts, size=len(objects))
    names = {(row["object_id"], row["source"]): int(i) for row, i in zip(objects, place, strict=True)}
    paths = ([], [])
    for part in range(n_parts):
        some = [row for row, i in zip(objects, place, strict=True) if i == part]
        found = [row for row in events if names[row["object_id"], row["source"]] == part]
        for kind, table in ((0, objects_table(columns(some), DETECTORS)), (1, events_table(columns(found)))):
            paths[kind].append(folder / f"{part:03d}-{kind}.parquet")
            write_parquet(table, paths[kind][-1])
    return paths


def test_same_table_same_bytes(tmp_path):
    table = objects_table(columns(object_rows(50)), DETECTORS, TYPES)
    write_parquet(table, tmp_path / "a.parquet")
    write_parquet(objects_table(columns(object_rows(50)), DETECTORS, TYPES), tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert pq.read_table(tmp_path / "a.parquet").equals(table, check_metadata=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parquet", "b.parquet"]


def test_pandas_reads_it(tmp_path):
    write_parquet(objects_table(columns(object_rows(5)), DETECTORS), tmp_path / "a.parquet")
    frame = pd.read_parquet(tmp_path / "a.parquet")
    assert frame["object_id"].tolist() == [f"star {i:04d}" for i in range(5)]


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def killed():
        with replacing(path) as temporary:
            temporary.write_text("new")
            raise RuntimeError("killed on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        killed()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 60), st.integers(1, 5), st.integers(1, 80), st.integers(0, 3))
def test_merge_is_the_same_however_the_rows_are_dealt(tmp_path_factory, n, n_parts, batch, seed):
    tmp_path = tmp_path_factory.mktemp("merge")
    objects = object_rows(n, seed)
    events = event_rows(objects, seed)
    for run, (parts, limit) in {"a": (n_parts, batch), "b": (1, 10_000)}.items():
        folder = tmp_path / f"parts-{run}"
        folder.mkdir()
        merge(*write_parts(folder, objects, events, parts, seed), tmp_path / run, limit)
    for name in ("objects.parquet", "events.parquet"):
        assert pq.read_table(tmp_path / "a" / name).equals(pq.read_table(tmp_path / "b" / name), check_metadata=True)
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["events.parquet", "objects.parquet"]


def test_merge_does_not_depend_on_the_order_of_parts(tmp_path):
    objects = object_rows(80)
    parts, found = write_parts(tmp_path, objects, event_rows(objects), 4)
    merge(parts, found, tmp_path / "a")
    merge(parts[::-1], found[::-1], tmp_path / "b")
    for name in ("objects.parquet", "events.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_merge_fills_what_needs_the_whole_catalog(tmp_path):
    objects = object_rows(60)
    events = event_rows(objects)
    merge(*write_parts(tmp_path, objects, events, 3), tmp_path / "run", batch=7)
    frame = pd.read_parquet(tmp_path / "run" / "objects.parquet").set_index("object_id")
    assert frame.index.tolist() == sorted(row["object_id"] for row in objects)
    ok = frame[frame["status"] == "ok"]
    assert sorted(ok["anomaly_rank"]) == list(range(1, len(ok) + 1))
    pvalues = ok[[one.pvalue for one in DETECTORS]].to_numpy()
    kinds = [one.tells_kinds for one in DETECTORS]
    least = pd.DataFrame(events).groupby("object_id")["pvalue"].min().reindex(ok.index).to_numpy()
    combined = ranking_pvalue(pvalues, kinds, ok["class_doubt"].to_numpy(), least)
    flag = ok["anomaly_flag"].where(ok["anomaly_flag"].notna(), None)
    pvalue = demoted(combined, flag)
    assert (np.diff(pvalue[np.argsort(ok["anomaly_rank"])]) >= 0).all()
    assert set(ok["anomaly_flag"].dropna()) == {"few_points", "wrong_period"}
    assert sorted(ok["novelty_rank"]) == list(range(1, len(ok) + 1))
    novel = novelty([ok["autoencoder_score"].to_numpy()], ok["class_doubt"].to_numpy())
    assert (np.diff(novel[np.argsort(ok["novelty_rank"])]) <= 1e-12).all()
    assert ok["anomaly_fdr"].to_numpy() == pytest.approx(false_discovery_control(placed(combined, flag)), rel=1e-6)
    rest = frame[frame["status"] != "ok"]
    assert rest[["anomaly_fdr", "anomaly_rank", "novelty_rank"]].isna().all(axis=None)


def test_merge_ranks_a_star_as_it_would_be_without_lone_points(tmp_path):
    objects = [row for row in object_rows(60) if row["status"] == "ok"]
    first = min(objects, key=lambda row: row["anomaly_pvalue"])
    runs = {}
    for name, without in {"none": None, "same": first["anomaly_pvalue"], "ordinary": 0.9}.items():
        rows = [row | {"confirmed_pvalue": without if row is first else None, "n_obs": 100} for row in objects]
        (tmp_path / name).mkdir()
        merge(*write_parts(tmp_path / name, rows, [], 2), tmp_path / name / "run")
        runs[name] = pd.read_parquet(tmp_path / name / "run" / "objects.parquet").set_index("object_id")
    assert runs["none"]["anomaly_rank"].equals(runs["same"]["anomaly_rank"])
    rank = {name: run.loc[first["object_id"], "anomaly_rank"] for name, run in runs.items()}
    assert rank["ordinary"] > len(objects) / 2 > rank["none"]
    assert runs["ordinary"].loc[first["object_id"], "anomaly_pvalue"] == first["anomaly_pvalue"]


def test_merge_doubts_no_period_of_a_star_that_walks(tmp_path):
    walk = [Column(name, FLOAT, "", "meta.main", "of the walk") for name in ("drw_tau", "drw_sigma")]
    detectors = (DETECTORS[0], replace(DETECTORS[1], own=(*DETECTORS[1].own, *walk)), DETECTORS[2])
    objects = [row | {"n_obs": 100, "amplitude": 1.0} for row in object_rows(60) if row["status"] == "ok"]
    found = []
    for sigma in (0.05, 0.4):
        (folder := tmp_path / str(sigma)).mkdir()
        rows = [row | {"drw_tau": 200.0, "drw_sigma": sigma} for row in objects]
        write_parquet(objects_table(columns(rows), detectors), folder / "objects.parquet")
        merge([folder / "objects.parquet"], [], folder / "run")
        found.append(set(pd.read_parquet(folder / "run" / "objects.parquet")["anomaly_flag"].dropna()))
    assert found == [{"wrong_period"}, set()]


def test_merge_leaves_what_each_star_said_of_itself(tmp_path):
    objects = object_rows(60)
    merge(*write_parts(tmp_path, objects, event_rows(objects), 3), tmp_path / "run", batch=7)
    merged = {row["object_id"]: row for row in pq.read_table(tmp_path / "run" / "objects.parquet").to_pylist()}
    for row in objects_table(columns(objects), DETECTORS, TYPES).to_pylist():
        found = merged[row["object_id"]]
        filled = ("anomaly_fdr", "anomaly_rank", "novelty_rank", "anomaly_flag", "anomaly_reason", "class_flag")
        assert found == row | {name: found[name] for name in filled}
        strange = row["anomaly_pvalue"] is not None and row["anomaly_pvalue"] < NOTABLE_PVALUE
        words = FLAGS[found["anomaly_flag"]] if found["anomaly_flag"] and strange else None
        assert found["anomaly_reason"] == (f"{row['anomaly_reason']} {words}" if words else row["anomaly_reason"])


@pytest.mark.parametrize("n", [20, 400])
def test_merge_says_which_stars_are_unfamiliar_in_their_run(tmp_path, n):
    rng = np.random.default_rng(1)
    objects = object_rows(n)
    for row in objects:
        if "class" in row:
            row["class_unlikeness"] = float(rng.uniform(0.5, 1.5))
            row["class_flag"] = [None, None, "uncertain", "unfamiliar"][int(rng.integers(4))]
    merge(*write_parts(tmp_path, objects, event_rows(objects), 3), tmp_path / "run", batch=7)
    frame = pd.read_parquet(tmp_path / "run" / "objects.parquet").set_index("object_id")
    said = pd.DataFrame(objects).set_index("object_id").loc[frame.index]
    unlikeness = frame["class_unlikeness"]
    uncertain = frame["class_flag"] == "uncertain"
    assert (uncertain == (said["class_flag"] == "uncertain")).all()
    limit = max(1.0, unlikeness.quantile(1.0 - MOST_OF_A_RUN)) if unlikeness.notna().sum() >= LEAST_STARS else 1.0
    assert ((frame["class_flag"] == "unfamiliar") == (unlikeness > limit) & ~uncertain).all()
    # and what is merged again, alone or as a night renews it, says the same
    merge([tmp_path / "run" / "objects.parquet"], [tmp_path / "run" / "events.parquet"], tmp_path / "again")
    again = pd.read_parquet(tmp_path / "again" / "objects.parquet").set_index("object_id")
    pd.testing.assert_series_equal(again["class_flag"], frame["class_flag"])


def test_merge_leaves_the_flag_of_a_part_that_says_nothing_of_likeness(tmp_path):
    given = {"object_id": ["a", "b"], "status": ["ok"] * 2, "class_flag": ["unfamiliar", None]}
    write_parquet(objects_table(given), tmp_path / "part.parquet")
    merge([tmp_path / "part.parquet"], [], tmp_path / "run")
    assert pq.read_table(tmp_path / "run" / "objects.parquet")["class_flag"].to_pylist() == ["unfamiliar", None]


def test_a_detector_of_ones_own_ranks_and_stays_described(tmp_path):
    glow = Column("toy_glow", FLOAT, "d", "time.scale", "how long it glows")
    toy = DetectorColumns("toy", "the toy", (glow,), {"dim": "It is dim."}, tells_kinds=True)
    given = {"object_id": ["a", "b", "c"], "status": ["ok"] * 3, "anomaly_pvalue": [0.5] * 3, "class_doubt": [0.1] * 3}
    table = objects_table({**given, "toy_score": [1.0, 3.0, 2.0], "toy_glow": [7.0, None, 8.0]}, (toy,))
    write_parquet(table, tmp_path / "part.parquet")
    write_parquet(events_table({}), tmp_path / "none.parquet")
    merge([tmp_path / "part.parquet"], [tmp_path / "none.parquet"], tmp_path / "run")
    found = pq.read_table(tmp_path / "run" / "objects.parquet")
    assert detectors_of(found.schema) == (toy,)
    assert found["anomaly_rank"].to_pylist() == found["novelty_rank"].to_pylist() == [3, 1, 2]
    assert found["toy_glow"].to_pylist() == [7.0, None, 8.0]
    assert found.schema.field("toy_glow").metadata == glow.field.metadata


def test_without_a_detector_that_tells_kinds_nothing_is_novel(tmp_path):
    table = objects_table({"object_id": ["a"], "status": ["ok"], "forecaster_score": [1.0]}, DETECTORS[:1])
    write_parquet(table, tmp_path / "part.parquet")
    merge([tmp_path / "part.parquet"], [], tmp_path / "run")
    assert pq.read_table(tmp_path / "run" / "objects.parquet")["novelty_rank"].to_pylist() == [None]


@pytest.mark.parametrize("batch", [1, 100])
def test_stars_of_one_name_from_two_sources_keep_their_events(tmp_path, batch):
    # by name alone, the events of one went to the other's row
    first, other = ({"object_id": "1", "source": source, "status": "ok"} for source in ("a.csv", "b.csv"))
    event = event_rows(object_rows(60))[0] | {"object_id": "1"}
    objects = [first | {"n_events": 1, "n_obs": 10}, other | {"n_events": 2, "n_obs": 10}]
    events = [
        event | {"source": "a.csv", "t_start": 1.0},
        *(event | {"source": "b.csv", "t_start": t} for t in (0.0, 2)),
    ]
    merge(*write_parts(tmp_path, objects, events, 2), tmp_path / "run", batch)
    stars, found = (
        pq.read_table(tmp_path / "run" / name).to_pylist() for name in ("objects.parquet", "events.parquet")
    )
    assert [(row["source"], row["n_events"]) for row in stars] == [("a.csv", 1), ("b.csv", 2)]
    assert [(row["source"], row["t_start"]) for row in found] == [("a.csv", 1.0), ("b.csv", 0.0), ("b.csv", 2.0)]


def test_many_stars_are_counted_by_name_and_source(tmp_path):
    # a moment that twelve stars called "1" of twelve sources share happened to many stars, not to one
    objects = [row | {"n_obs": 200} for row in object_rows(80, 3)]
    events = event_rows(objects, 3)
    shared = {"t_start": 2453111.5, "t_peak": 2453111.5, "t_end": 2453111.5, "direction": "fade", "kind": "run"}
    read = [row for row in objects if row["status"] == "ok"][:12]
    for i, row in enumerate(read):
        old = row["object_id"], row["source"]
        row |= {"object_id": "1", "source": f"{i}.fits"}
        for event in events:
            if (event["object_id"], event["source"]) == old:
                event |= {"object_id": "1", "source": row["source"]}
        events.append(events[0] | shared | {"object_id": "1", "source": row["source"]})
    merge(*write_parts(tmp_path, objects, events, 3), tmp_path / "run", 7)
    found = pq.read_table(tmp_path / "run" / "events.parquet").to_pandas()
    together = found["t_peak"] == 2453111.5
    assert together.sum() == 12
    assert (found.loc[together, "flag"] == "many_stars").all()


def test_probability_columns_of_parts_are_joined(tmp_path):
    write_parquet(objects_table({"object_id": ["a"], "status": ["ok"], "prob_EW": [1.0]}), tmp_path / "1.parquet")
    write_parquet(objects_table({"object_id": ["b"], "status": ["failed"], "reason": ["?"]}), tmp_path / "2.parquet")
    write_parquet(events_table({}), tmp_path / "3.parquet")
    merge([tmp_path / "1.parquet", tmp_path / "2.parquet"], [tmp_path / "3.parquet"], tmp_path)
    assert pq.read_table(tmp_path / "objects.parquet")["prob_EW"].to_pylist() == [1.0, None]


def test_counts(tmp_path):
    rows = object_rows(100)
    write_parquet(objects_table(columns(rows), DETECTORS), tmp_path / "objects.parquet")
    counts = count_statuses(tmp_path / "objects.parquet")
    assert counts["n_in"] == 100 == sum(n for name, n in counts.items() if name != "n_in")
    assert counts["n_failed"] == sum(row["status"] == "failed" for row in rows)


def test_no_stars_at_all(tmp_path):
    merge([], [], tmp_path)
    assert count_statuses(tmp_path / "objects.parquet")["n_in"] == 0


def test_a_wrong_part_is_named(tmp_path):
    write_parquet(events_table({}), tmp_path / "wrong.parquet")
    with pytest.raises(ValueError, match=r"wrong\.parquet is not a table of objects"):
        merge([tmp_path / "wrong.parquet"], [], tmp_path)
    with pytest.raises(FileNotFoundError):
        merge([tmp_path / "absent.parquet"], [], tmp_path)


@pytest.mark.parametrize("n_parts", [1, 4])
def test_events_of_many_stars_at_once_are_flagged_whatever_the_parts(tmp_path, n_parts):
    objects = [row | {"n_obs": 200} for row in object_rows(80, 3)]
    events = event_rows(objects, 3)
    names = {(event["object_id"], event["source"]) for event in events}
    for name, source in sorted(names)[:12]:
        shared = {"object_id": name, "source": source, "t_start": 2453111.5, "t_peak": 2453111.5, "t_end": 2453111.5}
        events.append(events[0] | shared | {"direction": "fade", "flag": "single_point"})
    merge(*write_parts(tmp_path, objects, events, n_parts), tmp_path / "run", 7)
    found = pq.read_table(tmp_path / "run" / "events.parquet").to_pandas()
    together = found["t_peak"] == 2453111.5
    assert together.sum() == 12
    assert (found.loc[together, "flag"] == "many_stars").all()
    assert (found.loc[~together, "flag"] == "many_stars").mean() < 0.1


def test_periods_that_change_at_once_are_no_event_of_many_stars(tmp_path):
    objects = [row | {"n_obs": 200} for row in object_rows(80, 3)]
    shared = {"t_start": 2453111.5, "t_peak": 2453111.5, "t_end": 2453900.5, "kind": "period", "flag": None}
    events = [
        event_rows(objects, 3)[0] | shared | {"object_id": row["object_id"], "source": row["source"]}
        for row in objects[:12]
    ]
    merge(*write_parts(tmp_path, objects, events, 2), tmp_path / "run", 7)
    assert pq.read_table(tmp_path / "run" / "events.parquet")["flag"].null_count == 12


def test_columns_are_filled_anew_and_all_else_stays(tmp_path):
    path = tmp_path / "objects.parquet"
    rows = object_rows(50)
    table = objects_table(columns(rows), DETECTORS)
    pq.write_table(table, path, row_group_size=7)
    ranks = pa.array([None if i % 5 == 0 else i for i in range(50)], pa.int32())
    refill(path, {"verdict_rank": ranks})
    after = pq.read_table(path)
    assert after["verdict_rank"].to_pylist() == ranks.to_pylist()
    assert after.drop(["verdict_rank"]).equals(table.drop(["verdict_rank"]))
    assert after.schema.equals(table.schema, check_metadata=True)
    assert pq.ParquetFile(path).num_row_groups == 8
    assert [file.name for file in tmp_path.iterdir()] == ["objects.parquet"]
