"""The autoencoder: how strange a star's folded curve and features are, and its denoised fold."""

from swope.models.autoencoder.answer import FoldScores, Reconstruction
from swope.models.autoencoder.autoencoder import Autoencoder, AutoencoderOptions

__all__ = ["Autoencoder", "AutoencoderOptions", "FoldScores", "Reconstruction"]
