"""How long a report takes until its stars can be seen, in Chromium: ``python -m tests.bench.report_view PAGE...``.

A line a page: its size, the seconds from opening it to the gallery with all of its stars in reach (the median of five),
and those that sorting all of them by name takes; then the same as JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

from tests.browser.chromium import page

_SORT = """
new Promise((done) => {
  const start = performance.now(), find = document.getElementById("find");
  find.elements.sort.value = "id";
  new MutationObserver(() => done((performance.now() - start) / 1000)).observe(
    document.getElementById("tiles"), { childList: true });
  find.dispatchEvent(new Event("input"));
})
"""


def main(paths: list[str]) -> None:
    """Print the figures of some pages."""
    for path in map(Path, paths):
        with page() as browser:
            seconds = statistics.median(browser.open(path) for _ in range(5))
            stars = browser.run("document.getElementById('gallery-count').textContent").split()[2]
            sort = browser.run(_SORT)
        size = path.stat().st_size / 1e6
        print(f"{path}: {stars} stars, {size:.2f} MB, seen after {seconds:.2f} s, sorted by name in {sort:.2f} s")
        figures = {"stars": int(stars.replace(",", "")), "mb": size, "seconds_view": seconds, "seconds_sort": sort}
        print(json.dumps({"bench": "report_view", **figures}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
