"""The tables of docs/formats.md, made of what the code knows: ``python -m swope.pipeline.ingest.formats_page``."""

from __future__ import annotations

import re
from pathlib import Path

from swope.pipeline.ingest.registry import readers
from swope.pipeline.ingest.survey import FlagRule, Survey
from swope.pipeline.ingest.surveys import SURVEYS
from swope.pipeline.ingest.time_names import TimeMeaning, plain_name, time_meaning

#: Where the generated part of the page begins.
MARK = "<!-- made by python -m swope.pipeline.ingest.formats_page; what stands below is overwritten -->"

#: The tests of each reader, beside test_reader_cases.py, test_kinds.py and test_surveys.py, which hold all.
TESTS = {
    "csv_lists": "test_long.py",
    "ecsv": "test_astropys_containers.py, test_kinds_numbers.py",
    "fits": "test_fits.py, test_missions.py",
    "fits_flat": "test_fits_table.py, test_containers.py, test_lists.py",
    "ipac": "test_text.py",
    "json": "test_json_records.py",
    "mrt": "test_astropys_containers.py, test_containers.py",
    "parquet": "test_parquet.py, test_lists.py, test_hats.py, test_regroup.py",
    "snana": "test_kinds_numbers.py",
    "snana_fits": "test_snana_fits.py",
    "text": "test_text.py, test_dialect.py, test_long.py",
    "votable": "test_astropys_containers.py, test_kinds_numbers.py, test_containers.py",
}


def page() -> str:
    """The two tables: containers, and surveys."""
    lines = ["## Containers", "", "| reader | what it reads | tests |", "|---|---|---|"]
    lines += [f"| `{r.name}` | {r.describes} | {TESTS[r.name]} |" for r in readers()]
    lines += ["", "## Surveys and tools", ""]
    lines += ["Each of them in any container that holds a table; where no other test is named, the real file is.", ""]
    lines += ["| format | known by | clock | unit | rows left out | star | columns described in | tests |"]
    lines += ["|---|---|---|---|---|---|---|---|"]
    named = _names_in_tests()
    for survey in SURVEYS:
        cells = (
            *(survey.name, ", ".join(f"`{name}`" for name in survey.has), _clock(survey), _unit(survey)),
            *("; ".join(map(_rule, survey.flags)) or "by the flags' names", _star(survey), survey.source),
            ", ".join(n for n, held in named.items() if held.issuperset(survey.has)) or "test_reader_cases.py",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _names_in_tests() -> dict[str, set[str]]:
    """The plain names that each test of the readers writes: which surveys it writes files of."""
    folder = Path(__file__).resolve().parents[2] / "tests" / "pipeline" / "ingest"
    words = {path.name: re.findall(r"[\w:.-]+", path.read_text()) for path in sorted(folder.glob("test_*.py"))}
    return {name: {plain_name(word) for word in held} for name, held in words.items()}


def _clock(survey: Survey) -> str:
    meanings = [meaning or time_meaning(name) for name, meaning in survey.times]
    return "; ".join(dict.fromkeys(_words(meaning) for meaning in meanings if meaning)) or "by the column's name"


def _words(meaning: TimeMeaning) -> str:
    unit = "s" if meaning.unit < 1e-3 else "d"
    zero = meaning.clock.zero + meaning.shift
    return f"{meaning.clock.name}, {unit} from JD {zero:.10g}" if zero else meaning.clock.name


def _unit(survey: Survey) -> str:
    if survey.kind == "mag" or (survey.values and survey.kind is None):
        return "mag"
    return (survey.unit or "relative flux") if survey.kind == "flux" else "by the column's name"


def _rule(rule: FlagRule) -> str:
    words = ", ".join(rule.words)
    return {
        "nonzero": f"`{rule.column}` not 0 or true",
        "zero": f"`{rule.column}` 0 or false",
        "bits": f"`{rule.column}` & {rule.bits}",
        "words": f"`{rule.column}` {words}",
        "not": f"`{rule.column}` not {words.rstrip(', ')}",
        "below": f"`{rule.column}` < {rule.limit:g}",
        "above": f"`{rule.column}` > {rule.limit:g}",
        "capital": f"`{rule.column}` with a capital letter",
    }[rule.rule]


def _star(survey: Survey) -> str:
    where = ", joined within 1.5 arcsec" if survey.per_band_id else ""
    return ", ".join(f"`{name}`" for name in survey.ids) + where if survey.ids else "a known name, else the file"


def write(path: Path) -> None:
    """Put the tables into the page, below the mark."""
    kept, _, _ = path.read_text().partition(MARK)
    path.write_text(f"{kept}{MARK}\n\n{page()}")


if __name__ == "__main__":
    write(Path("docs") / "formats.md")
