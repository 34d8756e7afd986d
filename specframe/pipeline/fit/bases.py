"""What models build on: the predictions of earlier models, and the depths that a detrender measured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import ContainerError, DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.pipeline.fit.learning import LearningData, LearningStep

__all__ = ["Base", "base_of", "error_weights", "inputs_of", "measured_base", "outputs_of"]

_NODE = "/predictions"


@dataclass(frozen=True)
class Base:
    """Values ``(target, output)`` that an earlier step states, and its standard deviations where it knows them."""

    mean: xr.DataArray
    std: xr.DataArray | None = None
    #: How far each target (n_target,) is from what the earlier step was fitted on, and whether that is beyond it.
    distance: xr.DataArray | None = None
    extrapolating: xr.DataArray | None = None

    def add_to(self, prediction: xr.Dataset) -> xr.Dataset:
        """Return the prediction of a residual as one of the labels.

        A ``std`` of the residual's model is that of the sum: what it learned from had the base's error in it. Where
        the model states none, the base's stands. A target is as far out as the farther of both says.
        """
        shift = {n: prediction[n] + self.mean for n in ("mean", "lower", "upper", "samples") if n in prediction}
        dims = {name: prediction[name].dims for name in shift}
        attrs = {name: prediction[name].attrs for name in shift}
        whole = prediction.assign({n: a.transpose(*dims[n]).assign_attrs(attrs[n]) for n, a in shift.items()})
        if self.std is not None and not {"std", "covariance", "lower", "samples"} & set(prediction):
            whole["std"] = prediction["mean"].copy(data=self.std.values)
        for name, other, larger in (
            ("distance", self.distance, np.maximum),
            ("extrapolating", self.extrapolating, np.logical_or),
        ):
            if other is not None:
                own = prediction[name].values if name in prediction else other.values
                whole[name] = ("target", larger(own, other.values))
        return whole


def base_of(step: LearningStep, data: LearningData, predicted: Mapping[str, xr.Dataset], like: xr.DataArray) -> Base:
    """Return what the source of a residual says of the targets of ``data``, on the outputs of ``like``.

    ``predicted`` has the predictions of earlier models by step; any other source is the detrender.
    """
    return _stated(step.sources[0], step, data, predicted, like)


def outputs_of(data: LearningData, labels: xr.DataArray) -> xr.DataArray:
    """Return NaN for the targets of ``data`` on the outputs of ``labels``, which has at least one target."""
    row = labels.isel(target=np.zeros(len(data.targets), dtype=np.intp)).assign_coords(target=list(data.targets))
    return row.drop_vars("group", errors="ignore").copy(data=np.full(row.shape, math.nan))


def inputs_of(
    step: LearningStep, data: LearningData, predicted: Mapping[str, xr.Dataset], like: xr.DataArray
) -> xr.DataTree:
    """Return the collection that a model reads: with its sources' predictions, unless it learns their residual."""
    import xarray as xr

    collection = data.collections[step.id]
    if not step.sources or step.learns == "residual":
        return collection
    variables = {}
    for source in step.sources:
        base = _stated(source, step, data, predicted, like)
        variables[source] = base.mean
        if base.std is not None:
            variables[f"{source}_error"] = base.std
    node = xr.Dataset({name: (("target", "output"), array.values) for name, array in variables.items()})
    node = node.assign_coords(target=list(data.targets), output=like["output"].values)
    return xr.DataTree.from_dict({**{path: tree.to_dataset() for path, tree in _nodes(collection)}, _NODE: node})


def error_weights(step: LearningStep, data: LearningData) -> NDArray[np.float64] | None:
    """Return the weight of each target (n_target,) by its measured errors; ``None`` where all count the same.

    1 / (s^2 + m), with s the rms error of the target's depths and m the median of s^2 over targets: what a model gets
    wrong beside the noise is not known yet, and pure 1 / s^2 would leave the fit to a few bright stars.
    """
    if step.weights == "equal":
        return None
    if data.depth_errors is None:
        raise DataError(
            f"step {step.id!r} weights targets by their errors, but no detrend step measured errors of the depths: "
            "add one, or leave 'weights' out"
        )
    errors = data.depth_errors.values
    with np.errstate(invalid="ignore"):
        variance = np.nanmean(np.where(np.isfinite(errors), errors, np.nan) ** 2, axis=1)
    known = np.isfinite(variance)
    if not known.any():
        raise DataError(f"step {step.id!r} weights targets by their errors, but no target has any")
    variance = np.where(known, variance, np.nanmax(variance))
    weight: NDArray[np.float64] = 1.0 / (variance + np.median(variance))
    return weight


def measured_base(data: LearningData, like: xr.DataArray) -> Base | None:
    """Return the measured depths on the outputs of ``like``; ``None`` where there are none that could be meant."""
    if data.depths is None:
        return None
    try:
        return _measured("", "", data, like)
    except ContainerError:
        return None


def _stated(
    source: str, step: LearningStep, data: LearningData, predicted: Mapping[str, xr.Dataset], like: xr.DataArray
) -> Base:
    if source in predicted:
        said = predicted[source]
        return Base(said["mean"], said.get("std"), said.get("distance"), said.get("extrapolating"))
    if data.depths is None:
        raise ContainerError(f"step {step.id!r} builds on {source!r}, which measured no depths")
    return _measured(f"step {step.id!r}", source, data, like)


def _measured(where: str, source: str, data: LearningData, like: xr.DataArray) -> Base:
    """Return the detrender's depths: by wavelength, or their mean for a single output."""
    assert data.depths is not None
    depths = data.depths
    errors = None if data.depth_errors is None else data.depth_errors.values
    if like.sizes["output"] == 1:
        std = None
        if errors is not None:
            count = np.maximum(np.isfinite(errors).sum(axis=1), 1)
            std = like.copy(data=_known_errors(np.sqrt(np.nansum(errors**2, axis=1))[:, None] / count[:, None]))
        return Base(like.copy(data=depths.mean("wavelength").values[:, None]), std)
    if "wavelength" not in like.coords:
        raise ContainerError(f"{where} builds on depths, but its outputs have no wavelength")
    wanted, there = like["wavelength"].values, depths["wavelength"].values
    nearest = np.abs(there[None, :] - wanted[:, None]).argmin(axis=1)
    gap = np.abs(there[nearest] - wanted)
    spacing = np.median(np.diff(np.sort(wanted)))
    if np.any(gap > spacing / 2):
        at = int(gap.argmax())
        raise ContainerError(
            f"{where}: output {like['output'].values[at]} is at {wanted[at]:g} um, but the nearest depth that "
            f"{source!r} measured is at {there[nearest[at]]:g} um"
        )
    values = depths.values[:, nearest]
    bad = ~np.isfinite(values)
    if bad.any():
        # a channel without a depth starts from the mean of the target's others
        values = np.where(bad, np.nanmean(np.where(bad, math.nan, values), axis=1, keepdims=True), values)
    std = None if errors is None else like.copy(data=_known_errors(np.where(bad, np.nan, errors[:, nearest])))
    return Base(like.copy(data=values), std)


def _known_errors(errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fill errors that are not known with the largest of the target, or of all."""
    known = np.isfinite(errors) & (errors > 0)
    row = np.where(known, errors, 0.0).max(axis=1, keepdims=True)
    filled = np.where(known, errors, np.where(row > 0, row, row.max(initial=0.0)))
    return np.where(filled > 0, filled, np.finfo(float).tiny)


def _nodes(tree: xr.DataTree) -> list[tuple[str, xr.DataTree]]:
    return [(node.path, node) for node in tree.subtree]
