"""Nothing hides behind something greater: small events beside great ones, in flux and in magnitudes."""

from __future__ import annotations

import numpy as np
import pytest

from swope.models.statespace import StateSpace, passes
from swope.models.statespace.ordinary import OrdinaryEvents
from swope.pipeline.clean import clean
from swope.pipeline.events import Event, EventOptions
from swope.pipeline.happenings import gathered
from swope.pipeline.lightcurve import FloatArray, LightCurve
from swope.pipeline.period import PeriodResult, find_period
from swope.pipeline.star import Star

OPTIONS = EventOptions()


def dip(time: FloatArray, middle: float, width: float) -> FloatArray:
    return np.exp(-0.5 * ((time - middle) / (0.4 * width)) ** 4)


def looked_at(star: Star) -> tuple[list[Event], list[Event]]:
    """What a first look finds in a star, and what further looks do."""
    model = StateSpace.pretrained()
    fitted = passes.fit_star(star)
    assert not isinstance(fitted, str)
    assert model.null is not None
    forecast = fitted.forecast
    ordinary = model.null.events(forecast)
    first = passes.find_events(forecast, OPTIONS, ordinary.point, ordinary.habit("pair"), ordinary.habit("run"))
    first += passes.whole_curve_events(fitted, forecast, OPTIONS, ordinary)
    return first, passes.hidden_events(star, forecast, first, model.options, OPTIONS, ordinary)


def tells(events: list[Event], start: float, end: float) -> bool:
    return any(
        one.t_start <= end and one.t_end >= start and one.t_end - one.t_start < 3 * (end - start) for one in events
    )


@pytest.mark.parametrize("sign", [-1.0, 1.0])
@pytest.mark.parametrize("great", [(12.0,), (12.0, 31.0, 47.0), (8.0, 14.0, 20.0, 33.0, 45.0, 52.0)])
def test_a_small_event_is_found_beside_greater_ones(great: tuple[float, ...], sign: float) -> None:
    rng = np.random.default_rng(1)
    time = np.arange(0.0, 60.0, 0.02)
    flux = 1.0 + rng.normal(0.0, 2e-4, len(time))
    flux += sign * 1.5e-3 * dip(time, 26.0, 0.5)
    flux += sum(sign * 0.2 * dip(time, middle, 1.0 + 0.1 * i) for i, middle in enumerate(great))
    curve = clean(LightCurve.of("s", time, 1e4 * flux, np.full(len(time), 2.0), kind="flux", unit="e/s"))
    period = find_period(curve)
    first, hidden = looked_at(Star(curve, period))
    told = gathered(first + hidden, curve, period)
    assert all(tells(told, middle - 0.5, middle + 0.5) for middle in great)
    assert tells(told, 25.75, 26.25)
    assert all(one.pvalue <= OPTIONS.pvalue for one in hidden)
    # none of it lies at a gap: there is none in the light curve
    assert all(one.flag is None for one in first + hidden if abs(one.t_peak - 26.0) < 0.3)


def test_a_period_that_a_great_outburst_hides_is_searched_again() -> None:
    rng = np.random.default_rng(2)
    time = np.sort(rng.uniform(0.0, 1500.0, 500))
    bright = 0.3 * np.sin(2 * np.pi * time / 0.7312) + rng.normal(0.0, 0.02, len(time))
    bright += 4.0 * dip(time, 400.0, 60.0) - 0.15 * dip(time, 1000.0, 40.0)
    curve = clean(LightCurve.of("s", time, 14.0 - bright, np.full(len(time), 0.02)))
    whole = find_period(curve)
    assert abs(whole.period / 0.7312 - 1.0) > 0.01 or whole.fap > 1e-3
    first, hidden = looked_at(Star(curve, whole))
    assert tells(first, 375.0, 425.0)
    assert not tells(first, 985.0, 1015.0)
    assert tells(hidden, 985.0, 1015.0)


def test_a_period_is_searched_again_only_where_the_events_held_most_of_what_it_was_searched_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(4)
    time = np.arange(0.0, 60.0, 0.02)
    flux = 1.0 + rng.normal(0.0, 2e-4, len(time))
    flux -= 0.2 * dip(time, 12.0, 1.0) + 0.02 * dip(time, 31.0, 1.0) + 1.5e-3 * dip(time, 47.0, 0.5)
    curve = clean(LightCurve.of("s", time, 1e4 * flux, np.full(len(time), 2.0), kind="flux", unit="e/s"))
    searched: list[int] = []

    def search(some: LightCurve) -> PeriodResult:
        searched.append(len(some))
        return find_period(some)

    monkeypatch.setattr(passes, "find_period", search)
    first, hidden = looked_at(Star(curve, find_period(curve)))
    told = [*first, *hidden]
    assert all(tells(told, middle - 0.3, middle + 0.3) for middle in (12.0, 31.0, 47.0))
    # the dip of 20 %, and then that of 2 %, led; what is as small as the noise did not
    assert 1 <= len(searched) <= 2
    assert searched == sorted(searched, reverse=True)


def test_a_star_without_events_is_not_fitted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    time = np.sort(rng.uniform(0.0, 1500.0, 200))
    curve = clean(LightCurve.of("s", time, 14.0 + rng.normal(0.0, 0.02, 200), np.full(200, 0.02)))
    fitted = passes.fit_star(Star(curve, find_period(curve)))
    assert not isinstance(fitted, str)
    monkeypatch.delattr(passes, "fit_star")
    model = StateSpace.pretrained()
    star = Star(curve, find_period(curve))
    assert passes.hidden_events(star, fitted.forecast, [], model.options, OPTIONS, OrdinaryEvents()) == []
