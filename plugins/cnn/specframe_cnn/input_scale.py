"""Inputs in normalised units, as a network takes them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch

from specframe.errors import DataError
from specframe_cnn.curves import group_starts
from specframe_cnn.network.build import Shapes
from specframe_cnn.training.data import TensorData

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_cnn.measured import Measured

__all__ = ["InputScale", "outline", "with_missing_marked"]

#: A feature whose standard deviation is below this part of its size is constant but for rounding.
_CONSTANT = 1e-7
#: Groups of wavelengths or samples that a target's distance from the training set is measured on.
_SPECTRUM, _CURVE, _IMAGE = 512, 32, 12
#: More channels than this are averaged in groups for that.
_CHANNELS = 8
#: Targets at a time, to bound the memory it takes.
_ROWS = 32


@dataclass(frozen=True)
class InputScale:
    """Centre and scale of each channel (channel,) and of each auxiliary value (feature,), learned in training.

    Light curves have centre 0 and one scale for all of a variable: out of transit stays 0. Spectra and auxiliary
    values are standardised, spectra with one number for all wavelengths of a variable. A missing value becomes 0;
    with ``marked`` each channel has another one behind it, 1 where its values are missing.
    """

    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    scales_with_depth: NDArray[np.bool_]
    auxiliary_centre: NDArray[np.float64]
    auxiliary_inverse: NDArray[np.float64]
    size: NDArray[np.int64]
    marked: NDArray[np.bool_]
    auxiliary_marked: NDArray[np.int64]

    @classmethod
    def fit(cls, measured: Measured, mark: bool) -> Self:
        """Learn from the training set; ``mark`` has channels for missing values even if none is missing there."""
        n_channel = measured.values.shape[1]
        centre, scale = np.zeros(n_channel), np.ones(n_channel)
        missing = False
        for name in dict.fromkeys(measured.names):
            of_name = [i for i, other in enumerate(measured.names) if other == name]
            count, mean, square = _moments(measured.values, of_name)
            missing |= count < len(measured) * len(of_name) * int(np.prod(measured.values.shape[2:]))
            if measured.curve:
                spread = np.sqrt(square)
            else:
                centre[of_name] = mean
                spread = np.sqrt(max(square - mean**2, 0.0))
                if spread <= _CONSTANT * abs(mean):
                    spread = 0.0
            scale[of_name] = spread if spread > 0 else 1.0
        values = measured.auxiliary.values
        known = np.isfinite(values)
        count = np.maximum(known.sum(axis=0), 1)
        filled = np.where(known, values, 0.0)
        middle = filled.sum(axis=0) / count
        std = np.sqrt(np.where(known, np.square(filled - middle), 0.0).sum(axis=0) / count)
        varies = std > _CONSTANT * np.maximum(np.abs(middle), np.abs(filled).max(axis=0, initial=0.0))
        return cls(
            centre,
            scale,
            np.array([_proportional(measured, name) for name in measured.names]),
            middle,
            np.where(varies, 1.0 / np.where(varies, std, 1.0), 0.0),
            np.array(measured.values.shape[1:], np.int64),
            np.array([missing or mark]),
            np.flatnonzero(~known.all(axis=0) & varies),
        )

    def shapes(self, form: str) -> Shapes:
        """Return the shapes of what the network gets."""
        channels, *size = (int(number) for number in self.size)
        channels *= 2 if self.marked[0] else 1
        auxiliary = len(self.auxiliary_centre) + len(self.auxiliary_marked)
        if form == "series":
            return Shapes(series=(channels, size[0]), auxiliary=auxiliary)
        return Shapes(image=(channels, size[0], size[1]), auxiliary=auxiliary)

    def check(self, measured: Measured, name: str) -> None:
        """Raise :class:`DataError` unless inputs are of the shape that was learned."""
        got = (*measured.values.shape[1:], measured.auxiliary.values.shape[1])
        expected = (*(int(number) for number in self.size), len(self.auxiliary_centre))
        if got != expected:
            raise DataError(
                f"{name}: X has inputs of shape {got[:-1]} and {got[-1]} auxiliary values, but it was fitted with "
                f"{expected[:-1]} and {expected[-1]}: bring the data to the wavelengths and times of the training set"
            )

    def inputs(self, measured: Measured) -> dict[str, torch.Tensor]:
        """Return what the network gets of each target."""
        return self._tensors(measured)[0]

    def data(
        self, measured: Measured, labels: NDArray[np.float32], weight: NDArray[np.float32], label_offset: Any
    ) -> TensorData:
        """Return everything to train with."""
        form: str = measured.form
        inputs, masks = self._tensors(measured)
        axes = (1,) * (measured.values.ndim - 2)
        offset = np.where(self.scales_with_depth, self.centre / self.scale, np.nan)
        unmarked = np.full(inputs[form].shape[1] - len(offset), np.nan)
        offsets = {
            form: _tensor(np.concatenate([offset, unmarked]).reshape(1, -1, *axes)),
            "labels": _tensor(np.asarray(label_offset).reshape(1, -1)),
        }
        if "auxiliary" in inputs:
            scales = measured.auxiliary.scales & (self.auxiliary_inverse > 0)
            shift = np.where(scales, self.auxiliary_centre * self.auxiliary_inverse, np.nan)
            unmarked = np.full(len(self.auxiliary_marked), np.nan)
            offsets["auxiliary"] = _tensor(np.concatenate([shift, unmarked])[None])
        errors: dict[str, torch.Tensor] = {}
        if measured.errors is not None:
            noise = np.zeros(inputs[form].shape, np.float32)
            known = np.isfinite(measured.errors)
            scaled = measured.errors / self.scale.reshape(-1, *axes).astype(np.float32)
            noise[:, : len(self.scale)] = np.where(known, scaled, 0.0)
            errors = {form: torch.from_numpy(noise)}
        last = measured.values.ndim - 1
        wavelength_axis = {form: 2} if form == "image" else {form: 1} if measured.curve else {form: 2}
        return TensorData(
            inputs=inputs,
            labels=torch.from_numpy(labels),
            weight=torch.from_numpy(weight),
            errors=errors,
            masks=masks,
            offsets=offsets,
            time_axis={form: last} if measured.curve else {},
            wavelength_axis=wavelength_axis,
            scales={form: float(self.scale[0])} if measured.curve else {},
        )

    def state(self) -> dict[str, np.ndarray]:
        """Return arrays to be saved; the constructor takes them back."""
        return {name: np.asarray(value) for name, value in vars(self).items()}

    def _tensors(self, measured: Measured) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        axes = (1,) * (measured.values.ndim - 2)
        n, n_channel = measured.values.shape[:2]
        form: str = measured.form
        marked = bool(self.marked[0])
        values = np.empty((n, n_channel * (2 if marked else 1), *measured.values.shape[2:]), np.float32)
        inner = values[:, :n_channel]
        np.subtract(measured.values, self.centre.reshape(-1, *axes).astype(np.float32), out=inner)
        inner *= (1.0 / self.scale).reshape(-1, *axes).astype(np.float32)
        missing = ~np.isfinite(inner)
        inner[missing] = 0.0
        masks: dict[str, torch.Tensor] = {}
        if marked:
            values[:, n_channel:] = missing
            masks[form] = torch.from_numpy(np.concatenate([missing, np.zeros_like(missing)], axis=1))
        elif missing.any():
            masks[form] = torch.from_numpy(missing)
        inputs = {form: torch.from_numpy(values)}
        auxiliary = measured.auxiliary.values
        if auxiliary.shape[1]:
            absent = ~np.isfinite(auxiliary)
            standard = np.where(absent, 0.0, auxiliary - self.auxiliary_centre) * self.auxiliary_inverse
            inputs["auxiliary"] = _tensor(np.concatenate([standard, absent[:, self.auxiliary_marked]], axis=1))
        return inputs, masks


def outline(measured: Measured) -> NDArray[np.float64]:
    """Return a few numbers of each target (n, feature) in which an unusual one stands out, NaN where missing.

    These are averages over groups of neighbouring samples, and the auxiliary values.
    """
    number = _IMAGE if measured.form == "image" else _CURVE if measured.curve else _SPECTRUM
    groups = [min(_CHANNELS, measured.values.shape[1]), *[number] * (measured.values.ndim - 2)]
    starts = [group_starts(size, most) for size, most in zip(measured.values.shape[1:], groups, strict=True)]
    parts = [np.zeros((0, int(np.prod([len(start) for start in starts]))))]
    for first in range(0, len(measured), _ROWS):
        values = measured.values[first : first + _ROWS].astype(float)
        count = np.isfinite(values).astype(float)
        total = np.where(count > 0, values, 0.0)
        for axis, start in enumerate(starts, start=1):
            total, count = (np.add.reduceat(array, start, axis=axis) for array in (total, count))
        mean = np.where(count > 0, total / np.where(count > 0, count, 1.0), np.nan)
        parts.append(mean.reshape(len(mean), -1))
    return np.concatenate([np.concatenate(parts), measured.auxiliary.values], axis=1)


def with_missing_marked(data: TensorData, n_channel: int, form: str) -> TensorData:
    """Return a batch whose channels for missing values say again what is missing, after channels were masked."""
    if form not in data.masks or data.inputs[form].shape[1] == n_channel:
        return data
    values = data.inputs[form].clone()
    values[:, n_channel:] = data.masks[form][:, :n_channel].to(values.dtype)
    return replace(data, inputs={**data.inputs, form: values})


def _moments(values: NDArray[np.float32], channels: Sequence[int]) -> tuple[int, float, float]:
    """Return how many values there are, their mean and mean square; target by target, to save memory."""
    count, total, square = 0, 0.0, 0.0
    for row in values:
        chosen = row[channels]
        good = chosen[np.isfinite(chosen)].astype(float)
        count += good.size
        total += float(good.sum())
        square += float(np.square(good).sum())
    return count, total / max(count, 1), square / max(count, 1)


def _proportional(measured: Measured, name: str) -> bool:
    """Return whether a channel is proportional to the depth: relative flux - 1, and depths."""
    return measured.curve or name in ("depth", "")


def _tensor(values: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, np.float32))
