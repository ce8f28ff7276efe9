"""Which star a night's curves go to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from swope.flows.night.arrived import sorted_out
from swope.pipeline.lightcurve import LightCurve

RUN = "run/stars.csv"


def curve(name: str, source: str) -> LightCurve:
    return LightCurve.of(name, [1.0], [2.0], source=source)


def sorted_names(
    came: list[tuple[str, str]], known: list[tuple[str, str]]
) -> tuple[dict[tuple[str, str], list[str]], dict[tuple[str, str], str]]:
    """Sources that went to each star, and what was said of each of the others: "new", or why it was not taken."""
    mine, new, strangers = sorted_out([curve(*name) for name in came], known)
    went = {star: [one.source for one in curves] for star, curves in mine.items()}
    said = {(one.object_id, one.source): why for one, why in strangers}
    return went, said | {(one.object_id, one.source): "new" for one in new}


def test_the_same_source_goes_to_its_star() -> None:
    assert sorted_names([("1", RUN)], [("1", RUN), ("2", RUN)]) == ({("1", RUN): [RUN]}, {})


def test_a_night_in_files_of_its_own_goes_to_the_star_of_that_name() -> None:
    came = [("1", "monday.csv"), ("1", "tuesday.csv")]
    assert sorted_names(came, [("1", RUN)]) == ({("1", RUN): ["monday.csv", "tuesday.csv"]}, {})


def test_an_unknown_name_is_a_new_star() -> None:
    went, others = sorted_names([("3", RUN)], [("1", RUN)])
    assert went == {}
    assert others == {("3", RUN): "new"}


def test_two_stars_of_one_name_each_get_their_own() -> None:
    known = [("1", "a.csv"), ("1", "b.csv")]
    assert sorted_names(known[::-1], known) == ({star: [star[1]] for star in known}, {})


def test_of_two_stars_of_one_name_only_one_comes_tonight() -> None:
    known = [("1", "a.csv"), ("1", "b.csv")]
    assert sorted_names(known[1:], known) == ({("1", "b.csv"): ["b.csv"]}, {})


def test_a_third_file_with_the_name_of_two_stars_is_not_guessed() -> None:
    known = [("1", "a.csv"), ("1", "b.csv")]
    went, others = sorted_names([("1", "c.csv"), ("1", "a.csv")], known)
    assert went == {("1", "a.csv"): ["a.csv"]}
    assert others == {("1", "c.csv"): "2 stars have this name, of other sources: give it its own"}


def test_another_file_beside_the_known_one_is_another_star() -> None:
    went, others = sorted_names([("1", "b.csv"), ("1", RUN)], [("1", RUN)])
    assert went == {("1", RUN): [RUN]}
    assert others == {("1", "b.csv"): "new"}


def test_a_night_goes_on_as_the_one_before_it_did() -> None:
    # the state keeps the run's source, whatever file the last night came from
    known = [("1", RUN)]
    for night in ("monday.csv", "tuesday.csv"):
        assert sorted_names([("1", night)], known) == ({("1", RUN): [night]}, {})


NAMES = st.tuples(st.sampled_from("12"), st.sampled_from(["a", "b", "c"]))


@given(st.lists(NAMES, max_size=8), st.lists(NAMES, max_size=6, unique=True), st.randoms())
def test_no_curve_is_lost_or_guessed_and_no_order_matters(
    came: list[tuple[str, str]], known: list[tuple[str, str]], random: object
) -> None:
    went, others = sorted_names(came, known)
    assert sum(map(len, went.values())) + sum(came.count(name) for name in others) == len(came)
    assert set(went) <= set(known)
    for (name, source), sources in went.items():
        # of another source only where there is no doubt
        alone = [one for one in known if one[0] == name] == [(name, source)]
        assert set(sources) == {source} or (alone and source not in sources)
    shuffled = list(came)
    random.shuffle(shuffled)
    again, left = sorted_names(shuffled, known)
    assert {star: sorted(sources) for star, sources in again.items()} == {s: sorted(v) for s, v in went.items()}
    assert left == others


def test_what_comes_beside_a_runs_own_files_goes_on_from_its_star_there_although_it_was_taken_in() -> None:
    known = [("1", "a.csv"), ("1", "in/1.csv"), ("2", "a.csv"), ("2", "b.csv"), ("2", "in/2.csv"), ("9", "in/9.csv")]
    came = [curve(*star) for star in (*known, ("1", "in/1b.csv"))]
    mine, new, strangers = sorted_out(came, known, {"in/1.csv", "in/1b.csv", "in/2.csv", "in/9.csv"})
    went = {star: [one.source for one in curves] for star, curves in mine.items()}
    own = {star: [star[1]] for star in known if star != ("1", "in/1.csv")}
    assert went == own | {("1", "a.csv"): ["a.csv", "in/1.csv", "in/1b.csv"]}
    assert (new, strangers) == ([], [])
