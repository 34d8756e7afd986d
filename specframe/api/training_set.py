"""Which targets of a training set are learned from, and in which order."""

from __future__ import annotations

import hashlib
import logging
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.outputs import weight_vector
from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["target_order", "training_weights"]

_LOG = logging.getLogger(__name__)


def training_weights(
    who: str,
    targets: Sequence[str],
    has_inputs: ArrayLike,
    sample_weight: ArrayLike | None,
    *,
    needs: str = "inputs",
    at_least: int = 3,
) -> NDArray[np.float64]:
    """Return what each target counts (n_target,): 0 where nothing can be learned from it, else with a mean of 1.

    Targets without inputs are named in the log, as a warning.

    Parameters
    ----------
    who
        The model's name, for messages.
    targets, has_inputs
        Names of the targets, and whether anything is known of each (n_target,).
    sample_weight
        Weights (n_target,) as ``fit`` got them; ``None`` for equal ones.
    needs
        What a target has to have, in the plural, for messages.
    at_least
        How many targets the model needs.

    Raises
    ------
    DataError
        When fewer than ``at_least`` targets have both inputs and a weight above 0, or weights are no weights.
    """
    weight_vector(sample_weight, len(targets))  # refuses what are no weights
    weight = np.ones(len(targets)) if sample_weight is None else np.array(sample_weight, float)
    there = np.asarray(has_inputs, bool)
    if not there.all():
        names = ", ".join(target for target, known in zip(targets, there, strict=True) if not known)
        _LOG.warning("%s: targets without any %s are left out of the fit: %s", who, needs.removesuffix("s"), names)
    weight[~there] = 0.0
    count = np.count_nonzero(weight)
    if count < at_least:
        raise DataError(f"{who}: {count} targets with {needs} to learn from, expected at least {at_least}")
    # a sum that is rounded once, so that the order of the targets changes no bit of it
    return weight / (math.fsum(weight) / count)


def target_order(*known: NDArray[Any]) -> NDArray[np.intp]:
    """Return an order of the targets that depends on what is known of each, not on how they were given.

    A model that puts its training set into this order, before it adds up, draws or splits anything, learns the same
    to the last bit in whatever order targets are given.

    ``known`` are arrays of any type with leading dim ``target``: inputs, labels, weights. Give weights in single
    precision (``training_weights(...).astype("f4")``), in which they are the same if all are given ten times as large.
    Targets of which the same is known stay in the order in which they are. Whatever changes a bit of what is known,
    other units for instance, gives another order, as another seed gives other draws.
    """
    keys = []
    for row in range(len(known[0])):
        digest = hashlib.blake2b(digest_size=16)  # of long inputs no copy is kept
        for values in known:
            digest.update(np.ascontiguousarray(values[row]).tobytes())
        keys.append(digest.digest())
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.intp)
