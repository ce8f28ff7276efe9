"""Which stars a model may learn from: one rule by the star's name, the same in every set and every run."""

from __future__ import annotations

import hashlib

#: One star in this many is kept apart from all training.
HELD_OUT_ONE_IN = 5


def share(object_id: str, salt: str = "swope") -> float:
    """A number in [0, 1) that belongs to the star: uniform over stars, the same on every machine.

    Parameters
    ----------
    object_id : the source's name of the star.
    salt : another salt gives an independent number (for several splits).
    """
    digest = hashlib.sha256(f"{salt}:{object_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2.0**64


def held_out(object_id: str) -> bool:
    """Whether the star is kept apart: shipped weights never saw it, so they may be judged on it."""
    return share(object_id) < 1.0 / HELD_OUT_ONE_IN
