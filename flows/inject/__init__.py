"""`swope inject`: what share of known events is found in the user's own stars, and how many that are none."""

from swope.flows.inject.measurement import InjectOptions, Measured, measure, summary

__all__ = ["InjectOptions", "Measured", "measure", "summary"]
