"""What the state-space baseline puts into the catalog."""

from __future__ import annotations

from swope.pipeline.column import FLOAT, INT, TEXT, Column, DetectorColumns

_OWN = (
    Column("trend", FLOAT, "", "arith.rate;src.var", "slow change of the mean, in the star's unit a year"),
    Column("trend_err", FLOAT, "", "stat.error;src.var", "one-sigma error of the trend, in the star's unit a year"),
    Column("trend_pvalue", FLOAT, "", "stat.probability;src.var", "probability of such a trend in a steady star"),
    Column("n_changes", INT, "", "meta.number;src.var", "number of change points in the mean level"),
    Column("change_time", FLOAT, "d", "time.epoch;src.var", "time of the largest change point, by the star's clock"),
    Column("change_size", FLOAT, "", "src.var.amplitude", "new level less the old at that point, star's unit"),
    Column("change_pvalue", FLOAT, "", "stat.probability;src.var", "probability of such a change in a steady star"),
    Column("drw_tau", FLOAT, "d", "time.scale;src.var", "damped random walk: its relaxation time"),
    Column("drw_tau_err", FLOAT, "d", "stat.error;time.scale", "one-sigma error of drw_tau"),
    Column("drw_sigma", FLOAT, "", "stat.stdev;src.var", "damped random walk: its long-term deviation, star's unit"),
    Column("drw_sigma_err", FLOAT, "", "stat.error;src.var", "one-sigma error of drw_sigma, star's unit"),
    Column("drw_flag", TEXT, "", "meta.code.qual;src.var", "how far to trust drw_tau and drw_sigma; null: fully"),
)

COLUMNS = DetectorColumns("statespace", "the state-space model", _OWN, forecasts=True)
