"""A record that is not as it was sealed is not believed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swope.pipeline.sealed import sealed, unsealed

RECORD = {"rows": 12, "share": 0.1, "words": "å", "files": {"a": "1f"}, "none": None, "list": [1, 2.5e-300]}


def test_what_was_sealed_is_read_again() -> None:
    assert unsealed(json.dumps(sealed(RECORD), indent=1, sort_keys=True)) == RECORD


def test_a_record_of_an_earlier_version_has_no_seal() -> None:
    assert unsealed('{"a": 1}') == {"a": 1}


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_byte_can_change_the_record_unseen(place: int, change: int) -> None:
    whole = json.dumps(sealed(RECORD), indent=1, sort_keys=True).encode()
    place %= len(whole)
    harmed = bytearray(whole)
    harmed[place] ^= change
    try:
        found = unsealed(harmed.decode("utf-8"))
    except ValueError:
        return
    # white space, say; or the seal's own name is no more, and a key is there that no record has
    assert found == RECORD or set(found) != set(RECORD)


@pytest.mark.parametrize("text", ["[1]", "7", "{", ""])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no record|Expecting"):
        unsealed(text)
