"""One model of a pipeline, fitted: once, or as often as ensembles and draws need."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from specframe.api.prediction import validate_prediction
from specframe.api.splits import grouped_folds
from specframe.api.workspaces import working_in, workspace
from specframe.errors import ContainerError, DataError, UsageError
from specframe.pipeline.fit.bases import Base, base_of, inputs_of, outputs_of
from specframe.pipeline.fit.kept_fits import keep_fit, kept_fit
from specframe.pipeline.fit.learning import LearningStep, blamed_on
from specframe.pipeline.fit.noise import drawn_inputs, noisy_copies
from specframe.pipeline.stages.keys import seed_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api.draws import Draws
    from specframe.api.model import Model
    from specframe.pipeline.fit.learning import LearningData

__all__ = ["FittedModel", "Part", "Plan", "TrainingSet", "fit_part"]

#: Seconds of a fit that is kept on disk: saving one takes some 10 ms.
_LONG = 1.0


@dataclass(frozen=True)
class Plan:
    """How often a model is fitted, and what for."""

    #: The ensemble whose mean is the prediction: draws from ``seeds`` or ``folds``.
    ensemble: Draws | None = None
    #: Bootstrap samples of the targets.
    resampled: int = 0
    #: Whether the inner folds' models are kept, to predict new targets too.
    keeps_folds: bool = False

    @classmethod
    def of(cls, estimators: Iterable[LearningStep]) -> Plan:
        """Return what uncertainty steps need of the model that they judge."""
        wanted = [draws for step in estimators if (draws := step.draws()) is not None]
        return cls(
            ensemble=next((draws for draws in wanted if draws.source in ("seeds", "folds")), None),
            resampled=max((draws.count for draws in wanted if draws.source == "targets"), default=0),
            keeps_folds=any(draws.source == "out-of-fold" for draws in wanted),
        )

    def parts(self) -> list[Part]:
        """Return the fits of the model."""
        members = 1 if self.ensemble is None else self.ensemble.count
        return [*(Part("members", k) for k in range(members)), *(Part("resampled", k) for k in range(self.resampled))]


@dataclass(frozen=True)
class Part:
    """One of the fits of a model."""

    use: Literal["members", "resampled"]
    number: int

    @property
    def stream(self) -> tuple[str | int, ...]:
        """What tells its random numbers from those of the others."""
        if self.use == "resampled":
            return ("resampled", self.number)
        return ("member", self.number) if self.number else ()


@dataclass(frozen=True)
class TrainingSet:
    """What a model is fitted on."""

    X: xr.DataTree
    y: xr.DataArray
    groups: NDArray[Any]
    #: Weight of each target (n_target,), ``None`` for all the same.
    weight: NDArray[np.float64] | None = None

    def take(self, index: NDArray[np.intp]) -> TrainingSet:
        """Return some of its targets."""
        weight = None if self.weight is None else self.weight[index]
        return TrainingSet(self.X.isel(target=index), self.y.isel(target=index), self.groups[index], weight)


@dataclass
class FittedModel:
    """A model step, fitted on one set of targets."""

    step: LearningStep
    #: One, or the members of an ensemble.
    members: list[Model] = field(default_factory=list)
    resampled: list[Model] = field(default_factory=list)
    #: The models of the inner folds, in their order.
    folds: list[Model] = field(default_factory=list)

    @classmethod
    def fit(
        cls,
        step: LearningStep,
        training: Callable[[], TrainingSet],
        plan: Plan,
        seed: int,
        names: Sequence[str | int],
    ) -> FittedModel:
        """Fit as often as ``plan`` says; ``seed`` and ``names`` decide everything random.

        Fits that were kept are taken from where they lie, and ``training`` is asked for the others only.
        """
        fitted = cls(step)
        for part in plan.parts():
            getattr(fitted, part.use).append(fit_part(step, training, plan, seed, names, part))
        return fitted

    def predict_on(self, data: LearningData, predicted: Mapping[str, xr.Dataset], outputs: xr.DataArray) -> xr.Dataset:
        """Return the prediction of ``data``, of an ensemble that of its members together.

        ``predicted`` has what earlier models of the chain say of the same targets; ``outputs`` are labels of any
        targets.
        """
        X, base = self._inputs(data, predicted, outputs)
        prediction = combined([self._checked(model, X, data.targets) for model in self.members])
        return prediction if base is None else base.add_to(prediction)

    def draw_on(
        self,
        draws: Draws,
        data: LearningData,
        predicted: Mapping[str, xr.Dataset],
        outputs: xr.DataArray,
        seed: int,
    ) -> NDArray[np.float64]:
        """Return draws of the mean, shape (count, n_target, n_output); see :class:`~specframe.api.Draws`."""
        X, base = self._inputs(data, predicted, outputs)
        samples = self._draw(draws, X, data.targets, seed)
        return samples if base is None else samples + base.mean.values

    def _inputs(
        self, data: LearningData, predicted: Mapping[str, xr.Dataset], outputs: xr.DataArray
    ) -> tuple[xr.DataTree, Base | None]:
        like = outputs_of(data, outputs)
        base = base_of(self.step, data, predicted, like) if self.step.learns == "residual" else None
        return inputs_of(self.step, data, predicted, like), base

    def _draw(self, draws: Draws, X: xr.DataTree, targets: tuple[str, ...], seed: int) -> NDArray[np.float64]:
        if draws.source == "inputs":
            return np.stack([self._mean(drawn, targets) for drawn in drawn_inputs(X, draws.count, seed, self.step)])
        if draws.source in ("dropout", "weights"):
            return self._own_draws(draws, X, targets, seed)
        models = {"targets": self.resampled[: draws.count], "out-of-fold": self.folds}.get(draws.source, self.members)
        return np.stack([self._checked(model, X, targets)["mean"].values for model in models])

    def _own_draws(self, draws: Draws, X: xr.DataTree, targets: tuple[str, ...], seed: int) -> NDArray[np.float64]:
        """Return what the members draw, an equal share each, about the prediction of all: not how members differ."""
        source = cast("Any", draws.source)
        share = -(-draws.count // len(self.members))
        with blamed_on(self.step):
            parts = [m.draws(X, share, source=source, seed=seed_for(seed, k)) for k, m in enumerate(self.members)]
        if len(parts) > 1:
            whole = self._mean(X, targets)
            own = [self._checked(model, X, targets)["mean"].values for model in self.members]
            parts = [part + (whole - mean) for part, mean in zip(parts, own, strict=True)]
        return np.concatenate(parts)[: draws.count]

    def _mean(self, X: xr.DataTree, targets: tuple[str, ...]) -> NDArray[np.float64]:
        means = [self._checked(model, X, targets)["mean"].values for model in self.members]
        return np.asarray(np.mean(means, axis=0))

    def _checked(self, model: Model, X: xr.DataTree, targets: tuple[str, ...]) -> xr.Dataset:
        with blamed_on(self.step):
            prediction = model.predict(X)
        validate_prediction(prediction, self.step.id)
        if tuple(prediction["target"].values) != targets:
            raise ContainerError(f"step {self.step.id!r}: the prediction's targets are not those that were asked for")
        return prediction

    def counts(self) -> dict[str, int]:
        """Return how many models it holds, by what they are for."""
        return {name: len(getattr(self, name)) for name in ("members", "resampled", "folds")}

    def save(self, directory: Path) -> None:
        """Write every model into a folder of its own; the first member's is ``directory`` itself."""
        for folder, model in self._folders(directory, self.members, self.resampled, self.folds):
            model.save(folder)

    @classmethod
    def load(cls, directory: Path, step: LearningStep, counts: dict[str, int]) -> FittedModel:
        """Read what ``save`` wrote."""
        blank: list[list[Any]] = [[None] * int(counts[name]) for name in ("members", "resampled", "folds")]
        folders = [folder for folder, _ in cls._folders(directory, *blank)]
        models = [cast("Model", type(step.component).load(folder)) for folder in folders]
        first, second = len(blank[0]), len(blank[0]) + len(blank[1])
        return cls(step, models[:first], models[first:second], models[second:])

    @staticmethod
    def _folders(
        directory: Path, members: Sequence[Any], resampled: Sequence[Any], folds: Sequence[Any]
    ) -> list[tuple[Path, Any]]:
        return [
            *((directory / "members" / str(k) if k else directory, model) for k, model in enumerate(members)),
            *((directory / "resampled" / str(k), model) for k, model in enumerate(resampled)),
            *((directory / "folds" / str(k), model) for k, model in enumerate(folds)),
        ]


