"""The report as a reader has it: in a browser, with keys and clicks; names from files do no harm."""

from __future__ import annotations

import csv
import io
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from swope.pipeline.report.make import make_report
from swope.pipeline.report.thumbnail import thumbnail
from tests.browser.chromium import CHROMIUM, DESK, PHONE, Page, page
from tests.pipeline.catalog.rows import DETECTORS, event_rows, object_rows
from tests.pipeline.report.made import make_curve, make_details, make_run

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium (Debian's package chromium)")

HOSTILE = [
    "<img src=x onerror=document.title='broken'>",
    "</script><script>document.title='broken'</script>",
    "../../x",
    "x" * 500,
    "🔭 ✨",
    "\u202eמה זה",
    "javascript:document.title='broken'",
    "'; touch broken; '",
    "=1+1",
]

AXE = next(
    (
        file
        for folder in (Path(__file__).parents[2], Path.cwd(), Path.home())
        if (file := folder / "node_modules" / "axe-core" / "axe.min.js").is_file()
    ),
    None,
)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The page of 90 stars, the first of them with names that mean harm."""
    rows = object_rows(90)
    measured = [row for row in rows if row["status"] == "ok"]
    for row, name in zip(measured, HOSTILE, strict=False):
        row["object_id"] = row["source"] = name
        # the strangest, with nothing that speaks against it
        row |= dict.fromkeys(["anomaly_pvalue", "period_fap", *(one.pvalue for one in DETECTORS)], 1e-9)
        row |= dict.fromkeys(["period_flag", *(one.flag for one in DETECTORS if one.flag)]) | {"n_obs": 400}
    events = event_rows(rows)
    for event, shape in zip(events, np.resize(["flare", "dip"], len(events)), strict=True):
        event["shape"] = str(shape)
    run_dir = make_run(tmp_path_factory.mktemp("run"), rows, events)
    small = {
        (row["object_id"], row["source"]): thumbnail(make_curve("a", seed=i), row["period"], row["t0"])
        for i, row in enumerate(measured[:40])
    }
    return make_report(run_dir, make_details(run_dir, 2), thumbnails=small)


@pytest.fixture(scope="module")
def browser():
    with page() as one:
        yield one


def names(browser: Page) -> list[str]:
    return browser.run("[...document.querySelectorAll('#tiles bdi')].map((one) => one.textContent)")


def count(browser: Page) -> int:
    return int(browser.run("document.getElementById('gallery-count').textContent").split()[0].replace(",", ""))


def set_(browser: Page, name: str, value: str) -> None:
    """Give a control a value, as a person would."""
    browser.run(
        f"(() => {{ const one = document.getElementById('find').elements['{name}']; one.value = '{value}';"
        "one.dispatchEvent(new Event('input', { bubbles: true })); })()"
    )
    browser.run("new Promise((done) => setTimeout(done, 150))")


def chosen(browser: Page) -> str:
    return browser.run("document.querySelector('#tiles [aria-current] bdi').textContent")


def quiet(browser: Page) -> None:
    assert browser.complaints == []
    assert [one for one in browser.requests if not one.startswith(("file:", "data:", "blob:"))] == []
    assert browser.run("document.title") != "broken"


def test_find_sort_and_reset(browser: Page, report: Path) -> None:
    browser.open(report)
    assert count(browser) == 90
    set_(browser, "class", "EA")
    some = count(browser)
    assert 0 < some < 90
    set_(browser, "class", "")
    set_(browser, "sort", "period")
    browser.run("document.getElementById('direction').click()")
    longest = names(browser)[:3]
    data = browser.run(
        "swope.stars().then((s) => [...Array(s.n).keys()].filter((r) => s.get('period', r) !== null)"
        ".sort((a, b) => s.get('period', b) - s.get('period', a)).slice(0, 3).map((r) => s.get('id', r)))"
    )
    assert longest == data
    set_(browser, "period-from", "1")
    set_(browser, "period-to", "10")
    assert 0 < count(browser) < 90
    browser.run("document.querySelector('#find [type=reset]').click()")
    browser.run("new Promise((done) => setTimeout(done, 100))")
    set_(browser, "event", "flare")
    flares = count(browser)
    set_(browser, "event", "dip")
    assert 0 < flares < 90
    assert 0 < count(browser) < 90
    set_(browser, "event", "")
    set_(browser, "text", "onerror")
    assert names(browser) == [HOSTILE[0]]
    quiet(browser)


def test_keys_go_through_the_stars_and_judge_them(browser: Page, report: Path) -> None:
    browser.run("localStorage.clear()")
    browser.open(report)
    first = names(browser)
    for key in ("n", "n", "n", "p"):
        browser.key(key)
    assert chosen(browser) == first[1]
    for key in ("i", "n", "b", "n", "a", "n", "i", "i"):
        browser.key(key)
    assert browser.run("document.getElementById('verdict-count').textContent") == "3 stars judged"
    rows = list(csv.DictReader(io.StringIO(browser.run("swope.verdicts.table()"))))
    assert [row["verdict"] for row in rows] == ["interesting", "boring", "artifact"]
    undone = [row["object_id"].removeprefix("'") if row["object_id"][1:2] in "'=" else row["object_id"] for row in rows]
    assert undone == first[1:4]
    # typing a name is no verdict
    browser.key("/")
    assert browser.run("document.activeElement.name") == "text"
    for key in "bai":
        browser.key(key)
    assert browser.run("document.getElementById('verdict-count').textContent") == "3 stars judged"
    browser.open(report)
    assert browser.run("document.getElementById('verdict-count').textContent") == "3 stars judged"
    assert str(report.parents[1]) in browser.run("document.getElementById('verdict-command').textContent")
    quiet(browser)


def test_the_picture_of_periods_can_be_clicked(browser: Page, report: Path) -> None:
    browser.open(report)
    browser.run("document.getElementById('diagram').scrollIntoView({ block: 'center' })")
    browser.wait("document.getElementById('diagram').height > 300")
    place = browser.run(
        "(() => { const one = document.getElementById('diagram');"
        "const box = one.getBoundingClientRect();"
        "const ink = one.getContext('2d').getImageData(0, 0, one.width, one.height).data;"
        "for (let y = 30; y < box.height - 70; y += 2) for (let x = 80; x < box.width - 40; x += 2)"
        "  if (ink[4 * (y * one.width + x) + 3] > 200) return [box.left + x, box.top + y];"
        "return null; })()"
    )
    assert place is not None
    browser.click(*place)
    assert not browser.run("document.getElementById('star-panel').hidden")
    quiet(browser)


def test_names_that_mean_harm_are_text(browser: Page, report: Path) -> None:
    browser.open(report)
    for name in HOSTILE:
        assert name in names(browser)
    seen = set()
    for _ in HOSTILE:
        browser.key("n")
        command = browser.run("[...document.querySelectorAll('#star-panel code')].map((c) => c.textContent).join()")
        name = browser.run("document.querySelector('#star-panel bdi').textContent")
        # two stars are shown in full, and need no command
        if command:
            assert shlex.split(command) == ["swope", "show", str(report.parents[1]), name]
            seen.add(name)
    assert len(seen) >= len(HOSTILE) - 2
    hrefs = browser.run("[...document.querySelectorAll('a')].map((one) => one.href)")
    archives = ("https://simbad.", "https://vizier.", "https://aladin.")
    assert all(href.startswith(("file:", *archives)) for href in hrefs)
    assert not browser.run("document.querySelectorAll('img[onerror], img:not([src^=\"data:\"])').length")
    quiet(browser)


def test_pictures_are_printed_dark_on_white_whatever_the_theme(browser: Page, report: Path) -> None:
    browser.open(report, dark=True)
    light = "getComputedStyle(document.documentElement).getPropertyValue('--mark-0').trim()"
    assert browser.run(light) == "#56B4E9"
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run(light) == "#0072B2"
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert browser.run(light) == "#56B4E9"
    quiet(browser)


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_nothing_is_wider_than_the_screen(browser: Page, report: Path, size: tuple[int, int]) -> None:
    browser.open(report, size)
    browser.key("n")
    assert browser.run("document.documentElement.scrollWidth") <= size[0]


@pytest.mark.skipif(AXE is None, reason="no axe-core (npm install axe-core)")
@pytest.mark.parametrize(("size", "dark"), [(DESK, False), (DESK, True), (PHONE, False)])
def test_axe_finds_nothing_serious(browser: Page, report: Path, size: tuple[int, int], dark: bool) -> None:
    assert AXE is not None
    browser.open(report, size, dark)
    browser.key("n")
    browser.run(AXE.read_text(encoding="utf-8") + "; true")
    found = browser.run(
        "axe.run(document, { resultTypes: ['violations'] }).then((done) => done.violations.map((one) =>"
        "({ id: one.id, impact: one.impact, nodes: one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)) })))"
    )
    assert [one for one in found if one["impact"] in ("serious", "critical")] == []


def test_the_report_of_a_real_run(browser: Page, small_run: Path, tmp_path: Path) -> None:
    from swope.flows.pages import write_report

    run_dir = shutil.copytree(small_run, tmp_path / "run")
    browser.open(write_report(run_dir, 2))
    assert count(browser) == 14
    browser.key("n")
    assert browser.run("document.querySelectorAll('#star-panel canvas').length") == 2
    quiet(browser)
