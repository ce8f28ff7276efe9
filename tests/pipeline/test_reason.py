"""What became of a star, of the reasons why something is missing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.reason import Reason, status_of

REASONS = st.none() | st.builds(Reason, st.text(min_size=1), st.booleans())


def test_what_broke_is_a_fault_and_is_named() -> None:
    broken = Reason.broke("the fit", ZeroDivisionError("no rows"))
    assert broken == Reason("the fit failed: ZeroDivisionError: no rows", fault=True)
    assert not Reason("the fit failed").fault


def test_words_do_not_make_a_fault() -> None:
    # once "failed" in the text did
    assert status_of({"period": Reason("the observer's clock failed")})[0] == "partial"
    assert status_of({"period": Reason("no period", fault=True)})[0] == "failed"


@given(st.dictionaries(st.text(min_size=1, max_size=5), REASONS, max_size=5))
def test_a_status_is_the_worst_and_every_reason_is_said(reasons: dict[str, Reason | None]) -> None:
    status, said = status_of(reasons)
    given = {what: reason for what, reason in reasons.items() if reason is not None}
    assert (status == "ok") == (said is None) == (not given)
    assert (status == "failed") == any(reason.fault for reason in given.values())
    assert all(f"{what}: {reason.text}" in (said or "") for what, reason in given.items())
