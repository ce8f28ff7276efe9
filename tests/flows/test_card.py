"""What stands in the card of a model that was just trained."""

from __future__ import annotations

from typing import Any

from swope.flows.card import card_of
from swope.flows.options import RunOptions, TrainOptions
from swope.models.autoencoder import Autoencoder, AutoencoderOptions
from swope.models.classifier import Abstention, Classifier, ClassifierOptions
from swope.models.forecaster import Forecaster, ForecasterOptions
from swope.pipeline.version import VERSION
from tests.models.stars import made_star

STARS = [made_star("EA", seed, 10) for seed in range(3)]
NOT_THERE: Any = None


def test_a_classifier_says_what_taught_it_and_what_it_answers() -> None:
    abstention = Abstention(0.5, 0.9, kept=0.94, risk=0.031)
    options = ClassifierOptions(survey=True, members=2, seed=7)
    classifier = Classifier(("EA", "RRAB"), options, [], {}, 1.0, abstention, NOT_THERE)
    card = card_of("classifier", classifier, STARS, ["RRAB", "EA", "EA"], None, TrainOptions(seed=7), RunOptions())
    assert card.startswith("# A classifier made by `swope train`\n")
    assert f"by Swope {VERSION} with the seed 7, from nothing." in card
    assert "3 stars, some 15 % of them" in card
    assert "By type: EA 2, RRAB 1." in card
    assert "usual ones: survey True." in card
    assert "with one of EA, RRAB. Of the stars that calibrate it 94.0 % get no flag, and of these 3.1 %" in card


def test_settings_of_model_and_reading_are_named_where_they_are_not_the_usual_ones() -> None:
    autoencoder = Autoencoder(AutoencoderOptions(epochs=1), NOT_THERE, NOT_THERE, {})
    options = RunOptions(clock="HJD_UTC", max_period=9.0)
    card = card_of("autoencoder", autoencoder, STARS, None, None, TrainOptions(), options)
    assert card.startswith("# An autoencoder made by `swope train`\n")
    assert "usual ones: epochs 1, clock HJD_UTC, max_period 9.0." in card
    assert "They had no labels." in card
    assert "usual ones: none." in card_of(
        "autoencoder",
        Autoencoder(AutoencoderOptions(), NOT_THERE, NOT_THERE, {}),
        STARS,
        None,
        None,
        TrainOptions(),
        RunOptions(),
    )


def test_a_start_is_named_by_its_id_and_never_by_its_place() -> None:
    forecaster = Forecaster(ForecasterOptions(), NOT_THERE, NOT_THERE)
    shipped, own = (
        card_of("forecaster", forecaster, STARS, None, "forecaster-0123", TrainOptions(start=start), RunOptions())
        for start in (None, "a folder")
    )
    assert "from `forecaster-0123`, which comes with Swope and whose own card says" in shipped
    assert "from `forecaster-0123`, whose own card says" in own
    assert "a folder" not in own
