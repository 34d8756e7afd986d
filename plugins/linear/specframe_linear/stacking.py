"""The model ``stacking``."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from specframe.api import (
    FeatureSpace,
    Model,
    Outputs,
    design_matrix,
    grouped_folds,
    label_groups,
    label_matrix,
    target_order,
    training_weights,
    weight_vector,
    workspace,
)
from specframe.errors import DataError
from specframe_linear.held_out import label_folds
from specframe_linear.label_scale import LabelScale
from specframe_linear.members import Members
from specframe_linear.params import StackingParams
from specframe_linear.ridge import Ridge
from specframe_linear.stack_weights import StackMoments, StackWeights

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

__all__ = ["Stacking"]

_LOG = logging.getLogger(__name__)
_MIN_TARGETS = 5
_FOLDS = 5
#: What ``shrinkage: auto`` tries, in units of the members' mean squared error.
_SHRINKAGES = (0.001, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0)
#: How far stated errors may decide: the power of their inverse variance.
_POWERS = (0.0, 0.5, 1.0)
#: A stated error counts as between a tenth of its member's geometric mean and ten times it.
_RANGE = 100.0
#: How far errors may follow the members' spread and stated errors: parts of the variance.
_FOLLOWING = (0.0, 0.25, 0.5, 0.75, 0.95)


class Stacking(Model):
    """An average of other models, with weights learned from their out-of-fold predictions.

    Wolpert (1992, Neural Networks 5, 241); weights of at least 0 that sum to 1 (Breiman 1996, Machine Learning 24, 49),
    shrunk towards equal ones as far as targets held out ask for it. In a pipeline it is built on models with
    ``from: [a, b]`` and finds their predictions in the collection's node ``predictions``. By hand, an array (n_target,
    n_member, n_output) holds members, as does a matrix with ``n_output`` features for each of two members or more; of
    any other matrix it is a :class:`Ridge`.

    Where members state their errors, weights of a target are multiplied with a power of the inverse variances relative
    to what is typical of each member: 0 (not at all), 1/2 or 1, whichever is best for targets held out. A member that
    is missing for a target is left out of its average.

    ``std`` is learned too: a part of its square follows how much members differ for a target and what errors they
    state, the rest is the same for all targets; part and size are those under which residuals of held-out targets are
    the most likely. Members out of fold are by models fitted to fewer targets, so errors come out slightly large.

    Notes
    -----
    ``mean = sum_m w_m prediction_m`` with ``w_m >= 0`` and ``sum_m w_m = 1``.

    References
    ----------
    - Wolpert 1992, Neural Networks 5, 241, doi:10.1016/S0893-6080(05)80023-1
    - Breiman 1996, Machine Learning 24, 49, doi:10.1007/BF00117832
    """

    name = "stacking"
    Params: ClassVar[type[StackingParams]] = StackingParams
    params: StackingParams

    _outputs: Outputs | None = None
    _linear: Ridge | None = None
    _names: tuple[str, ...] = ()
    _power: float = 0.0
    _shrinkage: float = 0.0
    _arrays: dict[str, NDArray[Any]]
    _space: FeatureSpace
    _fitted_weights: StackWeights

    @property
    def weights(self) -> xr.DataArray:
        """The members' weights ``(member, output)``; before ``fit`` :class:`~specframe.errors.NotFittedError`."""
        import xarray as xr

        if self._outputs is None:
            raise self._not_fitted()
        if self._linear is not None:
            raise DataError(f"{self.name}: it was fitted on features that are no predictions, so there are no members")
        coords = {"member": list(self._names), "output": list(self._outputs.names)}
        return xr.DataArray(self._fitted_weights.weight, dims=("member", "output"), coords=coords)

    def fit(
        self, X: Any, y: xr.DataArray | ArrayLike, *, sample_weight: ArrayLike | None = None, seed: int = 0
    ) -> Self:
        """Learn weights; see :class:`~specframe.api.Model`.

        Raises
        ------
        DataError
            When members predict other outputs than the labels, labels are not finite, or fewer than five targets have
            a prediction.
        """
        outputs = Outputs.of(y)
        members = Members.read(X, len(outputs.names), who=self.name)
        if members is None:
            self._linear = Ridge().fit(X, y, sample_weight=sample_weight, seed=seed)
            self._fit_linear_error(X, y, sample_weight, seed)
            self._outputs, self._names = outputs, ()
            return self
        targets = _targets(X)
        labels = label_matrix(y, targets, named="target" in getattr(X, "coords", ()))
        known = np.isfinite(members.values).any(axis=(1, 2))
        weight = training_weights(self.name, targets, known, sample_weight, needs="predictions", at_least=_MIN_TARGETS)
        order = target_order(members.matrix, labels, weight.astype(np.float32))
        order = order[weight[order] > 0]
        folds = _folds(y, labels, targets, order, seed)
        members, labels, weight = members.take(order), labels[order], weight[order]
        self._linear, self._outputs, self._names = None, outputs, members.names
        self._space = FeatureSpace.fit(members.matrix, weight)
        scale = LabelScale.of(labels, weight)
        self._arrays = {"label_mean": scale.mean, "label_std": scale.std, "typical": _typical(members.errors)}
        self._learn(members, labels, weight, scale.rounding, folds)
        total = self._fitted_weights.weight.mean(axis=1)
        said = ", ".join(f"{name} {w:.3f}" for name, w in zip(self._names, total, strict=True))
        line = f"weights {said}; shrinkage {self._shrinkage:g}, inverse variance to the power {self._power:g}"
        _LOG.info("%s: %s", self.name, line)
        workspace().tell(line)
        return self

    def _learn(self, members: Members, labels: Array, weight: Array, rounding: Array, folds: NDArray[np.intp]) -> None:
        shrinkages = _SHRINKAGES if self.params.shrinkage == "auto" else (float(self.params.shrinkage),)
        stated = np.isfinite(members.errors).any() and self.params.errors == "auto" and self.params.method == "simplex"
        powers = _POWERS if stated else (0.0,)
        filled = members.filled()
        # an output counts relative to how well members know it, whatever its unit
        size = np.maximum(np.sqrt(np.mean(np.square(filled - labels[:, None]), axis=(0, 1))), rounding)
        best, residual, raw = np.inf, np.zeros_like(labels), np.zeros_like(labels)
        moments = [self._moments(filled, labels, weight, folds != fold) for fold in range(folds.max() + 1)]
        for shrinkage in shrinkages:
            fits = [moment.weights(shrinkage) for moment in moments]
            for power in powers:
                mean, spread = np.empty_like(labels), np.empty_like(labels)
                for fold, fit in enumerate(fits):
                    out = folds == fold
                    mean[out], spread[out] = self._combine(members.take(out), fit, power)
                loss = float(np.average(np.square((mean - labels) / size).mean(axis=1), weights=weight))
                if loss < best:
                    best, residual, raw = loss, mean - labels, spread
                    self._shrinkage, self._power = shrinkage, power
        everything = np.ones(len(labels), bool)
        self._fitted_weights = self._moments(filled, labels, weight, everything).weights(self._shrinkage)
        self._arrays |= _error_model(residual, raw, weight, rounding)

    def _moments(self, filled: Array, labels: Array, weight: Array, use: NDArray[np.bool_]) -> StackMoments:
        params = self.params
        shared = params.weights == "shared"
        return StackMoments.of(filled[use], labels[use], weight[use], params.method, shared, params.remove_bias)

    def _combine(self, members: Members, weights: StackWeights, power: float) -> tuple[Array, Array]:
        """Return the combination, and the variance that members' spread and stated errors suggest."""
        known = np.isfinite(members.values)
        typical = self._arrays["typical"]
        errors = np.where(np.isfinite(members.errors) & (members.errors > 0), members.errors, typical)
        precision = np.where(typical > 0, np.square(typical / np.where(errors > 0, errors, 1.0)), 1.0)
        relative = np.clip(precision, 1.0 / _RANGE, _RANGE) ** power
        filled = members.filled()
        mean, share = weights.combine(filled, known, relative)
        apart = np.square(filled - weights.bias - mean[:, None]) + np.square(errors)
        return mean, (share * apart).sum(axis=1)

    def predict(self, X: Any) -> xr.Dataset:
        """Return a Prediction with ``mean``, ``std``, ``extrapolating`` and ``distance``; see :class:`Model`."""
        if self._outputs is None:
            raise self._not_fitted()
        if self._linear is not None:
            prediction = self._linear.predict(X)
            std = np.broadcast_to(self._arrays["scale"], prediction["mean"].shape)
            return prediction.assign(std=(("target", "output"), std.copy(), prediction["mean"].attrs))
        members = Members.read(X, len(self._outputs.names), self._names, self.name)
        if members is None or members.names != self._names:
            there = len(members.names) if members is not None else "no"
            raise DataError(
                f"{self.name}: X has {there} members, but it was fitted with {len(self._names)}: "
                f"{', '.join(self._names)}"
            )
        mean, raw = self._combine(members, self._fitted_weights, self._power)
        arrays = self._arrays
        relative = np.where(arrays["raw"] > 0, raw / np.where(arrays["raw"] > 0, arrays["raw"], 1.0), 1.0)
        std = arrays["scale"] * np.sqrt(1.0 - arrays["following"] + arrays["following"] * relative)
        nothing = ~np.isfinite(members.values).any(axis=1)  # (n_target, n_output)
        mean, std = np.where(nothing, arrays["label_mean"], mean), np.where(nothing, arrays["label_std"], std)
        matrix = members.matrix
        return self._outputs.prediction(
            _targets(X),
            mean,
            std,
            extrapolating=("target", self._space.extrapolates(matrix)),
            distance=("target", self._space.distance(matrix)),
        )

    def _fit_linear_error(self, X: Any, y: Any, sample_weight: Any, seed: int) -> None:
        """Learn the error of the ridge from targets that are held out."""
        matrix, targets = design_matrix(X)
        labels = label_matrix(y, targets, named="target" in getattr(X, "coords", ()))
        weight = weight_vector(sample_weight, len(targets))
        folds = label_folds(labels, _FOLDS, seed)
        residual = np.zeros_like(labels)
        for fold in range(folds.max() + 1):
            out = folds == fold
            if (~out).sum() >= _MIN_TARGETS:
                ridge = Ridge().fit(matrix[~out], labels[~out], sample_weight=weight[~out])
                residual[out] = ridge.predict(matrix[out])["mean"].values - labels[out]
            else:
                residual[out] = labels[out] - labels.mean(axis=0)
        scale = np.sqrt(np.average(np.square(residual), axis=0, weights=weight))
        self._arrays = {"scale": np.maximum(scale, LabelScale.of(labels, weight).rounding)}

    def get_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return weights, the sizes of errors and the members' names."""
        if self._outputs is None:
            raise self._not_fitted()
        arrays = {f"learned.{name}": np.asarray(value) for name, value in self._arrays.items()}
        values: dict[str, Any] = {"outputs": self._outputs.values(), "members": list(self._names)}
        if self._linear is not None:
            inner, more = self._linear.get_state()
            return {**arrays, **{f"linear.{n}": a for n, a in inner.items()}}, {**values, "linear": more}
        weights = self._fitted_weights
        arrays |= {f"weights.{name}": getattr(weights, name) for name in ("weight", "bias", "intercept")}
        arrays |= {f"space.{name}": np.asarray(value) for name, value in vars(self._space).items()}
        return arrays, {
            **values,
            "averages": weights.averages,
            "power": self._power,
            "shrinkage": self._shrinkage,
            "linear": None,
        }

    def set_state(self, arrays: dict[str, np.ndarray], values: dict[str, Any]) -> None:
        """Take what :meth:`get_state` returned."""

        def part(prefix: str) -> dict[str, np.ndarray]:
            return {k.removeprefix(prefix): a for k, a in arrays.items() if k.startswith(prefix)}

        self._outputs, self._names = Outputs.from_values(values["outputs"]), tuple(values["members"])
        self._arrays = part("learned.")
        self._linear = None
        if values["linear"] is not None:
            self._linear = Ridge()
            self._linear.set_state(part("linear."), values["linear"])
            return
        self._fitted_weights = StackWeights(**part("weights."), averages=values["averages"])
        self._power, self._shrinkage = values["power"], values["shrinkage"]
        self._space = FeatureSpace(**part("space."))