def fit_part(
    step: LearningStep,
    training: Callable[[], TrainingSet],
    plan: Plan,
    seed: int,
    names: Sequence[str | int],
    part: Part,
    keep: bool = False,
) -> Model:
    """Fit one of a model's parts; see :meth:`FittedModel.fit` and, for ``keep``, :func:`fit_model`."""
    names = tuple(names)

    def data() -> TrainingSet:
        if part.use == "resampled":
            return _resampled(training(), seed_for(seed, step.id, *names, *part.stream, "targets"))
        return _of_member(step, training(), plan.ensemble, seed, names, part.number)

    return fit_model(step, data, seed, (*names, *part.stream), keep)


def fit_model(
    step: LearningStep,
    training: Callable[[], TrainingSet],
    seed: int,
    names: Sequence[str | int],
    keep: bool = False,
) -> Model:
    """Fit a fresh model, in a workspace of its own.

    Where there is a folder to work in, a fit that took long, or any with ``keep``, is kept there: the same fit is then
    not made again.
    """
    model = cast("Model", step.fresh())
    around = workspace()
    where = " ".join(map(str, names))
    folder = None if around.directory is None else around.directory / step.id / "-".join(map(str, names))
    kept = None if folder is None else folder.with_name(f"{folder.name}.fitted")
    if kept is not None and (found := kept_fit(kept, model)) is not None:
        return found
    data = training()
    stream = seed_for(seed, step.id, *names)
    if step.noisy_copies:
        data = noisy_copies(data, step.noisy_copies, seed_for(stream, "copies"), step)
    weighted = {} if data.weight is None else {"sample_weight": data.weight}
    begin = time.perf_counter()
    with working_in(folder, lambda text: around.tell(f"{step.id} ({where}): {text}")), blamed_on(step):
        model.fit(data.X, data.y, seed=stream, **weighted)
    if kept is not None and (keep or time.perf_counter() - begin > _LONG):
        try:
            keep_fit(kept, model)
        except OSError as error:
            around.tell(f"{step.id} ({where}): the fit could not be kept ({error}); it will not be found again")
    return model


