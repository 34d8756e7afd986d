"""Noise drawn on inputs: on those of models, which hold none, and to see what errors of inputs do to a prediction."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.pipeline.learning import LearningData, LearningStep
    from specframe.pipeline.members import TrainingSet

__all__ = ["drawn_inputs", "is_noise_free", "noisy_copies", "with_observations"]

#: What ``attrs["noise"]`` of a variable says that holds none.
_ABSENT = "absent"


def is_noise_free(array: xr.DataArray) -> bool:
    """Whether a variable holds no noise, as the spectrum of a model does."""
    return array.attrs.get("noise") == _ABSENT


def with_observations(data: LearningData, seed: int) -> LearningData:
    """Return the data with what would be observed of targets whose inputs hold no noise.

    All steps that read the same variables see the same observation of a target.
    """
    observed = {
        step: next(iter(_drawn(X, _pairs(X, noise_free=True), 1, seed)))
        for step, X in data.collections.items()
        if _pairs(X, noise_free=True)
    }
    return replace(data, observed={**data.collections, **observed}) if observed else data


def noisy_copies(data: TrainingSet, count: int, seed: int, step: LearningStep) -> TrainingSet:
    """Return ``count`` copies of each target, each with noise of its own on the inputs that hold none.

    Copies of a target are in its group.
    """
    pairs = _pairs(data.X, noise_free=True)
    if not pairs:
        raise DataError(
            f"step {step.id!r} asks for noisy copies, but it reads nothing that holds no noise and whose errors are "
            "known: load a grid of models and say how noisy an observation is (calibrate: observation-noise), or "
            "remove noisy_copies"
        )
    copies = data.take(np.repeat(np.arange(len(data.groups)), count))
    targets = [f"{target}~{k % count}" for k, target in enumerate(copies.y["target"].values.astype(str))]
    X = next(iter(_drawn(_renamed(copies.X, targets), pairs, 1, seed)))
    return replace(copies, X=X, y=copies.y.assign_coords(target=targets))


def drawn_inputs(X: xr.DataTree, count: int, seed: int, step: LearningStep) -> Iterable[xr.DataTree]:
    """Yield the collection ``count`` times with each input drawn from a normal distribution around its value.

    A variable ``<name>`` is drawn where ``<name>_error`` stands beside it. What is drawn for a target depends on
    ``seed`` and its name, not on the targets around it.
    """
    pairs = _pairs(X)
    if not pairs:
        raise DataError(f"step {step.id!r} reads no input whose errors are known, so that none can be drawn")
    return _drawn(X, pairs, count, seed)


def _pairs(X: xr.DataTree, noise_free: bool = False) -> list[tuple[str, str, str]]:
    """Return node, name and error of the variables with errors, or of those among them that hold no noise."""
    return [
        (node.path, str(name), f"{name}_error")
        for node in X.subtree
        for name, array in node.to_dataset(inherit=False).data_vars.items()
        if f"{name}_error" in node.data_vars and (is_noise_free(array) or not noise_free)
    ]


def _drawn(X: xr.DataTree, pairs: list[tuple[str, str, str]], count: int, seed: int) -> Iterable[xr.DataTree]:
    targets = [str(target) for target in X.coords["target"].values]
    streams = [np.random.default_rng([seed, zlib.crc32(target.encode())]) for target in targets]
    for _ in range(count):
        drawn = X.copy()
        for path, name, error in pairs:
            values, sigma = _array(X, path, name), np.nan_to_num(_array(X, path, error).values)
            noise = np.stack([stream.standard_normal(values.shape[1:]) for stream in streams])
            attrs = {key: value for key, value in values.attrs.items() if key != "noise"}
            drawn[path][name] = values.copy(data=_added(values.values, sigma * noise)).drop_attrs().assign_attrs(attrs)
        yield drawn


def _renamed(X: xr.DataTree, targets: list[str]) -> xr.DataTree:
    import xarray as xr

    return xr.DataTree.from_dict(
        {node.path: node.to_dataset(inherit=False).assign_coords(target=targets) for node in X.subtree}
    )


def _added(values: NDArray[np.float64], noise: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(values + noise, dtype=values.dtype)


def _array(X: xr.DataTree, path: str, name: str) -> xr.DataArray:
    return cast("xr.DataTree", X[path]).dataset[name]
