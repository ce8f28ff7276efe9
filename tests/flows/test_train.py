"""What cannot be trained is said before any work is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.train import train


def test_only_the_forecaster_has_a_cell(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no autoencoder has one"):
        train.fn("autoencoder", ["nowhere"], str(tmp_path), cell="gru")
