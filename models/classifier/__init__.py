"""The classifier: VSX types from folded curves and plain features, by networks and a forest, calibrated together."""

from swope.models.classifier.classifier import Abstention, Classification, Classifier, ClassifierOptions

__all__ = ["Abstention", "Classification", "Classifier", "ClassifierOptions"]
