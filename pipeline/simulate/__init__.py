"""A labelled mock survey: variable stars of many classes as real surveys would have seen them."""

from swope.pipeline.simulate.star import Label, SimulatedStar, simulate_star
from swope.pipeline.simulate.survey import SurveyOptions, simulate_stars, simulated, write_survey

__all__ = [
    "Label",
    "SimulatedStar",
    "SurveyOptions",
    "simulate_star",
    "simulate_stars",
    "simulated",
    "write_survey",
]
