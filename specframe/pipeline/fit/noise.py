"""Noise drawn on inputs: on those of models, which hold none, and to see what errors of inputs do to a prediction."""

from __future__ import annotations

import logging
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.pipeline.fit.learning import LearningData, LearningStep
    from specframe.pipeline.fit.members import TrainingSet

__all__ = ["drawn_inputs", "is_noise_free", "noise_ratio", "noisy_copies", "with_observations"]

_LOG = logging.getLogger(__name__)

#: What ``attrs["noise"]`` of a variable says that holds none.
_ABSENT = "absent"


def is_noise_free(array: xr.DataArray) -> bool:
    """Whether a variable holds no noise, as the spectrum of a model does."""
    return array.attrs.get("noise") == _ABSENT


def with_observations(data: LearningData, seed: int) -> LearningData:
    """Return the data with what would be observed of targets whose inputs hold no noise.

    All steps that read the same variables see the same observation of a target. A warning tells of inputs whose noise
    nobody stated: what is judged on them are not observations.
    """
    for step, X in data.collections.items():
        silent = [
            name for path, name, error in _pairs(X, noise_free=True) if not np.nan_to_num(_array(X, path, error)).any()
        ]
        if silent:
            _LOG.warning(
                "step %r: %s holds no noise, and nothing says how noisy observations are: scores and error bars are "
                "those of spectra without noise (calibrate: observation-noise says it)",
                step,
                " and ".join(dict.fromkeys(silent)),
            )
    drawn: dict[int, xr.DataTree] = {}
    for X in data.collections.values():  # steps that read the same share it
        pairs = _pairs(X, noise_free=True)
        if pairs and id(X) not in drawn:
            drawn[id(X)] = next(iter(_drawn(X, pairs, 1, seed)))
    observed = {step: drawn[id(X)] for step, X in data.collections.items() if id(X) in drawn}
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


def noise_ratio(X: xr.DataTree, like: xr.DataTree) -> NDArray[np.float64]:
    """Return how noisy inputs of targets are, in units of the noise that a model was fitted for, shape (n_target,).

    ``like`` has the inputs of one target that it was fitted on. Where these hold no noise, the errors of both are
    compared, pixel by pixel: of depths as they are, of others relative to the mean of what they belong to. The median
    over pixels is taken, and the largest over variables; NaN where it cannot be told.
    """
    n_target = X.coords["target"].size
    largest = np.full(n_target, np.nan)
    for path, name, error in _pairs(like, noise_free=True):
        if path not in X.groups or error not in X[path].data_vars:
            continue
        theirs = _relative_errors(X, path, name)
        ours = _relative_errors(like, path, name)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = theirs / ours
        known = np.isfinite(theirs) & np.isfinite(ours) & ~np.isnan(ratio)
        for i in np.flatnonzero(known.any(axis=1)):
            largest[i] = np.fmax(largest[i], np.median(ratio[i, known[i]]))
    return largest


def _relative_errors(X: xr.DataTree, path: str, name: str) -> NDArray[np.float64]:
    """Return errors (n_target, n_value), of anything but depths and logarithms over the mean of what they belong to."""
    values, sigma = _array(X, path, name), _array(X, path, f"{name}_error")
    rows = values.values.reshape(len(values), -1).astype(float)
    errors = sigma.values.reshape(len(sigma), -1).astype(float)
    if name == "depth" or values.attrs.get("transform"):
        return errors
    finite = np.isfinite(rows)
    level = np.where(finite, np.abs(rows), 0.0).sum(axis=1) / np.maximum(finite.sum(axis=1), 1)
    return np.asarray(errors / np.where(level > 0.0, level, np.nan)[:, None])


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
