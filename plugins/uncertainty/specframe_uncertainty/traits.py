"""What a prediction tells of a target besides its values, for errors that differ between targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from specframe.errors import DataError
from specframe_uncertainty.parts import stated_std

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["TraitSpace", "traits_of"]

#: Outputs from which on their scatter within a target says something.
_SPECTRUM = 3
#: Traits that differ by less than this part of their size between targets are constant but for rounding.
_CONSTANT = 1e-9


def traits_of(prediction: xr.Dataset, wanted: Sequence[str] | None = None, who: str = "traits") -> dict[str, Array]:
    """Return traits by name, each (n_target, n_output).

    ``mean``: the prediction; ``scatter``: the logarithm of how much it differs between the outputs of a target, where
    there are three or more; ``std``, ``measured-error`` and ``distance``: the logarithms of the error stated, of that
    of the depth measured there (``measured_error``, from the pipeline) and of the distance from the training set, if
    any.
    With ``wanted`` these and no others; raises :class:`DataError` for one that is not there.
    """
    mean = np.asarray(prediction["mean"].values, float)
    tiny = np.finfo(float).tiny
    found = {"mean": mean}
    if mean.shape[1] >= _SPECTRUM:
        scatter = mean.std(axis=1, keepdims=True)
        found["scatter"] = np.broadcast_to(np.log(np.maximum(scatter, tiny)), mean.shape)
    std = stated_std(prediction)
    if std is not None:
        found["std"] = np.log(np.maximum(std, tiny))
    if "measured_error" in prediction:
        measured = np.asarray(prediction["measured_error"].values, float)
        found["measured-error"] = np.log(np.where(measured > 0, measured, np.nan))
    if "distance" in prediction:
        distance = np.asarray(prediction["distance"].values, float)[:, None]
        found["distance"] = np.broadcast_to(np.log(np.maximum(distance, tiny)), mean.shape)
    if wanted is None:
        return found
    missing = [name for name in wanted if name not in found]
    if missing:
        raise DataError(
            f"{who}: it learned how errors follow {', '.join(missing)}, which this prediction does not state; "
            "apply it to predictions of the model that it was fitted on"
        )
    return {name: found[name] for name in wanted}


@dataclass(frozen=True)
class TraitSpace:
    """Traits of the training set: their ``centre``, ``scale`` and range ``low`` to ``high``, each (n_output, n_trait).

    Beyond the range, where nothing was learned, a trait counts as at its end. One that is constant counts as 0.
    """

    names: tuple[str, ...]
    centre: Array
    scale: Array
    low: Array
    high: Array
    degree: int = 1

    @classmethod
    def fit(cls, traits: dict[str, Array], degree: int = 1) -> Self:
        """Measure traits (n_target, n_output)."""
        values = np.stack(list(traits.values()), axis=-1)  # (n_target, n_output, n_trait)
        known = np.isfinite(values)
        values = np.where(known, values, 0.0)
        count = np.maximum(known.sum(axis=0), 1)
        centre = values.sum(axis=0) / count
        scale = np.sqrt((np.square(values - centre) * known).sum(axis=0) / count)
        scale = np.where(scale > _CONSTANT * np.abs(centre), scale, np.inf)
        standard = np.where(known, (values - centre) / scale, 0.0)
        return cls(tuple(traits), centre, scale, standard.min(axis=0), standard.max(axis=0), degree)

    def terms(self, traits: dict[str, Array]) -> Array:
        """Return the terms of a polynomial in standardised traits, shape (n_target, n_output, n_term)."""
        values = np.stack([traits[name] for name in self.names], axis=-1)
        standard = np.where(np.isfinite(values), (np.nan_to_num(values) - self.centre) / self.scale, 0.0)
        standard = np.clip(standard, self.low, self.high)
        if self.degree == 1:
            return np.asarray(standard)
        varies = np.isfinite(self.scale)
        return np.concatenate([standard, np.where(varies, np.square(standard) - 1.0, 0.0)], axis=-1)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return its arrays; :meth:`from_arrays` is the inverse."""
        return {f"traits.{name}": getattr(self, name) for name in ("centre", "scale", "low", "high")}

    @classmethod
    def from_arrays(cls, names: Sequence[str], arrays: dict[str, NDArray[Any]], degree: int) -> Self:
        """Take what :meth:`arrays` returned, other arrays beside it."""
        kept = {name: arrays[f"traits.{name}"] for name in ("centre", "scale", "low", "high")}
        return cls(tuple(names), **kept, degree=degree)
