from pathlib import Path

import pytest

from swope.flows import catalog
from swope.flows.record import RunRecord

COUNTS = {"n_in": 5, "n_ok": 3, "n_partial": 1, "n_rejected": 1, "n_failed": 0}


def test_the_artifact_holds_the_counts_and_the_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[str] = []
    monkeypatch.setattr(catalog, "create_markdown_artifact", lambda markdown, **_: left.append(markdown))
    catalog.announce(RunRecord("1", {}, [], {}, {}, COUNTS, 5, 17, [], [], 0, {}), tmp_path)
    assert "| n_in | 5 |" in left[0]
    assert "| n_events | 17 |" in left[0]
    assert str(tmp_path / "report" / "index.html") in left[0]
