from __future__ import annotations

import re
from pathlib import Path

from swope.flows.columns_page import page
from swope.models.registry import SHIPPED, model_class


def test_the_page_of_the_columns_is_that_of_the_schemas() -> None:
    path = Path(__file__).parents[2] / "docs" / "columns.md"
    # a package that is installed here may add a detector of its own
    made = page([model_class(name).columns for name in SHIPPED])
    assert path.read_text(encoding="utf-8") == made, "python -m swope.flows.columns_page makes it again"
    # each row has the cells of its head
    rows = [line for line in made.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}
