"""What the likeliest events of ordinary stars look like: what an event of another star is held against.

A p-value of an event is the share of ordinary stars, observed in the same way, with an event of the same habit that
looks at least as likely (`swope.pipeline.event_tail`). A star may have an event of each habit; so that it has one of
any with the stated probability, each habit has but its part of that.

Where each visit is one exposure nothing but the star itself tells a bad night from an event. There an event is as
likely as it stands out from the star's others, and not much likelier than it appeared while rows that other rows
contradict were distrusted: what tells one star's event from another's bad season is how often the star seems to have
such events, and whether they rest on such rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np

from swope.models.statespace.slow import Slow
from swope.pipeline.cadence import CADENCES, Cadence
from swope.pipeline.event_tail import OWN_STARS, OrdinaryTail, Part
from swope.pipeline.events import PointNull, best_runs, visits
from swope.pipeline.forecast import Forecast
from swope.pipeline.lightcurve import BoolArray, FloatArray

Habit = Literal["period", "shift", "trend", "lasting", "visit", "few", "box", "edge", "shaped", "burst", "pair", "run"]

#: What stars that are ordinary of their kind, and surveys, do. Contact binaries change their periods, and spots, or the
#: light-time of a companion, look the same; spots and calibration change levels, for good or for a while ("lasting"
#: pulses, and those under way when the star was first seen). Visits are off, alone, in twos and threes ("few"), and
#: whole stretches of them by the same amount ("box"). Nobody saw how a pulse at the "edge" of a gap that is longer than
#: itself begins, or ends. What comes and goes as eclipses, lenses and flares do ("shaped") is what is looked for, and a
#: "burst" that several visits, or agreeing exposures of one, confirm. Forecasts fail in a "pair", or in a longer "run".
HABITS: tuple[Habit, ...] = get_args(Habit)

#: What changes for good, or for long, and forecasts that fail, may make little of the false alarms.
_LITTLE: dict[Habit, float] = {
    "period": 0.01,
    "shift": 0.01,
    "trend": 0.01,
    "lasting": 0.01,
    "visit": 0.01,
    "pair": 0.02,
    "run": 0.02,
}

#: Which part of the false alarms each habit may make in the first look at a star.
_PARTS: dict[Habit, float] = {**_LITTLE, "few": 0.1, "box": 0.08, "edge": 0.15, "shaped": 0.35, "burst": 0.2}

#: The same for each way of observing. Where a visit is several exposures, which confirm each other, a few of them are
#: an event; these parts were chosen on events laid on stars that are not held out, and on outbursts of cataclysmic
#: variables, and leave the rest to the later looks.
PARTS: dict[Cadence, dict[Habit, float]] = {
    "unbroken": _PARTS,
    "repeated": {**_LITTLE, "few": 0.14, "box": 0.02, "edge": 0.15, "shaped": 0.19, "burst": 0.2},
    "single": _PARTS,
}

#: Part of the false alarms that single points may make.
_OF_POINTS = 0.03

#: What weather, seeing and moonlight do to visits, and in orbit nothing does.
WEATHER: tuple[Habit, ...] = ("few", "box", "edge", "shaped", "burst", "pair", "run")

#: A pulse is confirmed where all visits but the one that tells most of it go as far by chance less often than this.
_CONFIRMED = 1e-3

#: Visits of which it takes more than a few.
_FEW = 4

#: A gap beside a pulse is long where it is longer than the pulse, and than so many mean steps.
_LONG_STEPS = 5.0

#: Where visits are single exposures: an event is at most so many times as likely, in decades, as it appeared while rows
#: were distrusted; and less likely by this share of the decades of the next likely of the star's pulses.
_GIVEN_BACK, _NEXT = 1.5, 0.5


def _ideal() -> dict[Habit, OrdinaryTail]:
    return {habit: OrdinaryTail() for habit in HABITS}


@dataclass(frozen=True)
class OrdinaryEvents:
    """How likely the likeliest events of ordinary stars look that are observed in one way.

    Attributes
    ----------
    single : the strangest single points.
    tails : the likeliest event of each of `HABITS`.
    cadence : the way.
    """

    single: PointNull = field(default_factory=PointNull)
    tails: dict[Habit, OrdinaryTail] = field(default_factory=_ideal)
    cadence: Cadence = "unbroken"

    @property
    def point(self) -> Part:
        """What single points are held against."""
        return Part(self.single, _OF_POINTS)

    def habit(self, habit: Habit) -> Part:
        """What events of a habit are held against.

        Where nothing is known of some, these are but one search, which shares their parts.
        """
        parts = PARTS[self.cadence]
        ideal = [one for one in WEATHER if self.tails[one] == OrdinaryTail()]
        part = sum(parts[one] for one in ideal) if habit in ideal else parts[habit]
        return Part(self.tails[habit], part)

    def judged(self, found: Sequence[Slow], time: FloatArray) -> list[Slow]:
        """Events of a star with the p-values that they have among ordinary stars.

        Parameters
        ----------
        found : all of the star's.
        time : (n,) of the rows.
        """
        habits = [habit_of(slow, time) for slow in found]
        decades = likely(habits, found, self.tails["visit"], self.cadence)
        return [
            replace(slow, pvalue=10.0 ** -float(self.habit(habit).decades(decades[i : i + 1])[0]))
            for i, (habit, slow) in enumerate(zip(habits, found, strict=True))
        ]


def likely(habits: Sequence[Habit], found: Sequence[Slow], visit: OrdinaryTail, cadence: Cadence) -> FloatArray:
    """(k,) how likely the events of a star look, in decades.

    A pulse is first as likely as that a visit is as rotten as its most telling one, and that the others go as far
    by chance, unless it is less likely by itself. Bursts of a star confirm each other.

    Parameters
    ----------
    habits, found : of k events.
    visit : the tail of rotten visits.
    cadence : how the star is observed.
    """
    single = cadence == "single"
    each = [_pvalue(habit, slow, visit, single) for habit, slow in zip(habits, found, strict=True)]
    decades = np.array([_decades(one) for one in each])
    bursts = np.array([habit == "burst" for habit in habits], dtype=bool)
    decades[bursts] = together(decades[bursts])
    return _standing_out(decades, found, ~bursts) if single else decades


def _standing_out(decades: FloatArray, found: Sequence[Slow], may: BoolArray) -> FloatArray:
    """(k,) decades of some events, those of pulses that `may` less a share of the next likely pulse's at other rows."""
    passing = [i for i, slow in enumerate(found) if slow.kind == "pulse" and not slow.lasts]
    out = decades.copy()
    for i in passing:
        others = (j for j in passing if found[j].last < found[i].first or found[j].first > found[i].last)
        out[i] -= may[i] * _NEXT * max((float(decades[j]) for j in others if decades[j] <= decades[i]), default=0.0)
    return out


