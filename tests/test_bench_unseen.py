from __future__ import annotations

import re

from tests.bench.unseen_kinds import GROUPS, show


def test_no_kind_is_both_tuned_by_and_reported() -> None:
    assert not set(GROUPS["tuned"]) & set(GROUPS["reported"])


def test_shares_are_those_of_stars_and_the_means_those_of_kinds() -> None:
    one = {
        "group": "reported",
        "unseen": {"SN": (30, 0.9), "ROT": (10, 0.1), "ELL": (4, 0.5)},
        "others": {"asas": (90, 0.0), "crts": (10, 0.5), "simulated": (1000, 1.0)},
    }
    found = re.findall(r"([a-z ]+): ([0-9.]+) of ([0-9]+) stars, mean ([0-9.]+)", show(one))
    assert [(words.strip(), *rest) for words, *rest in found] == [
        ("left out", "0.700", "40", "0.500"),
        ("never taught", "0.500", "4", "0.500"),
        ("of known kinds", "0.050", "100", "0.250"),
    ]