def combined(predictions: Sequence[xr.Dataset]) -> xr.Dataset:
    """Return the prediction of an ensemble: means averaged, likewise bounds and variances where all members state them.

    Of ``samples``, which are draws of each member's posterior, as many as one member has are taken, in turn from each:
    draws of the mixture. A target that any member finds beyond its training set is so for all, at the largest distance.
    """
    first = predictions[0]
    if len(predictions) == 1:
        return first
    everywhere = [name for name in first.data_vars if all(name in p for p in predictions)]

    def over(name: str) -> NDArray[Any]:
        return np.stack([p[name].values for p in predictions])

    rules: dict[str, Any] = {
        **dict.fromkeys(("mean", "lower", "upper", "covariance"), lambda a: a.mean(axis=0)),
        **dict.fromkeys(("std", "aleatoric", "epistemic"), lambda a: np.sqrt(np.mean(a**2, axis=0))),
        "distance": lambda a: a.max(axis=0),
        "extrapolating": lambda a: a.any(axis=0),
        "samples": _in_turn,
    }
    kept = [str(name) for name in everywhere if name in rules]
    return first[kept].assign({name: first[name].copy(data=rules[name](over(name))) for name in kept})


def _in_turn(samples: NDArray[Any]) -> NDArray[Any]:
    """Return (sample, ...) of (member, sample, ...): the first of the first member, the second of the second ..."""
    n_member, n_sample = samples.shape[:2]
    each = np.arange(n_sample)
    return np.asarray(samples[each % n_member, each])


def _of_member(
    step: LearningStep, data: TrainingSet, ensemble: Draws | None, seed: int, names: Sequence[str | int], k: int
) -> TrainingSet:
    """Return what the member ``k`` is fitted on."""
    if ensemble is None or ensemble.source == "seeds":
        return data
    try:
        folds = grouped_folds(data.groups, ensemble.count, seed_for(seed, step.id, *names, "members"))
    except UsageError as error:
        raise DataError(f"step {step.id!r}, ensemble over folds: {error}") from None
    return data.take(folds[k][0])


def _resampled(data: TrainingSet, seed: int) -> TrainingSet:
    """Draw groups with replacement; a target counts as often as its group was drawn, by its weight."""
    names, group_of = np.unique(data.groups.astype(str), return_inverse=True)
    drawn = np.random.default_rng(seed).integers(0, len(names), len(names))
    times = np.bincount(drawn, minlength=len(names))[group_of]
    there = np.flatnonzero(times)
    weight = times[there] * (1.0 if data.weight is None else data.weight[there])
    part = data.take(there)
    return TrainingSet(part.X, part.y, part.groups, np.asarray(weight, float))
