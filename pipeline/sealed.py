"""Records that carry a hash of themselves, so that one that a disk has damaged is found, whatever it says now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_SEAL = "seal"


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """A record of JSON values with its seal among it."""
    return {**content, _SEAL: _seal_of(content)}


def unsealed(text: str) -> dict[str, Any]:
    """The record that a file holds, without its seal; one without a seal is of an earlier version, and taken as it is.

    Raises
    ------
    ValueError
        When it is not JSON, no record, or not as it was sealed.
    """
    content = json.loads(text)
    if not isinstance(content, dict):
        raise ValueError("it is no record")
    seal = content.pop(_SEAL, None)
    if seal is not None and seal != _seal_of(content):
        raise ValueError("it is not as it was written (a damaged disk?)")
    return content


def _seal_of(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
