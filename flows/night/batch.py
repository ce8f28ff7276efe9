"""Some stars through a night, in a worker process: a star that ends it is lost alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from swope.flows.chunk import Mark, marked
from swope.flows.night.detectors import Detectors
from swope.flows.night.star import NightStar, judged, opinions, take_in, unscored
from swope.flows.night.watch import Watch
from swope.flows.options import RunOptions
from swope.flows.stages import Lost
from swope.flows.state import FOLLOWED, Kept
from swope.flows.survive import in_pieces
from swope.pipeline.lightcurve import LightCurve
from swope.pipeline.star import Star

#: Stars that travel to a worker process together, at most.
TOGETHER = 512


@dataclass(frozen=True, eq=False)
class Visit:
    """A star that the run knows, what came of it tonight, and what had come of it in files beside its own."""

    curve: LightCurve
    kept: Kept
    came: Sequence[LightCurve]
    beside: Sequence[LightCurve] = ()


@dataclass(frozen=True, eq=False)
class After:
    """A star after tonight: what is known of it now, and what is said of its night."""

    curve: LightCurve
    kept: Kept
    said: NightStar


def through_the_night(
    visits: Sequence[Visit], settings: RunOptions, ids: Mapping[str, str], watch: Watch
) -> list[After]:
    """What is known of some stars after tonight, in their order.

    Parameters
    ----------
    ids : of the detectors that judge, by name.

    Raises
    ------
    swope.models.registry.ModelsChangedError
        When they are others now.
    """
    done: list[After] = []
    through = partial(_through, settings=settings, ids=dict(ids))
    for first in range(0, len(visits), TOGETHER):
        for some, answer in in_pieces(through, visits[first : first + TOGETHER]):
            if isinstance(answer, Lost):
                done += [_lost(visit, answer) for visit in some]
            else:
                after, spent = answer
                done += after
                watch.add(spent)
    return done


def _through(
    visits: Sequence[Visit], folder: Path, settings: RunOptions, ids: dict[str, str]
) -> tuple[list[After], dict[str, float]]:
    """As `through_the_night`, with a mark in the folder of which star is at work; and what it cost, by name."""
    watch = Watch()
    with watch.over("models"):
        at_work = Detectors.of(settings, ids, ids)
    with watch.over(FOLLOWED):
        steps = []
        for i, visit in enumerate(visits):
            with marked(folder, Mark("follow", i)):
                steps.append(take_in(visit.curve, visit.kept, visit.came, visit.beside))
    stars = [Star(step.curve, step.kept.period) for step in steps]
    wanted = [len(step.arrived.fresh) > 0 for step in steps]
    answers = {}
    for name, detector in at_work.models.items():
        if name != FOLLOWED:
            with watch.over(name), marked(folder, Mark(name, 0 if len(visits) == 1 else None)):
                answers[name] = opinions(detector, stars, wanted)
    after = []
    for i, step in enumerate(steps):
        with marked(folder, Mark("judge", i)):
            said = judged(step, {name: one[i] for name, one in answers.items()}, at_work, watch)
        after.append(After(step.curve, step.kept, said))
    return after, watch.seconds()


def _lost(visit: Visit, answer: Lost) -> After:
    """A star that took its process down is as it was."""
    source = "; ".join(sorted({curve.source for curve in visit.came}))
    return After(visit.curve, visit.kept, unscored(visit.curve.object_id, source, "failed", answer.reason))
