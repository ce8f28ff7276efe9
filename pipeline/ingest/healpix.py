"""HEALPix pixels of positions, nested numbering (Gorski et al. 2005, ApJ 622, 759, sections 4 and 5)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from swope.pipeline.lightcurve import FloatArray


def pixel_of(ra: FloatArray, dec: FloatArray, order: int) -> NDArray[np.int64]:
    """The pixel of each position.

    Parameters
    ----------
    ra, dec : (n,) degrees, finite.
    order : 0 to 29; there are ``12 * 4**order`` pixels.

    Returns
    -------
    (n,) pixel numbers.
    """
    side = 1 << order
    z, tt = np.sin(np.radians(dec)), np.mod(np.radians(ra) / (np.pi / 2), 4.0)
    # between the polar caps: along the diagonals that run up and down
    middle, height = side * (0.5 + tt), side * z * 0.75
    up, down = np.floor(middle - height).astype(np.int64), np.floor(middle + height).astype(np.int64)
    face_up, face_down = up >> order, down >> order
    face = np.where(face_up == face_down, face_up | 4, np.where(face_up < face_down, face_up, face_down + 8))
    x, y = down & (side - 1), side - (up & (side - 1)) - 1
    # within the caps: along the two edges of the face that meet in the pole
    cap = np.abs(z) > 2 / 3
    quarter = np.minimum(np.floor(tt).astype(np.int64), 3)
    along = side * np.cos(np.radians(dec)) * np.sqrt(3.0 / (1 + np.abs(z)))
    left = np.minimum(np.floor((tt - quarter) * along).astype(np.int64), side - 1)
    right = np.minimum(np.floor((1 - tt + quarter) * along).astype(np.int64), side - 1)
    north = z > 0
    face = np.where(cap, np.where(north, quarter, quarter + 8), face)
    x = np.where(cap, np.where(north, side - right - 1, left), x)
    y = np.where(cap, np.where(north, side - left - 1, right), y)
    pixels: NDArray[np.int64] = (face << (2 * order)) + (_spread(x) | (_spread(y) << 1))
    return pixels


def _spread(bits: NDArray[np.int64]) -> NDArray[np.int64]:
    """The bits of a number with a zero before each of them."""
    spread = bits & 0xFFFFFFFF
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        spread = (spread | (spread << shift)) & mask
    return spread
