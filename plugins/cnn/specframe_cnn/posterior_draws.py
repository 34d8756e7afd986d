"""Random numbers for the samples of each target, which nothing but the seed and the target itself decides."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_cnn.measured import Measured

__all__ = ["posterior_normals"]


def posterior_normals(measured: Measured, count: int, width: int, seed: int) -> NDArray[np.float64]:
    """Return standard normal numbers (count, target, width).

    The stream of a target follows from ``seed`` and from its inputs, bit by bit: its name, its place and the targets
    beside it change nothing, and two targets that differ have independent numbers.
    """
    drawn = np.empty((count, len(measured), width))
    for row in range(len(measured)):
        digest = hashlib.blake2b(digest_size=16)
        for values in (measured.values[row], measured.auxiliary.values[row]):
            digest.update(np.ascontiguousarray(values).tobytes())
        words = np.frombuffer(digest.digest(), np.uint32)
        rng = np.random.default_rng(np.random.SeedSequence([seed, *words.tolist()]))
        drawn[:, row] = rng.standard_normal((count, width))
    return drawn