def together(decades: FloatArray) -> FloatArray:
    """(k,) decades that events of decades (k,) have as a group: of so many, each as significant as the least of them.

    Events that happen to a star by chance p times, on average, happen to it k times or more by p^k / k! or less.
    """
    order = np.argsort(-decades, kind="stable")
    group = np.arange(1, len(decades) + 1) * decades[order]
    out = np.empty(len(decades))
    out[order] = np.maximum.accumulate(group[::-1])[::-1]
    return out


def _pvalue(habit: Habit, slow: Slow, visit: OrdinaryTail, single: bool) -> float:
    """What is held against the events of a habit."""
    if habit == "visit":
        return slow.alone
    believed = confirmed(slow, visit)
    # an outburst is held against its star's quiet, from which nothing is distrusted
    capped = single and slow.kind == "pulse" and not slow.lasts and slow.profile != "burst"
    return max(believed, slow.apparent**_GIVEN_BACK) if capped else believed


def confirmed(slow: Slow, visit: OrdinaryTail) -> float:
    """The p-value of an event, of which a rotten visit alone is none."""
    if slow.kind != "pulse" or slow.lasts:
        return slow.pvalue
    among: float = 10.0 ** -float(visit.decades(np.array([_decades(slow.alone)]))[0])
    return max(slow.pvalue, among * slow.rest)


def _decades(pvalue: float) -> float:
    return -math.log10(max(pvalue, 1e-300))


def habit_of(slow: Slow, time: FloatArray) -> Habit:
    """Which habit of ordinary stars and surveys may look like an event of a star whose rows have these times (n,)."""
    if slow.kind != "pulse":
        return slow.kind
    if slow.lasts:
        return "lasting"
    if slow.profile == "burst" and slow.rest <= _CONFIRMED:
        return "burst"
    visit = visits(time)
    count = int(visit[slow.last] - visit[slow.first]) + 1
    if count == 1:
        return "visit"
    if visit[slow.first] == visit[0]:
        # under way when the star was first seen: nobody knows since when
        return "lasting"
    if count < _FEW:
        return "few"
    if slow.profile == "box":
        return "box"
    return "edge" if _gap_beside(slow, time) else "shaped"


