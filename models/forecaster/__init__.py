"""The LSTM forecaster: mean and sigma of the next row and of later ones, on uneven sampling."""

from swope.models.forecaster.forecaster import Forecaster, ForecasterOptions, later
from swope.models.forecaster.prediction import Prediction
from swope.models.forecaster.sequence import Questions

__all__ = ["Forecaster", "ForecasterOptions", "Prediction", "Questions", "later"]
