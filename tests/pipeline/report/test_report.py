from __future__ import annotations

import base64
import json
import re
import zlib
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from swope.pipeline.catalog import objects_table, write_parquet
from swope.pipeline.catalog.schema import STATUSES
from swope.pipeline.report.archives import ARCHIVES
from swope.pipeline.report.make import make_report
from tests.pipeline.catalog.rows import DETECTORS, columns, event_rows, object_rows
from tests.pipeline.report.made import make_details, make_run, usual_run

VOID = {"br", "hr", "img", "input", "meta"}
NASTY = "<img src=x onerror=alert(1)>\"'&</script><script>alert(2)</script>\x00\u202e../../etc/$\\frac"


class Page(HTMLParser):
    """Elements of a page; fails on tags that do not match."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.texts = [], [], Counter()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts[data.strip()] += 1

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def read(path):
    text = path.read_text(encoding="utf-8")
    return text, Page(text)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A usual run and its page; tests that write make their own."""
    run_dir = usual_run(tmp_path_factory.mktemp("run"))
    return run_dir, make_report(run_dir, make_details(run_dir))


def test_nothing_is_fetched(made):
    text, page = read(made[1])
    assert made[1] == made[0] / "report" / "index.html"
    assert not page.all("link")
    assert not page.all("iframe")
    assert [script for script in page.all("script") if "src" in script] == []
    assert all(image["src"].startswith("data:image/png;base64,") for image in page.all("img"))
    # links to archives are followed by nobody but the reader, and tell them nothing of where they came from
    outside = [link for link in page.all("a") if not link["href"].startswith("#")]
    assert {link["href"].split("/")[2] for link in outside} == {urlsplit(address).netloc for _, address in ARCHIVES}
    assert all(link["rel"] == "noopener noreferrer" for link in outside)
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in next(m["content"] for m in page.all("meta") if "http-equiv" in m)


def test_anchors_lead_somewhere(made):
    _, page = read(made[1])
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link["href"][1:] for link in page.all("a") if link["href"].startswith("#")} <= set(ids)


def test_pictures_have_words_and_tables_heads(made):
    _, page = read(made[1])
    assert len(page.all("img")) >= 3 * 3
    assert all(len(image["alt"]) > 20 for image in page.all("img"))
    assert all(head.get("scope") in ("col", "row") for head in page.all("th"))
    assert all(chart.get("role") == "img" for chart in page.all("svg"))
    assert page.all("html")[0]["lang"] == "en"


def test_counts_are_those_of_the_catalog(made):
    rows = object_rows(60)
    _, page = read(made[1])
    for status in STATUSES:
        assert page.texts[str(sum(row["status"] == status for row in rows))] >= 1
    assert sum(page.texts[word] for word in ("ok", "partial", "rejected", "failed")) >= 4


def test_size(made):
    assert made[1].stat().st_size < 500_000


def test_same_page_again(tmp_path):
    run_dir = usual_run(tmp_path, 12)
    first, second = (make_report(run_dir, make_details(run_dir, top=1)).read_bytes() for _ in range(2))
    assert first == second


def test_names_from_files_stay_text(tmp_path):
    rows = object_rows(8)
    for row in rows:
        row["object_id"] = f"{NASTY} {row['object_id']}"
        row["source"] = NASTY
        if "bands" in row:
            row["bands"] = row["main_band"] = NASTY
        if row["status"] != "ok":
            row["reason"] = NASTY
    run_dir = make_run(tmp_path, rows)
    (run_dir / "run.json").write_text('{"sources": ["<script>alert(3)</script>"], "config": {"<b>": "<i>"}}')
    text, page = read(make_report(run_dir, make_details(run_dir, top=1)))
    assert len(page.all("script")) == 5
    assert not page.all("b")
    assert not page.all("i")
    assert "onerror" not in {name for _, attributes in page.elements for name in attributes}
    assert "\x00" not in text
    assert {path.name for path in run_dir.rglob("*")} == {
        *("parts", "objects.parquet", "events.parquet", "run.json", "report", "index.html"),
    }


def test_stars_asked_for_stand_first(tmp_path):
    run_dir = usual_run(tmp_path)
    rows = object_rows(60)
    *strangest, last = make_details(run_dir, top=sum(row["status"] == "ok" for row in rows))
    text, page = read(make_report(run_dir, strangest[:2], [last]))
    cards = [attributes["id"] for attributes in page.all("article")]
    assert cards == ["star-1", "star-2", "star-3"]
    assert page.texts["Stars asked for"] == 2
    shown = [text.index(f"<bdi>{star.row['object_id']}</bdi>") for star in (last, *strangest[:2])]
    assert text.index('id="asked"') < shown[0] < text.index('id="stars"') < shown[1] < shown[2]
    assert f"<span>{last.row['anomaly_rank']}.</span>" in text
    assert sum(words.endswith("with a score, less those asked for.") for words in page.texts) == 1
    packed = packed_in(text)["columns"]
    assert [name for name, card in zip(texts(packed["id"]), packed["card"], strict=True) if card == 1] == [
        last.row["object_id"]
    ]
    assert "Stars asked for" not in read(make_report(run_dir, strangest[:2]))[1].texts


def test_a_star_without_a_rank_has_no_number(tmp_path):
    run_dir = usual_run(tmp_path)
    star = make_details(run_dir, top=1)[0]
    unranked = replace(star, row={**star.row, "anomaly_rank": None, "anomaly_pvalue": None})
    text, _ = read(make_report(run_dir, [], [unranked]))
    assert f"<h3><bdi>{star.row['object_id']}</bdi>" in text