def _gap_beside(slow: Slow, time: FloatArray) -> bool:
    """Whether nobody looked for long right before or after an event."""
    before = float(time[slow.first] - time[slow.first - 1]) if slow.first else math.inf
    after = float(time[slow.last + 1] - time[slow.last]) if slow.last + 1 < len(time) else math.inf
    step = float(time[-1] - time[0]) / len(time)
    return max(before, after) > max(float(time[slow.last] - time[slow.first]), _LONG_STEPS * step)


@dataclass(frozen=True, eq=False)
class Likeliest:
    """The likeliest events of an ordinary star.

    Attributes
    ----------
    cadence : how it is observed.
    found : habit and decades of each event, pulses aside.
    pulses : habit of each pulse, and the pulse, without its effect.
    """

    cadence: Cadence
    found: tuple[tuple[Habit, float], ...]
    pulses: tuple[tuple[Habit, Slow], ...]


def likeliest(found: Iterable[Slow], forecast: Forecast, cadence: Cadence) -> Likeliest:
    """The likeliest events of a star from what appears to be one."""
    _, pair, longer = best_runs(forecast)
    others: list[tuple[Habit, float]] = [("pair", pair), ("run", longer)]
    pulses = []
    for slow in found:
        habit = habit_of(slow, forecast.time)
        if slow.kind == "pulse" and not slow.lasts:
            pulses.append((habit, replace(slow, effect=np.zeros(0))))
        else:
            others.append((habit, _decades(slow.pvalue)))
    return Likeliest(cadence, tuple(others), tuple(pulses))


def tails_of(stars: Sequence[Likeliest], weight: Sequence[float]) -> dict[Cadence, dict[Habit, OrdinaryTail]]:
    """What is learned of ordinary stars, each with its weight.

    A cadence with fewer stars than `OWN_STARS` is held against all of them; but in orbit there is no weather.
    """
    learned = {}
    for cadence in CADENCES:
        own = [i for i, star in enumerate(stars) if star.cadence == cadence]
        known = len(own) >= OWN_STARS
        rows = own if known else list(range(len(stars)))
        tails = _tails([stars[i] for i in rows], np.array([weight[i] for i in rows], dtype=float), cadence)
        if cadence == "unbroken" and not known:
            tails |= {habit: OrdinaryTail() for habit in WEATHER}
        learned[cadence] = tails
    return learned


def _tails(stars: Sequence[Likeliest], weight: FloatArray, cadence: Cadence) -> dict[Habit, OrdinaryTail]:
    """The tails of some stars, judged as those of a cadence.

    Those of visits first: others are likely only as far as no visit is rotten.
    """
    alone = [
        max((_decades(slow.alone) for _, slow in star.pulses if slow.rest > _CONFIRMED), default=0.0) for star in stars
    ]
    visit = OrdinaryTail.of(np.array(alone), weight)
    best: dict[Habit, FloatArray] = {habit: np.zeros(len(stars)) for habit in HABITS}
    for i, star in enumerate(stars):
        habits, pulses = [habit for habit, _ in star.pulses], [slow for _, slow in star.pulses]
        seen = zip(habits, likely(habits, pulses, visit, cadence).tolist(), strict=True)
        for habit, decades in (*star.found, *seen):
            best[habit][i] = max(best[habit][i], decades)
    return {habit: visit if habit == "visit" else OrdinaryTail.of(best[habit], weight) for habit in HABITS}


def stored(tails: Mapping[Cadence, Mapping[Habit, OrdinaryTail]]) -> FloatArray:
    """(cadences, habits, 3) share, start and index."""
    return np.array([[tails[cadence][habit].numbers for habit in HABITS] for cadence in CADENCES])


def restored(numbers: FloatArray, cadence: Cadence) -> dict[Habit, OrdinaryTail]:
    """The tails of a cadence from what `stored` made."""
    mine = numbers[CADENCES.index(cadence)].tolist()
    return {habit: OrdinaryTail(*three) for habit, three in zip(HABITS, mine, strict=True)}
