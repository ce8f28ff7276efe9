from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from swope.models import weights as stored
from swope.models.autoencoder import Autoencoder, AutoencoderOptions
from swope.models.autoencoder.autoencoder import PARTS, _combined, _follows, _ordinary_scores, _regression
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.period import PeriodResult
from swope.pipeline.reason import Reason
from swope.pipeline.star import Star
from tests.models.stars import made_star

OPTIONS = AutoencoderOptions(latent=6, hidden=32, batch=32, epochs=60, patience=60)


@pytest.fixture(scope="module")
def trained() -> Autoencoder:
    return Autoencoder.fit([made_star("RRAB", seed, 30 + seed % 100) for seed in range(300)], OPTIONS)


@pytest.fixture(scope="module")
def ordinary() -> list[Star]:
    return [made_star("RRAB", seed, 80) for seed in range(500, 600)]


def test_strange_stars_score_higher_than_ordinary_ones(trained: Autoencoder, ordinary: list[Star]) -> None:
    strange = trained.score([made_star("EA", seed, 80) for seed in range(40)]).score
    usual = trained.score(ordinary).score
    assert np.mean(strange[:, None] > usual[None, :]) > 0.95


def test_pvalues_of_ordinary_stars_are_fair(trained: Autoencoder, ordinary: list[Star]) -> None:
    pvalues = trained.score(ordinary).pvalue
    assert 0.3 < np.median(pvalues) < 0.7
    assert np.mean(pvalues < 0.1) < 0.25


def test_misfit_and_latent_place_have_fair_pvalues_of_their_own(trained: Autoencoder, ordinary: list[Star]) -> None:
    usual = trained.score(ordinary)
    for pvalue in (usual.reconstruction_pvalue, usual.latent_pvalue):
        assert 0.3 < np.median(pvalue) < 0.7
        assert np.mean(pvalue < 0.1) < 0.25
    strange = trained.score([made_star("EA", seed, 80) for seed in range(40)])
    assert np.median(strange.reconstruction_pvalue) < 0.05
    assert np.median(strange.latent_pvalue) < 0.2
    assert np.isnan(trained.score([made_star("CST", 1)]).reconstruction_pvalue).all()


def test_noise_alone_is_not_strange(trained: Autoencoder) -> None:
    sparse = trained.score([made_star("RRAB", seed, 30) for seed in range(700, 760)]).pvalue
    assert np.mean(sparse < 0.05) < 0.3


def test_scores_do_not_depend_on_company_or_order(trained: Autoencoder, ordinary: list[Star]) -> None:
    together = trained.score(ordinary)
    np.testing.assert_array_equal(trained.score(ordinary[::-1]).score[::-1], together.score)
    # a matrix product of one row may round differently than one of many
    alone = np.concatenate([trained.score([star]).score for star in ordinary[:20]])
    np.testing.assert_array_equal(alone, together.score[:20])


def test_a_denoised_fold_is_nearer_to_the_truth_than_the_fold(trained: Autoencoder) -> None:
    stars = [made_star("RRAB", seed, 60) for seed in range(800, 820)]
    found = trained.reconstruct(stars)
    assert found.model.shape == found.value.shape == (20, len(found.phase))
    assert np.isfinite(found.model).all()
    # noise makes neighbouring bins jump; the model follows the shape without it
    jumps = np.abs(np.diff(found.value, axis=1)).mean()
    assert np.abs(np.diff(found.model, axis=1)).mean() < jumps
    assert np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(found.value, found.model, strict=True)]) > 0.9


def test_a_saved_autoencoder_scores_the_same(trained: Autoencoder, ordinary: list[Star], tmp_path: Path) -> None:
    trained.save(tmp_path)
    back = Autoencoder.load(tmp_path)
    assert back.model_id == trained.model_id
    np.testing.assert_array_equal(back.score(ordinary).score, trained.score(ordinary).score)
    np.testing.assert_array_equal(back.score(ordinary).pvalue, trained.score(ordinary).pvalue)


