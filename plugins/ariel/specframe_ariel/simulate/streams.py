"""Independent random streams: a stream depends on the seed and its own key, never on what was drawn before."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

__all__ = ["Stream", "stream"]


class Stream(IntEnum):
    """First part of a key: what is drawn."""

    IDENTITY = 0
    STAR = 1
    PLANET = 2
    VISITS = 3
    ORBIT_PHASE = 4
    ADC = 5
    CALIBRATION = 6
    SYSTEMATICS = 7
    NOISE = 8
    POINTING = 9
    COSMIC_RAYS = 10
    CALIBRATION_NOISE = 11
    STAR_ORBIT = 12
    OWN_ORBIT = 13


def stream(seed: int, kind: Stream, *key: int) -> np.random.Generator:
    """Return the generator of ``kind`` and ``key``, e.g. the target's index, instrument and visit."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(kind), *key)))
