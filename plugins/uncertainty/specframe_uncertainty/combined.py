"""What estimators that see draws of a prediction share: one rule by which the draws' spread joins other errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from scipy.special import ndtri

from specframe.api import Uncertainty
from specframe.errors import DataError
from specframe_uncertainty.draw_covariance import shrunk_correlation
from specframe_uncertainty.params import CombinedParams
from specframe_uncertainty.parts import Parts, resolution, stated_bounds
from specframe_uncertainty.spread import (
    ManyDraws,
    combined_scale,
    convolved_quantile,
    degrees_of_freedom,
    student_factor,
    student_half,
)

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Combined"]

#: From so many draws on, bounds are quantiles of the draws: the 2.5 % quantile of 50 lies between the first two.
_MANY = 50
#: Bounds that are symmetric to this part, and as wide as std says, are those of a normal error.
_NORMAL = 1e-6


class Combined(Uncertainty):
    """Turns ``samples`` into errors; nothing is learned, so that no out-of-fold predictions are needed.

    ``std`` is the spread of the draws joined with the std that there was (``combine``), times what few draws leave
    open: the sum has the degrees of freedom of Welch and Satterthwaite, and ``std`` is Student's standard deviation for
    these, so that errors in units of it have variance 1. With 5 draws and nothing else it is 1.41 times their spread,
    with 30 1.04 times; less where other errors are larger. Below 3 degrees of freedom, where there is no variance, the
    factor stays at 1.73.

    ``aleatoric`` and ``epistemic`` are the two parts, ``std^2`` the sum of their squares: the spread goes to the part
    that :attr:`part` names, what was there stays what it was. ``lower`` and ``upper`` are about ``mean``: quantiles of
    the draws, each convolved with the earlier error, or half widths of Student's t. An earlier error with bounds that
    are not normal keeps their shape: it is joined in quadrature on either side.
    """

    learns: ClassVar[bool] = False
    Params: ClassVar[type[CombinedParams]] = CombinedParams
    params: CombinedParams
    #: Which part of the error the draws show.
    part: ClassVar[Literal["epistemic", "aleatoric"]] = "epistemic"

    def fit(self, prediction: xr.Dataset, truth: xr.DataArray, *, seed: int = 0) -> Self:
        """Return self; there is nothing to learn."""
        return self

    def get_state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return nothing: all that it does follows from its parameters."""
        return {}, {}

    def set_state(self, arrays: dict[str, NDArray[Any]], values: dict[str, Any]) -> None:
        """Take what ``get_state`` returned."""

    def apply(self, prediction: xr.Dataset) -> xr.Dataset:
        """Return the prediction with ``std``, its parts, ``lower`` and ``upper``, from its ``samples``.

        Raises
        ------
        DataError
            When the prediction has no samples, or fewer than two.
        """
        import xarray as xr

        draws = ManyDraws.of(self._samples(prediction), self._factor(prediction.sizes.get("sample", 0)))
        combine = self.params.combine
        before = Parts.of(prediction)
        earlier = np.zeros_like(before.std) if combine == "replace" else before.std
        scale = combined_scale(before.std, draws.std, combine)
        counted = np.where(scale > earlier, draws.std, 0.0)  # of a maximum, the draws count only where they win
        degrees = degrees_of_freedom(len(draws.deviations), counted, scale)
        std = np.maximum(scale * student_factor(degrees), resolution(prediction))

        units = {"units": prediction["mean"].attrs.get("units", "")}
        variables: dict[str, Any] = {
            "std": (("target", "output"), std, {**units, "method": self.name, "draws": len(draws.deviations)})
        }
        for name, values in self._parts(before, std).items():
            variables[name] = (("target", "output"), values, units)
        below, above = self._bounds(prediction, earlier, draws, scale, degrees)
        mean = prediction["mean"].values[..., None]
        variables["lower"] = (("target", "output", "level"), mean - below, units)
        variables["upper"] = (("target", "output", "level"), mean + above, units)
        if self.params.covariance or "covariance" in prediction:
            variables["covariance"] = (
                ("target", "output", "output_other"),
                self._covariance(prediction, earlier, draws, std),
            )
        if self.params.samples:
            ratio = np.divide(std, draws.std, out=np.zeros_like(std), where=draws.std > 0)
            variables["samples"] = (
                ("sample", "target", "output"),
                prediction["mean"].values + draws.deviations * ratio,
                units,
            )
        level = xr.DataArray(np.asarray(self.params.levels, float), dims="level")
        dropped = ["lower", "upper", "level", "samples", "sample"]
        return prediction.drop_vars(dropped, errors="ignore").assign_coords(level=level).assign(variables)

    def _samples(self, prediction: xr.Dataset) -> Array:
        count = prediction.sizes.get("sample", 0) if "samples" in prediction else 0
        if count < 2:
            raise DataError(
                f"{self.name}: expected at least two samples (sample, target, output) in the prediction, got {count}; "
                "a pipeline draws them from the model before, by hand give the prediction its draws"
            )
        samples = np.asarray(prediction["samples"].transpose("sample", "target", "output").values, float)
        if not np.isfinite(samples).all():
            bad = np.flatnonzero(~np.isfinite(samples).all(axis=(0, 2)))
            raise DataError(
                f"{self.name}: samples must be finite, but those of {len(bad)} targets are not, the first "
                f"{prediction['target'].values[bad[0]]!s}"
            )
        return samples

    def _factor(self, draws: int) -> float:
        """Return what deviations of the draws are multiplied with to be errors of the prediction."""
        return 1.0

    def _parts(self, before: Parts, std: Array) -> dict[str, Array]:
        kept = before.aleatoric if self.part == "epistemic" else before.epistemic
        if self.params.combine == "replace":
            kept = np.zeros_like(std)
        shown = np.sqrt(np.maximum(np.square(std) - np.square(kept), 0.0))
        other = "aleatoric" if self.part == "epistemic" else "epistemic"
        return {self.part: shown, other: np.minimum(kept, std)}

    def _bounds(
        self, prediction: xr.Dataset, earlier: Array, draws: ManyDraws, scale: Array, degrees: Array
    ) -> tuple[Array, Array]:
        """Return how far bounds are below and above the mean, both (n_target, n_output, n_level)."""
        by_draws = self.params.interval == "draws" or (
            self.params.interval == "auto" and len(draws.deviations) >= _MANY
        )
        sides: tuple[list[Array], list[Array]] = ([], [])
        for level in self.params.levels:
            normal = float(ndtri(0.5 + 0.5 * level)) * earlier
            stated = stated_bounds(prediction, level) if self.params.combine != "replace" else None
            shaped = stated is not None and any(np.any(np.abs(h - normal) > _NORMAL * normal) for h in stated)
            for side, sign in enumerate((-1.0, 1.0)):
                tail = 0.5 + sign * 0.5 * level
                before = stated[side] if shaped and stated is not None else normal
                if not by_draws:
                    spread = np.maximum(student_half(degrees, level) * draws.std, 0.0)
                    if not shaped:
                        half = student_half(degrees, level) * scale
                    elif self.params.combine == "maximum":
                        half = np.maximum(before, spread)
                    else:
                        half = np.hypot(before, spread)
                elif self.params.combine == "maximum":
                    half = np.maximum(before, sign * draws.quantile(tail))
                elif shaped:
                    half = np.hypot(before, np.maximum(sign * draws.quantile(tail), 0.0))
                else:
                    half = sign * convolved_quantile(draws, earlier, tail)
                sides[side].append(half)
        return np.stack(sides[0], axis=-1), np.stack(sides[1], axis=-1)

    def _covariance(self, prediction: xr.Dataset, earlier: Array, draws: ManyDraws, std: Array) -> Array:
        """Return the covariance of the draws and of what there was, with the variances that ``std`` says."""
        n, o = std.shape
        total = np.empty((n, o, o))
        known = prediction["covariance"].values if "covariance" in prediction else None
        for i in range(n):
            size = draws.std[i]
            matrix = shrunk_correlation(draws.deviations[:, i]) * (size[:, None] * size)
            if self.params.combine != "replace":
                matrix = matrix + (np.diag(np.square(earlier[i])) if known is None else known[i])
            root = np.sqrt(np.maximum(np.diagonal(matrix), np.finfo(float).tiny))
            total[i] = matrix / (root[:, None] * root) * (std[i][:, None] * std[i])
            total[i][np.arange(o), np.arange(o)] = np.square(std[i])
        return total