@pytest.mark.parametrize("status", ["rejected", "failed"])
def test_no_star_at_all(tmp_path, status):
    rows = [{"object_id": f"{i}", "status": status, "reason": f"line {i} is broken"} for i in range(4)]
    _, page = read(make_report(make_run(tmp_path, rows), []))
    assert page.texts["No star has an anomaly score."] == 1
    assert page.texts["No star could be measured."] == 3
    assert page.texts["line 0 is broken"] == 1


def test_an_empty_catalog(tmp_path):
    _, page = read(make_report(make_run(tmp_path, [], record=False), []))
    assert page.texts["There is no run.json beside the catalog."] == 1
    assert page.texts["Every star is ok."] == 1


def test_no_run(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no objects\.parquet"):
        make_report(tmp_path, [])


def packed_in(text):
    """What the gallery's scripts are given."""
    packed = re.search(r'<script id="gallery-data" type="text/plain">(.*?)</script>', text)[1]
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def texts(column):
    return [None if at < 0 else column["values"][at] for at in column["at"]]


def test_the_gallery_holds_every_star_by_rank(tmp_path):
    rows = object_rows(1500)
    events = event_rows(rows)
    for i, event in enumerate(events):
        event |= {"kind": "pulse", "shape": "flare" if i % 3 else None}
    run_dir = make_run(tmp_path, rows, events)
    data = packed_in(make_report(run_dir, [], thumbnails={("star 0001", "1.csv"): "AAAA"}).read_text())
    table = pq.read_table(run_dir / "objects.parquet").to_pylist()
    ranked = sorted(table, key=lambda row: (row["anomaly_rank"] or 10**6, row["object_id"], row["source"]))
    columns = data["columns"]
    assert data["n"] == 1500
    assert texts(columns["id"]) == [row["object_id"] for row in ranked]
    assert columns["rank"] == [row["anomaly_rank"] for row in ranked]
    assert texts(columns["class"]) == [row["class"] for row in ranked]
    assert texts(columns["status"]) == [row["status"] for row in ranked]
    for period, row in zip(columns["period"], ranked, strict=True):
        assert period is row["period"] is None or period == pytest.approx(row["period"], rel=1e-7)
    (small,) = data["pictures"]
    assert ranked[int(small)]["object_id"] == "star 0001"
    assert data["events"] == ["flare", "pulse"]
    seen = {(event["object_id"], event["shape"] or event["kind"]) for event in events}
    for mask, row in zip(columns["events"], ranked, strict=True):
        assert [bool(mask & 1 << i) for i in (0, 1)] == [(row["object_id"], one) in seen for one in data["events"]]
    for reason, row in zip(columns["reason"], ranked, strict=True):
        assert (row["reason"] or "") in (reason or "")


def test_a_catalog_of_an_earlier_version_is_shown(tmp_path):
    run_dir = usual_run(tmp_path, 12)
    for name, lacking in (("objects", ["verdict", "verdict_rank"]), ("events", ["shape"])):
        path = run_dir / f"{name}.parquet"
        pq.write_table(pq.read_table(path).drop_columns(lacking), path)
    assert packed_in(make_report(run_dir, []).read_text())["n"] == 12


def test_the_surest_detector_is_the_one_with_the_smallest_pvalue(made):
    data = packed_in(read(made[1])[0])
    table = {row["object_id"]: row for row in pq.read_table(made[0] / "objects.parquet").to_pylist()}
    for name, surest in zip(texts(data["columns"]["id"]), texts(data["columns"]["detector"]), strict=True):
        pvalues = {one.name: table[name][one.pvalue] for one in DETECTORS if table[name][one.pvalue] is not None}
        assert (pvalues[surest] == min(pvalues.values())) if pvalues else surest is None


def test_what_changed_since_the_run_before_is_said(tmp_path):
    rows = object_rows(40)
    before = objects_table(columns(rows), DETECTORS)
    ok = [i for i, row in enumerate(rows) if row["status"] == "ok"]
    rows[ok[0]]["class"] = "M"
    rows[ok[1]]["period"] *= 2
    rows[ok[2]]["object_id"] = "fresh"
    _, page = read(make_report(make_run(tmp_path, rows), [], before=before))
    for said in ("1 another class", "1 another period", "1 new stars", "1 stars that are gone"):
        assert page.texts[said] == 1
    same = read(make_report(tmp_path, [], before=pq.read_table(tmp_path / "objects.parquet")))[1]
    assert same.texts["No star changed since the run before."] == 1


def test_completeness_is_shown_where_it_was_measured(tmp_path):
    run_dir = usual_run(tmp_path, 12)
    assert "What would have been found" not in read(make_report(run_dir, []))[0]
    folder = run_dir / "inject"
    folder.mkdir()
    (folder / "completeness.png").write_bytes(b"\x89PNG")
    write_parquet(pa.table({"curve": ["inverted"], "rate": [2.75]}), folder / "false_alarms.parquet")
    _, page = read(make_report(run_dir, []))
    assert page.texts["2.75"] == 1


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_contrast_in_both_themes(made):
    text, _ = read(made[1])
    palettes = re.findall(r":root \{([^}]*)\}", text)[:2]
    assert len(palettes) == 2
    for palette in palettes:
        colours = dict(re.findall(r"--(\w+): (#\w{6})", palette))
        for front in ("ink", "soft", "accent", "warn"):
            for back in ("page", "card", "head"):
                light, dark = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (front, back)
        marks = dict(re.findall(r"--(mark-\d): (#\w{6})", palette))
        assert len(marks) == 7
        for front in (colours["bar"], *marks.values()):
            light, dark = sorted((luminance(front), luminance(colours["card"])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 3.0
