"""Inputs in normalised units, as a network takes them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

import numpy as np
import torch

from specframe.errors import DataError
from specframe_cnn.curves import group_starts
from specframe_cnn.network.build import Shapes
from specframe_cnn.network.components import Components, principal_components
from specframe_cnn.preparation import Preparation
from specframe_cnn.training.data import TensorData

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_cnn.measured import Measured
    from specframe_cnn.preparation import Rows, Transform

__all__ = ["InputScale", "ScaleOptions", "Scaling", "outline", "with_missing_marked"]

#: What spectra are centred and divided by; ``auto`` is ``common`` but for fluxes.
Scaling = Literal["auto", "wavelength", "min-max", "common", "none"]

#: A feature whose standard deviation is below this part of its size is constant but for rounding.
_CONSTANT = 1e-7
#: Groups of wavelengths or samples that a target's distance from the training set is measured on.
_SPECTRUM, _CURVE, _IMAGE = 512, 32, 12
#: More channels than this are averaged in groups for that.
_CHANNELS = 8
#: Targets at a time, to bound the memory it takes.
_ROWS = 32


class ScaleOptions(NamedTuple):
    """How inputs are scaled: see the parameters of the models. ``mark`` has channels for missing values in any case."""

    mark: bool
    scaling: Scaling = "common"
    rows: Rows = "none"
    transform: Transform = "none"
    components: int | None = None
    whitening: float = 1.0


@dataclass(frozen=True)
class InputScale:
    """Centre and scale of each channel (channel,) and of each auxiliary value (feature,), learned in training.

    Light curves have centre 0 and one scale for all of a variable: out of transit stays 0. Spectra and auxiliary
    values are standardised, spectra with one number for all wavelengths of a variable, or with a number for each
    wavelength: centre and scale are then (channel, length). What else is done to each spectrum is ``preparation``, and
    ``loadings``, ``weights`` and ``component_size`` are those of principal components. A missing value becomes 0; with
    ``marked`` each channel has another one behind it, 1 where its values are missing.
    """

    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    scales_with_depth: NDArray[np.bool_]
    auxiliary_centre: NDArray[np.float64]
    auxiliary_inverse: NDArray[np.float64]
    size: NDArray[np.int64]
    marked: NDArray[np.bool_]
    #: Whether training had gaps, or masks what it sees: then gaps may say something of their own.
    gaps: NDArray[np.bool_]
    auxiliary_marked: NDArray[np.int64]
    preparation: Preparation | None = None
    loadings: NDArray[np.float32] | None = None
    weights: NDArray[np.float32] | None = None
    component_size: NDArray[np.float32] | None = None

    @classmethod
    def fit(cls, measured: Measured, options: ScaleOptions) -> Self:
        """Learn from the training set."""
        mark, scaling, rows, transform, components, whitening = options
        given, n_channel = measured, measured.values.shape[1]
        preparation = None
        if not measured.curve and (rows != "none" or transform != "none"):
            spectra = np.array([not name.endswith("_error") for name in measured.names])
            preparation = Preparation.fit(measured.values, spectra, rows, transform)
            measured = replace(measured, values=preparation.numpy(measured.values))
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
        if not measured.curve:
            chosen = [_chosen(scaling, name) for name in measured.names]
            if set(chosen) != {"common"}:
                centre, scale = _by_wavelength(measured.values, chosen, centre, scale)
            if preparation is not None:
                preparation = preparation.scaled(centre, scale)
        values = measured.auxiliary.values
        known = np.isfinite(values)
        count = np.maximum(known.sum(axis=0), 1)
        filled = np.where(known, values, 0.0)
        middle = filled.sum(axis=0) / count
        std = np.sqrt(np.where(known, np.square(filled - middle), 0.0).sum(axis=0) / count)
        varies = std > _CONSTANT * np.maximum(np.abs(middle), np.abs(filled).max(axis=0, initial=0.0))
        made = cls(
            centre,
            scale,
            np.array([_proportional(measured, name) for name in measured.names]),
            middle,
            np.where(varies, 1.0 / np.where(varies, std, 1.0), 0.0),
            np.array(measured.values.shape[1:], np.int64),
            np.array([missing or mark or components is not None]),
            np.array([missing or mark]),
            np.flatnonzero(~known.all(axis=0) & varies),
            preparation,
        )
        if components is None or measured.form != "series" or not measured.values.size:
            return made
        standard = made.inputs(given)["series"][:, :n_channel].flatten(1).numpy()
        found = principal_components(standard, components, whitening)
        loadings, weights, size = (array.astype(np.float32) for array in found)
        return replace(made, loadings=loadings, weights=weights, component_size=size)

    def components(self) -> Components | None:
        """Return the layer of principal components, where there is one."""
        if self.loadings is None or self.weights is None or self.component_size is None:
            return None
        return Components(self.loadings, self.weights, self.component_size, told=bool(self.gaps[0]))

    @classmethod
    def from_state(cls, arrays: dict[str, np.ndarray], rows: Rows, transform: Transform) -> Self:
        """Make what :meth:`state` came from."""
        start = "preparation."
        own = {k.removeprefix(start): torch.from_numpy(a.copy()) for k, a in arrays.items() if k.startswith(start)}
        others = {name: array for name, array in arrays.items() if not name.startswith(start)}
        return cls(**others, preparation=Preparation(rows, transform, **own) if own else None)

    def shapes(self, form: str) -> Shapes:
        """Return the shapes of what the network gets."""
        channels, *size = (int(number) for number in self.size)
        channels *= 2 if self.marked[0] else 1
        auxiliary = len(self.auxiliary_centre) + len(self.auxiliary_marked)
        if not channels:
            return Shapes(auxiliary=auxiliary)
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

    def outline(self, measured: Measured) -> NDArray[np.float64]:
        """Return a few numbers of each target in which an unusual one stands out, see :func:`outline`."""
        if self.preparation is None:
            return outline(measured)
        plain = replace(self.preparation, centre=torch.zeros(1, 1), inverse=torch.ones(1, 1))
        return outline(replace(measured, values=plain.numpy(measured.values)))

    def data(
        self, measured: Measured, labels: NDArray[np.float32], weight: NDArray[np.float32], label_offset: Any
    ) -> TensorData:
        """Return everything to train with; what a preparation does is left to be done after noise was added."""
        form: str = measured.form
        inputs, masks = self._tensors(measured, unfinished=True)
        axes = (1,) * (measured.values.ndim - 2)
        offsets = {"labels": _tensor(np.asarray(label_offset).reshape(1, -1))}
        if self.scales_with_depth.any() and self.preparation is None:
            scales = self._by_channel(self.scales_with_depth, axes)
            offset = np.where(scales, self._by_channel(self.centre / self.scale, axes), np.nan)
            unmarked = np.full((inputs[form].shape[1] - len(offset), *offset.shape[1:]), np.nan)
            offsets[form] = _tensor(np.concatenate([offset, unmarked])[None])
        if "auxiliary" in inputs:
            scales = measured.auxiliary.scales & (self.auxiliary_inverse > 0)
            shift = np.where(scales, self.auxiliary_centre * self.auxiliary_inverse, np.nan)
            unmarked = np.full(len(self.auxiliary_marked), np.nan)
            offsets["auxiliary"] = _tensor(np.concatenate([shift, unmarked])[None])
        errors: dict[str, torch.Tensor] = {}
        if measured.errors is not None:
            noise = np.zeros(inputs[form].shape, np.float32)
            known = np.isfinite(measured.errors)
            unit = self.scale if self.preparation is None else self.preparation.level.numpy()
            scaled = measured.errors / self._by_channel(unit, axes).astype(np.float32)
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
            wavelength_axis={name: axis for name, axis in wavelength_axis.items() if name in inputs},
            scales={form: float(self.scale[0])} if measured.curve else {},
            finish={} if self.preparation is None else {form: self.preparation},
        )

    def state(self) -> dict[str, np.ndarray]:
        """Return arrays to be saved; the constructor takes them back."""
        arrays = {
            name: np.asarray(value) for name, value in vars(self).items() if name != "preparation" and value is not None
        }
        if self.preparation is not None:
            own = self.preparation.tensors()
            arrays |= {f"preparation.{name}": value.numpy() for name, value in own.items()}
        return arrays

    @staticmethod
    def _by_channel(values: NDArray[Any], axes: tuple[int, ...]) -> NDArray[Any]:
        """Let ``values`` (channel,) or (channel, length) broadcast against those of a target."""
        return values.reshape(-1, *axes) if values.ndim == 1 else values

    def _tensors(
        self, measured: Measured, unfinished: bool = False
    ) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        axes = (1,) * (measured.values.ndim - 2)
        n, n_channel = measured.values.shape[:2]
        if not n_channel:
            return self._auxiliary(measured), {}
        form: str = measured.form
        marked = bool(self.marked[0])
        values = np.empty((n, n_channel * (2 if marked else 1), *measured.values.shape[2:]), np.float32)
        inner = values[:, :n_channel]
        if self.preparation is None:
            np.subtract(measured.values, self._by_channel(self.centre, axes).astype(np.float32), out=inner)
            inner *= self._by_channel(1.0 / self.scale, axes).astype(np.float32)
        elif unfinished:
            np.divide(measured.values, self.preparation.level.numpy(), out=inner)
        else:
            inner[...] = self.preparation.numpy(measured.values)
        missing = ~np.isfinite(inner)
        inner[missing] = 0.0
        masks: dict[str, torch.Tensor] = {}
        if marked:
            values[:, n_channel:] = missing
            masks[form] = torch.from_numpy(np.concatenate([missing, np.zeros_like(missing)], axis=1))
        elif missing.any():
            masks[form] = torch.from_numpy(missing)
        return {form: torch.from_numpy(values), **self._auxiliary(measured)}, masks

    def _auxiliary(self, measured: Measured) -> dict[str, torch.Tensor]:
        values = measured.auxiliary.values
        if not values.shape[1]:
            return {}
        absent = ~np.isfinite(values)
        standard = np.where(absent, 0.0, values - self.auxiliary_centre) * self.auxiliary_inverse
        return {"auxiliary": _tensor(np.concatenate([standard, absent[:, self.auxiliary_marked]], axis=1))}


def outline(measured: Measured) -> NDArray[np.float64]:
    """Return a few numbers of each target (n, feature) in which an unusual one stands out, NaN where missing.

    These are averages over groups of neighbouring samples, and the auxiliary values.
    """
    if not measured.values.size:
        return measured.auxiliary.values
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


def _chosen(scaling: Scaling, name: str) -> str:
    """Return what ``auto`` stands for."""
    if scaling != "auto":
        return scaling
    return "wavelength" if name == "flux" else "common"


def _by_wavelength(
    values: NDArray[np.float32], chosen: Sequence[str], centre: NDArray[np.float64], scale: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return centre and scale of each channel and wavelength; those that are ``common`` have been learned."""
    shape = values.shape[1:]
    centre, scale = (np.repeat(one[:, None], shape[1], axis=1) for one in (centre, scale))
    for channel, how in enumerate(chosen):
        if how == "none":
            centre[channel], scale[channel] = 0.0, 1.0
        elif how != "common":
            rows = values[:, channel].astype(float)
            known = np.isfinite(rows)
            count = np.maximum(known.sum(axis=0), 1)
            filled = np.where(known, rows, 0.0)
            middle = filled.sum(axis=0) / count
            size = np.abs(filled).max(axis=0, initial=0.0)
            if how == "wavelength":
                spread = np.sqrt(np.where(known, np.square(filled - middle), 0.0).sum(axis=0) / count)
            else:
                some = known.any(axis=0)
                middle = np.where(some, np.where(known, rows, np.inf).min(axis=0, initial=np.inf), 0.0)
                spread = np.where(some, np.where(known, rows, -np.inf).max(axis=0, initial=-np.inf), 0.0) - middle
            # at a constant wavelength there is nothing to learn: 0 in training, and in units of its size elsewhere
            centre[channel] = middle
            scale[channel] = np.where(spread > _CONSTANT * size, spread, np.where(size > 0, size, 1.0))
    return centre, scale


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
