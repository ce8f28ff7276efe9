"""The LSTM forecaster: one step ahead, mean and sigma, on uneven sampling."""

from models.forecaster.forecaster import Forecaster, ForecasterOptions

__all__ = ["Forecaster", "ForecasterOptions"]
