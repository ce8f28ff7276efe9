"""Known events laid into real light curves, curves without any, and what share of each a detector finds."""
