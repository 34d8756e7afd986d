"""What is known of each target, in a form of its own: nothing here depends on other targets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from specframe.api import target_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_cnn.variables import Variable

__all__ = ["Auxiliary", "Measured", "depth_like", "logarithmic"]


@dataclass(frozen=True)
class Auxiliary:
    """Values of each target (n, feature), NaN where missing, and which of them are proportional to its depth."""

    values: NDArray[np.float64]
    scales: NDArray[np.bool_]

    @classmethod
    def none(cls, n: int) -> Self:
        """Return no values for ``n`` targets."""
        return cls(np.zeros((n, 0)), np.zeros(0, bool))

    @classmethod
    def of(cls, variable: Variable) -> Self:
        """Take all values of a variable; of errors their logarithms."""
        values = np.asarray(variable.values, float).reshape(len(variable.values), -1)
        if variable.name.endswith("_error"):
            values = logarithmic(values)
        return cls(values, np.full(values.shape[1], depth_like(variable)))

    @classmethod
    def join(cls, parts: Sequence[Auxiliary]) -> Self:
        """Put them side by side."""
        return cls(np.concatenate([p.values for p in parts], axis=1), np.concatenate([p.scales for p in parts]))


@dataclass(frozen=True)
class Measured:
    """Inputs of a network before anything is scaled that other targets have a say in.

    ``values`` is ``series`` (n, channel, length) or ``image`` (n, channel, wavelength, time), float32, NaN where
    missing, and ``errors`` the noise of it where it is known. ``names (channel,)`` are those of the variables: equal
    ones are scaled alike. ``curve`` says that they are light curves, 0 out of transit; else they are spectra. ``unit``
    (n,) is what labels of each target are counted in. ``noise_free (channel,)`` says which channels hold no noise:
    an observation of them has that of their errors.
    """

    targets: list[str]
    form: Literal["series", "image"]
    curve: bool
    values: NDArray[np.float32]
    errors: NDArray[np.float32] | None
    names: tuple[str, ...]
    auxiliary: Auxiliary
    unit: NDArray[np.float64]
    noise_free: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def known(self) -> NDArray[np.bool_]:
        """Return which targets have any input (n,)."""
        some = np.array([bool(np.isfinite(row).any()) for row in self.values])
        return some | np.isfinite(self.auxiliary.values).any(axis=1)

    def take(self, index: NDArray[np.intp]) -> Self:
        """Return some targets, as a copy."""
        return replace(
            self,
            targets=[self.targets[i] for i in index],
            values=self.values[index],
            errors=None if self.errors is None else self.errors[index],
            auxiliary=replace(self.auxiliary, values=self.auxiliary.values[index]),
            unit=self.unit[index],
        )

    def observed(self, seed: int) -> Self:
        """Return the targets as they would be observed: with noise drawn once on channels that hold none."""
        if self.noise_free is None or self.errors is None or not self.noise_free.any():
            return self
        rng = np.random.default_rng(seed)
        shape = (self.values.shape[0], int(self.noise_free.sum()), *self.values.shape[2:])
        values = self.values.copy()
        values[:, self.noise_free] += self.errors[:, self.noise_free] * rng.standard_normal(shape, np.float32)
        return replace(self, values=values)

    def order(self, labels: NDArray[np.float64], weight: NDArray[np.float32]) -> NDArray[np.intp]:
        """Return an order of the targets that depends on what is known of each, not on how they were given."""
        known = (self.values, self.auxiliary.values, self.unit, labels, weight)
        return target_order(*known) if self.errors is None else target_order(*known, self.errors)


def depth_like(variable: Variable) -> bool:
    """Return whether values are proportional to the depth."""
    return variable.name in ("depth", "white_depth", "") or variable.node == "predictions"


def logarithmic(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the decimal logarithm of positive values, NaN of others: errors spread over decades."""
    positive = np.isfinite(values) & (values > 0)
    return np.where(positive, np.log10(np.where(positive, values, 1.0)), np.nan)
