"""The classifier: VSX types from folded curves and plain features, by networks and a forest, calibrated together."""

from swope.models.classifier.answer import Abstention, Classification, ClassifierOptions
from swope.models.classifier.classifier import Classifier

__all__ = ["Abstention", "Classification", "Classifier", "ClassifierOptions"]