def _targets(X: Any) -> list[str]:
    """Return the names of the targets in ``X``, as :func:`~specframe.api.design_matrix` does."""
    coords = getattr(X, "coords", {})
    if "target" in coords:
        return [str(name) for name in coords["target"].values]
    return [str(i) for i in range(len(X))]


def _folds(y: Any, labels: Array, targets: list[str], order: NDArray[np.intp], seed: int) -> NDArray[np.intp]:
    """Return the fold of each target in ``order``: by the labels' groups where they have some, else by the labels."""
    if "group" in getattr(y, "coords", ()):
        groups = label_groups(y, targets)[order]
        count = min(_FOLDS, len(np.unique(groups)))
        if count > 1:
            fold = np.empty(len(order), np.intp)
            for k, (_, out) in enumerate(grouped_folds(groups, count, seed)):
                fold[out] = k
            return fold
    return label_folds(labels[order], _FOLDS, seed)


def _typical(errors: Array) -> Array:
    """Return the geometric mean of the errors that each member states for each output, 0 where it states none."""
    known = np.isfinite(errors) & (errors > 0)
    count = known.sum(axis=0)
    mean = np.log(np.where(known, errors, 1.0)).sum(axis=0) / np.maximum(count, 1)
    return np.where(count > 0, np.exp(mean), 0.0)


def _error_model(residual: Array, raw: Array, weight: Array, rounding: Array) -> dict[str, NDArray[Any]]:
    """Return how errors follow ``raw`` variances, so that held-out residuals are the most likely.

    ``std = scale (n_output,) sqrt(1 - following + following raw / mean raw)``.
    """
    typical = np.average(raw, axis=0, weights=weight)
    relative = np.where(typical > 0, raw / np.where(typical > 0, typical, 1.0), 1.0)
    best, chosen, scale = np.inf, 0.0, rounding
    for following in _FOLLOWING:
        shape = 1.0 - following + following * relative
        variance = np.maximum(np.average(np.square(residual) / shape, axis=0, weights=weight), np.square(rounding))
        # the quadratic term is the same for all, as the scale is the most likely one
        loss = float(np.average((np.log(variance) + np.log(shape)).mean(axis=1), weights=weight))
        if loss < best:
            best, chosen, scale = loss, following, np.sqrt(variance)
    return {"raw": typical, "scale": scale, "following": np.asarray(chosen)}
