"""Writes new errors into a prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import ContainerError
from specframe_uncertainty.residuals import spread_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["check_outputs", "with_errors"]


def check_outputs(prediction: xr.Dataset, fitted: Sequence[str], who: str) -> None:
    """Raise :class:`ContainerError` unless ``prediction`` has the outputs that were ``fitted``, in order."""
    outputs = [str(name) for name in prediction["output"].values]
    if outputs != list(fitted):
        at = next((i for i, (a, b) in enumerate(zip(outputs, fitted, strict=False)) if a != b), None)
        where = "" if at is None else f"; number {at} is {outputs[at]!r} instead of {fitted[at]!r}"
        raise ContainerError(
            f"{who}: it was fitted on {len(fitted)} outputs, the prediction has {len(outputs)}{where}; fit it again"
        )


def with_errors(
    prediction: xr.Dataset,
    std: Array,
    lower: Array,
    upper: Array,
    levels: Sequence[float],
    **attrs: Any,
) -> xr.Dataset:
    """Return a Prediction with ``std`` (n_target, n_output) and bounds (n_target, n_output, n_level).

    Bounds that were there are replaced. A covariance or samples keep their shape and are scaled to the new ``std``, as
    are its parts ``aleatoric`` and ``epistemic``, so that everything in the Prediction says the same. ``attrs`` go to
    ``std``.
    """
    units = {"units": prediction["mean"].attrs.get("units", "")}
    known = spread_of(prediction)
    rescaled: dict[str, Any] = {}
    if known is not None:
        # samples that are all equal cannot be spread; they stay as they are
        ratio = np.divide(std, known, out=np.ones_like(std), where=known > 0)
        if "covariance" in prediction:
            covariance = prediction["covariance"]
            rescaled["covariance"] = covariance.copy(data=covariance.values * ratio[:, :, None] * ratio[:, None, :])
        if "samples" in prediction:
            samples, mean = prediction["samples"], prediction["mean"].values
            rescaled["samples"] = samples.copy(data=mean + (samples.values - mean) * ratio)
        for part in ("aleatoric", "epistemic"):
            if part in prediction:
                rescaled[part] = prediction[part].copy(data=prediction[part].values * ratio)
    return (
        prediction.drop_vars(["lower", "upper", "level"], errors="ignore")
        .assign_coords(level=("level", np.asarray(levels, float)))
        .assign(
            std=(("target", "output"), std, {**units, **attrs}),
            lower=(("target", "output", "level"), lower, units),
            upper=(("target", "output", "level"), upper, units),
            **rescaled,
        )
    )
