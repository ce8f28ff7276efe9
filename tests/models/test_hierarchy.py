import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from swope.models.classifier.hierarchy import SURE, surely
from swope.pipeline.vsx import TYPES, ancestors, is_a

NAMES = ("CST", "DCEP", "DCEP(B)", "DSCT", "EA", "EB", "EW", "RRAB", "RRC", "SRB")


def probabilities(**shares: float) -> np.ndarray:
    row = np.array([[shares.get(name, 0.0) for name in NAMES]])
    return row / row.sum()


def test_the_answer_is_as_narrow_as_its_probability_allows() -> None:
    assert surely(NAMES, probabilities(EA=0.95, EB=0.05)) == ("EA",)
    assert surely(NAMES, probabilities(EA=0.5, EB=0.35, EW=0.1, DSCT=0.05)) == ("E",)
    assert surely(NAMES, probabilities(RRAB=0.5, RRC=0.2, DSCT=0.3)) == ("pulsating",)
    assert surely(NAMES, probabilities(RRAB=0.5, EA=0.5)) == (None,)
    assert surely(NAMES, np.full((1, len(NAMES)), np.nan)) == (None,)


def test_a_name_of_ones_own_stands_by_itself() -> None:
    types = ("EA", "EB", "my type")
    assert surely(types, np.array([[0.05, 0.0, 0.95], [0.5, 0.45, 0.05], [0.2, 0.3, 0.5]])) == ("my type", "E", None)


@given(st.lists(st.floats(0.0, 1.0), min_size=len(NAMES), max_size=len(NAMES)).filter(lambda row: sum(row) > 0.1))
def test_what_is_sure_holds_the_likeliest_type_and_enough_of_the_probability(shares: list[float]) -> None:
    row = np.array(shares) / sum(shares)
    (found,) = surely(NAMES, row[None])
    best = NAMES[int(row.argmax())]
    steps = (*ancestors(best), TYPES[best].group)

    def held(wide: str) -> float:
        return float(
            sum(p for p, name in zip(row, NAMES, strict=True) if wide == TYPES[name].group or is_a(name, wide))
        )

    if found is None:
        assert all(held(wide) < SURE + 1e-9 for wide in steps)
    else:
        assert held(found) >= SURE - 1e-9
        assert all(held(wide) < SURE + 1e-9 for wide in steps[: steps.index(found)])
