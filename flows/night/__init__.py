"""One night: the new points of known stars are scored against what was to be expected of them, and nothing is fitted.

A night reads `state.parquet` of a run or of the night before and leaves, in its own folder,

    points.parquet    a row a new point and detector: what was forecast, what came
    stars.parquet     a row a star that tonight's sources name, with status, reason and the p-value of its night
    events.parquet    the events that end tonight
    state.parquet     what tomorrow goes on from, where that is not a run brought up to date
    nightly.json      versions, settings, counts, the most surprising stars, timings; written last
    alerts.parquet    who is to be looked at, and index.html, a page of them; when all is done

Scoring changes nothing of what it reads: until the run is brought up to date, the same night can be scored again, with
the same answer. From then on the run knows the night's points, and all that there is of the night is in its folder: a
finished one is left as it is.
"""

from swope.flows.night.alerts import ALERTS, call_for
from swope.flows.night.detectors import forecasting
from swope.flows.night.record import NightRecord
from swope.flows.night.score import score_night
from swope.flows.night.tables import EVENTS, POINTS, STARS

__all__ = ["ALERTS", "EVENTS", "POINTS", "STARS", "NightRecord", "call_for", "forecasting", "score_night"]
