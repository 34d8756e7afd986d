"""Training data as tensors, in normalised units, with what an augmentation must know about them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, Self

from specframe.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor, device

__all__ = ["Finish", "TensorData"]


class Finish(Protocol):
    """What is still to be done to an input after its noise: it depends on all values of a target, or is not linear."""

    def __call__(self, values: Tensor, missing: Tensor | None) -> Tensor:
        """Return ``values`` (n, ...) as the network takes them, 0 where ``missing`` (of the same shape)."""
        ...

    def to(self, where: device) -> Finish:
        """Return it on a device."""
        ...

    def tensors(self) -> dict[str, Tensor]:
        """Return what it depends on."""
        ...


@dataclass(frozen=True)
class TensorData:
    """Inputs and labels of ``n`` targets, float32 unless said otherwise. An axis counts the leading ``n`` as axis 0.

    Attributes
    ----------
    inputs
        What the network gets, as many as there are of ``series`` (n, channel, length), ``image`` (n, channel,
        wavelength, time) and ``auxiliary`` (n, feature). A missing value is 0.
    labels
        Standardised, (n, output).
    weight
        Of each target, mean 1, (n,).
    errors
        Standard deviation of the noise of an input, at its true level and in its units; 0 where there is none.
        Shape as the input or broadcastable to it with a leading ``n``.
    masks
        Bool, shape as the input, True where a value is missing.
    offsets
        Of each input that scales with the transit depth, and of ``labels``: what must be added to the normalised
        values to make them proportional to the depth; broadcastable to them, without a leading ``n`` or with one of
        length 1. NaN: that element does not scale, nor does it drift or count as a channel of wavelength (a
        temperature among auxiliary values, a channel that marks missing values). An input that is not named does not
        scale.
    time_axis, wavelength_axis
        The axis of an input along which there is time, or wavelength.
    scales
        What 1 in an input's normalised unit is in its own: relative flux, for light curves. 1 where not named.
    finish
        Of each input that is not as the network takes it: what makes it so, after everything random is done to it.
    """

    inputs: dict[str, Tensor]
    labels: Tensor
    weight: Tensor
    errors: dict[str, Tensor] = field(default_factory=dict)
    masks: dict[str, Tensor] = field(default_factory=dict)
    offsets: dict[str, Tensor] = field(default_factory=dict)
    time_axis: dict[str, int] = field(default_factory=dict)
    wavelength_axis: dict[str, int] = field(default_factory=dict)
    scales: dict[str, float] = field(default_factory=dict)
    finish: dict[str, Finish] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.labels.shape[0])

    def take(self, index: Tensor) -> Self:
        """Return the targets at ``index`` (int64), as a copy."""
        return replace(
            self,
            inputs={name: values.index_select(0, index) for name, values in self.inputs.items()},
            labels=self.labels.index_select(0, index),
            weight=self.weight.index_select(0, index),
            errors={name: values.index_select(0, index) for name, values in self.errors.items()},
            masks={name: values.index_select(0, index) for name, values in self.masks.items()},
        )

    def to(self, where: device) -> Self:
        """Return all tensors on a device."""

        def moved(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
            return {name: values.to(where) for name, values in tensors.items()}

        return replace(
            self,
            inputs=moved(self.inputs),
            labels=self.labels.to(where),
            weight=self.weight.to(where),
            errors=moved(self.errors),
            masks=moved(self.masks),
            offsets=moved(self.offsets),
            finish={name: finish.to(where) for name, finish in self.finish.items()},
        )

    def finished(self) -> Self:
        """Return the inputs as the network takes them."""
        done = {name: finish(self.inputs[name], self.masks.get(name)) for name, finish in self.finish.items()}
        return replace(self, inputs={**self.inputs, **done}, finish={}) if done else self

    def bare(self) -> Self:
        """Return only what the network and its loss need, without what augmentations do."""
        return replace(self.finished(), errors={}, masks={}, offsets={})

    def check(self, what: str) -> None:
        """Raise :class:`~specframe.errors.DataError` when a value is not finite, or no target has any weight.

        ``what`` names the data.
        """
        if not len(self):
            return
        if not float(self.weight.sum()) > 0.0:
            raise DataError(f"{what}: all {len(self)} targets have weight 0; at least one must count")
        for name, values in {**self.inputs, "labels": self.labels, "weight": self.weight}.items():
            bad = ~values.isfinite().reshape(len(self), -1).all(dim=1)
            if bool(bad.any()):
                raise DataError(
                    f"{what}: {name} of {int(bad.sum())} of {len(self)} targets are not finite, the first at index "
                    f"{int(bad.nonzero()[0, 0])}; missing inputs are to be 0 and named in masks"
                )
