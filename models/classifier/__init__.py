"""The classifier: VSX types from folded curves and plain features, by networks and a forest, calibrated together."""

from swope.models.classifier.answer import Abstention, Classification, ClassifierOptions
from swope.models.classifier.classifier import Classifier
from swope.models.classifier.lesson import LabelledInputs

__all__ = ["Abstention", "Classification", "Classifier", "ClassifierOptions", "LabelledInputs"]
