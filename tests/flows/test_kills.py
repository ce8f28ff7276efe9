"""A run that is killed goes on to the same bytes; `python -m tests.bench.kills` does so at more moments."""

from pathlib import Path

from tests.bench.kills import measure
from tests.flows.test_catalog import star_text


def test_a_run_that_is_killed_at_some_moments_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    survey = tmp_path / "survey"
    survey.mkdir()
    for i in range(5):
        (survey / f"star{i}.csv").write_text(star_text(i, 0.5 + 0.1 * i))
    outcome = measure([str(survey)], kills=3, seed=1, folder=tmp_path)
    assert (outcome.kills, outcome.torn, outcome.different) == (3, 0, 0)
