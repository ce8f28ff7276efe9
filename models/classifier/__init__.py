"""The classifier: VSX types from folded curves and plain features, with calibrated probabilities."""

from models.classifier.classifier import Classification, Classifier, ClassifierOptions

__all__ = ["Classification", "Classifier", "ClassifierOptions"]