def test_training_again_gives_the_same_autoencoder() -> None:
    stars = [made_star("RRAB", seed, 40) for seed in range(60)]
    quick = replace(OPTIONS, epochs=1)
    assert Autoencoder.fit(stars, quick).model_id == Autoencoder.fit(stars, quick).model_id


def test_stars_without_a_period_are_scored_and_short_ones_get_a_reason(trained: Autoencoder) -> None:
    short = Star(LightCurve.of("short", np.arange(3.0), np.arange(3.0)), PeriodResult(reason="too short"))
    scores = trained.score([made_star("CST", 1), short])
    assert np.isfinite(scores.score[0])
    assert np.isnan(scores.score[1])
    assert np.isnan(scores.pvalue[1])
    assert scores.reason == (None, Reason("3 good rows; a score needs 5"))
    assert np.isnan(trained.reconstruct([made_star("CST", 1)]).model).all()
    assert len(trained.score([]).score) == 0


@pytest.mark.parametrize("periodic", [0, 30])
def test_it_learns_from_stars_of_which_few_have_a_period(periodic: int) -> None:
    stars = [made_star("RRAB", i, 40) for i in range(periodic)] + [made_star("CST", i, 40) for i in range(50)]
    made = Autoencoder.fit(stars, replace(OPTIONS, epochs=1))
    found = made.score([made_star("RRAB", 300, 40), made_star("CST", 300, 40)])
    assert np.isfinite(found.score).all()
    assert np.isfinite(found.pvalue).all()


def test_a_new_star_is_as_seldom_strange_as_its_pvalue_says() -> None:
    # twenty stars and a new one of the same kind: it is the strangest once in twenty-one times
    rng = np.random.default_rng(0)
    strangest = 0
    for _ in range(600):
        nuisance = np.column_stack([np.ones(21), rng.normal(size=(21, 5))])
        parts = rng.normal(size=(21, len(PARTS)))
        regression = _regression(nuisance[1:], parts[1:])
        null = parts[1:] - _follows(nuisance[1:], regression)
        new = parts[:1] - _follows(nuisance[:1], regression)
        score = _combined(new, np.sort(null, axis=0))[0]
        strangest += score > _ordinary_scores(nuisance[1:], parts[1:], null).max()
    assert strangest / 600 < 1.5 / 21


def test_known_kinds_decide_what_is_looked_at() -> None:
    stars = [made_star(kind, seed, 60) for seed in range(60) for kind in ("RRAB", "EA")]
    kinds = [star.curve.object_id.split("-")[0] for star in stars]
    quick = replace(OPTIONS, epochs=1)
    told = Autoencoder.fit(stars, quick, labels=kinds)
    assert Autoencoder.fit(stars, quick, labels=[f"my {kind}" for kind in kinds]).model_id == told.model_id
    alone = Autoencoder.fit(stars, quick)
    assert alone.model_id != told.model_id
    # one name for all tells no more than none
    assert Autoencoder.fit(stars, quick, labels=["variable"] * len(stars)).model_id == alone.model_id
    # a star without a period is neither
    for trained in (told, alone):
        strange = trained.score([made_star("CST", seed, 60) for seed in range(20)]).score
        usual = trained.score([made_star("EA", seed, 60) for seed in range(100, 120)]).score
        assert np.mean(strange[:, None] > usual[None, :]) > 0.9


def test_weights_of_an_earlier_version_are_refused(trained: Autoencoder, tmp_path: Path) -> None:
    made = trained._weights()
    stored.save(replace(made, arrays={name: a for name, a in made.arrays.items() if "kinds/" not in name}), tmp_path)
    with pytest.raises(ValueError, match="made by an earlier version; train it again"):
        Autoencoder.load(tmp_path)


def test_too_little_to_learn_from_is_refused() -> None:
    with pytest.raises(ValueError, match="some thirty stars"):
        Autoencoder.fit([made_star("RRAB", seed) for seed in range(5)], OPTIONS)


def test_the_shipped_autoencoder_scores() -> None:
    shipped = Autoencoder.pretrained()
    scores = shipped.score([made_star("EA", seed) for seed in range(5)])
    assert np.isfinite(scores.score).all()
    assert ((scores.pvalue > 0) & (scores.pvalue <= 1)).all()
