"""Random changes of training batches that leave true what the labels say."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch

from specframe.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from specframe_cnn.training.data import TensorData
    from specframe_cnn.training.params import AugmentationParams

__all__ = ["Augmentation"]


class Augmentation:
    """Changes the targets of a batch at random, each on its own, as :class:`AugmentationParams` say.

    In this order: depths are scaled, drifts and noise added, time is turned, channels and bands are taken for missing,
    and what depends on a whole input is done to it (:class:`~specframe_cnn.training.data.Finish`). Values that are
    missing stay 0.
    """

    def __init__(self, params: AugmentationParams) -> None:
        self.params = params

    @property
    def active(self) -> bool:
        """Whether anything is changed at all."""
        p = self.params
        return any((p.time_flip, p.noise, p.drift, p.channel_masking, p.band_masking, p.depth_scaling))

    def check(self, data: TensorData) -> None:
        """Raise :class:`~specframe.errors.UsageError` when ``data`` lack what a change that is asked for needs."""
        p = self.params
        timed = [name for name in data.inputs if name in data.time_axis]
        scaled = [name for name in data.inputs if name in data.offsets]
        along = [name for name in data.inputs if name in data.wavelength_axis]
        needs = {
            "time_flip": (p.time_flip, timed, "an input with a time axis"),
            "drift": (p.drift, timed, "an input with a time axis"),
            "noise": (p.noise, [n for n in data.errors if bool((data.errors[n] > 0).any())], "inputs with errors"),
            "channel_masking": (p.channel_masking, along, "an input with a wavelength axis"),
            "band_masking": (p.band_masking, along, "an input with a wavelength axis"),
            "depth_scaling": (
                p.depth_scaling,
                scaled if "labels" in data.offsets else [],
                "labels that are transit depths, and light curves or measured depths among the inputs",
            ),
        }
        for name, (amount, found, what) in needs.items():
            if amount and not found:
                raise UsageError(f"augment.{name} (={amount:g}) needs {what}, which there is none of: set it to 0")

    def __call__(self, batch: TensorData, generator: torch.Generator) -> TensorData:
        """Return the changed batch; ``batch`` itself stays as it is. ``generator`` decides everything random."""
        p = self.params
        if p.depth_scaling or p.noise:
            batch = _rescaled(batch, p.depth_scaling, p.noise, generator)
        if p.drift:
            batch = _drifted(batch, p, generator)
        if p.time_flip:
            batch = _flipped(batch, p.time_flip, generator)
        if p.channel_masking:
            batch = _thinned(batch, p.channel_masking, generator)
        if p.band_masking:
            batch = _without_bands(batch, p.band_masking, p.band_width, generator)
        missing = {name: mask for name, mask in batch.masks.items() if name in batch.inputs}
        inputs = {
            name: values.masked_fill(missing[name], 0.0) for name, values in batch.inputs.items() if name in missing
        }
        return replace(batch, inputs={**batch.inputs, **inputs}).finished()


def _uniform(shape: tuple[int, ...], generator: torch.Generator, like: Tensor) -> Tensor:
    return torch.rand(shape, generator=generator, device=generator.device, dtype=like.dtype).to(like.device)


def _normal(shape: tuple[int, ...] | torch.Size, generator: torch.Generator, like: Tensor) -> Tensor:
    return torch.randn(shape, generator=generator, device=generator.device, dtype=like.dtype).to(like.device)


def _per_target(values: Tensor, like: Tensor) -> Tensor:
    """Let ``values`` (n,) broadcast against ``like`` (n, ...)."""
    return values.reshape(-1, *(1,) * (like.ndim - 1))


def _rescaled(batch: TensorData, spread: float, noise: float, generator: torch.Generator) -> TensorData:
    """Multiply depths by a factor of each target, and add noise.

    Scaling by k leaves noise of variance k^2; (1 - k^2) is added back where k < 1, so that no curve is cleaner than
    the telescope can make it.
    """
    factor = None
    labels = batch.labels
    inputs = dict(batch.inputs)
    if spread:
        span = 2.0 * _uniform((len(batch),), generator, labels) - 1.0
        factor = torch.exp(np.log1p(spread) * span)
        labels = _scaled(labels, batch.offsets["labels"], factor)
    for name in sorted(inputs):
        values, offset = inputs[name], batch.offsets.get(name)
        added = torch.full((1,), noise**2, dtype=values.dtype, device=values.device)
        if factor is not None and offset is not None:
            lost = (1.0 - _per_target(factor, values) ** 2).clamp(min=0.0)
            added = added + torch.where(torch.isnan(offset), 0.0, lost)
            values = _scaled(values, offset, factor)
        if name in batch.errors and (noise or offset is not None):
            values = values + batch.errors[name] * added.sqrt() * _normal(values.shape, generator, values)
        inputs[name] = values
    return replace(batch, inputs=inputs, labels=labels)


def _scaled(values: Tensor, offset: Tensor, factor: Tensor) -> Tensor:
    """Multiply what ``values`` + ``offset`` is proportional to; an offset of NaN leaves a value as it is."""
    scaled = (values + offset) * _per_target(factor, values) - offset
    return torch.where(torch.isnan(offset), values, scaled)


def _drifted(batch: TensorData, params: AugmentationParams, generator: torch.Generator) -> TensorData:
    """Add Legendre polynomials in time, the same for all inputs of a target, partly proportional to wavelength.

    The polynomials are normalised on the continuous interval, so that a drift looks the same in any binning.
    """
    order, colour = params.drift_order, params.drift_colour
    labels = batch.labels
    amplitude = params.drift / order**0.5
    grey = (1.0 - colour**2) ** 0.5 * amplitude * _normal((len(batch), order), generator, labels)
    tilted = colour * amplitude * _normal((len(batch), order), generator, labels)
    inputs = dict(batch.inputs)
    for name, axis in sorted(batch.time_axis.items()):
        if name not in inputs:
            continue
        values = inputs[name]
        basis = _polynomials(values.shape[axis], order).to(values)
        drift = _along(grey @ basis, values, axis)
        across = batch.wavelength_axis.get(name)
        if across is not None and colour:
            here = _channels(batch, name, across)
            tilt = values.new_zeros(1, len(here))
            tilt[:, here] = _polynomials(int(here.sum()), 1).to(values)
            drift = drift + _along(tilted @ basis, values, axis) * _along(tilt, values, across)
        drift = drift / batch.scales.get(name, 1.0)
        if name in batch.offsets:
            drift = torch.where(torch.isnan(batch.offsets[name]), 0.0, drift)
        inputs[name] = values + drift
    return replace(batch, inputs=inputs)


def _channels(batch: TensorData, name: str, axis: int) -> Tensor:
    """Return which positions of the wavelength axis are wavelengths, not marks or the like: whose offset is no NaN."""
    values = batch.inputs[name]
    there = torch.ones(values.shape[axis], dtype=torch.bool, device=values.device)
    if name not in batch.offsets:
        return there
    scales = ~torch.isnan(batch.offsets[name]).expand(1, *values.shape[1:])
    return there & scales.movedim(axis, 0).flatten(1).any(dim=1)


def _along(rows: Tensor, like: Tensor, axis: int) -> Tensor:
    """Give ``rows`` (n or 1, length) the axes of ``like``, their length at ``axis``."""
    shape = [1] * like.ndim
    shape[0], shape[axis] = rows.shape
    return rows.reshape(shape)


@lru_cache(maxsize=32)
def _polynomials(length: int, order: int) -> Tensor:
    """Return Legendre polynomials 1 to ``order``, of unit rms, at the centres of bins of [-1, 1]: (order, length)."""
    centres = (2.0 * np.arange(length) + 1.0) / length - 1.0
    rows = np.polynomial.legendre.legvander(centres, order).T[1:]
    rows *= np.sqrt(2.0 * np.arange(1, order + 1) + 1.0)[:, None]
    return torch.from_numpy(rows)


def _flipped(batch: TensorData, probability: float, generator: torch.Generator) -> TensorData:
    """Let time run backwards in all inputs of some targets, with their errors and masks."""
    turned = _uniform((len(batch),), generator, batch.labels) < probability

    def turn(arrays: dict[str, Tensor]) -> dict[str, Tensor]:
        return {
            name: torch.where(_per_target(turned, values), values.flip(batch.time_axis[name]), values)
            if name in batch.time_axis
            else values
            for name, values in arrays.items()
        }

    return replace(batch, inputs=turn(batch.inputs), errors=turn(batch.errors), masks=turn(batch.masks))


def _thinned(batch: TensorData, probability: float, generator: torch.Generator) -> TensorData:
    """Take channels of wavelength for missing, but never all of a target."""
    masks = dict(batch.masks)
    for name, axis in sorted(batch.wavelength_axis.items()):
        if name not in batch.inputs:
            continue
        values = batch.inputs[name]
        channels = _channels(batch, name, axis)
        lost = (_uniform((len(batch), len(channels)), generator, values) < probability) & channels
        lost &= ~(lost == channels).all(dim=1, keepdim=True)
        here = _along(lost, values, axis)
        masks[name] = (masks[name] | here) if name in masks else here.expand(values.shape)
    return replace(batch, masks=masks)


def _without_bands(batch: TensorData, probability: float, widest: float, generator: torch.Generator) -> TensorData:
    """Take a band of neighbouring wavelengths for missing in some targets, at most ``widest`` of all of them."""
    masks = dict(batch.masks)
    for name, axis in sorted(batch.wavelength_axis.items()):
        if name not in batch.inputs:
            continue
        values = batch.inputs[name]
        channels = _channels(batch, name, axis)
        chance, width, start = _uniform((3, len(batch), 1), generator, values)
        number = channels.sum()
        # at least one wavelength, and never all
        width = (width * widest * number).ceil().clamp(min=1).minimum(number - 1)
        start = (start * (number - width + 1)).floor()
        position = channels.cumsum(0) - 1
        lost = (position >= start) & (position < start + width) & channels & (chance < probability)
        here = _along(lost, values, axis)
        masks[name] = (masks[name] | here) if name in masks else here.expand(values.shape)
    return replace(batch, masks=masks)
