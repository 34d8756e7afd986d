"""The steps of a pipeline that learn, and what they learn from."""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, cast

from specframe.errors import DataError, RunError, SpecframeError, UsageError
from specframe.progress.place import at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api.draws import Draws
    from specframe.api.model import Model
    from specframe.api.uncertainty import Uncertainty
    from specframe.config.spec import Step

__all__ = ["LearningData", "LearningStep", "blamed_on", "learning_steps"]


@dataclass(frozen=True)
class LearningStep:
    """A model or uncertainty step of the pipeline."""

    id: str
    kind: str
    component: Model | Uncertainty
    #: What a model builds on: the ids of other models, or of a detrender (its depths).
    sources: tuple[str, ...] = ()
    #: Whether a model learns the labels, with the sources' predictions among its inputs, or what its source leaves.
    learns: Literal["target", "residual"] = "target"
    weights: Literal["equal", "errors"] = "equal"
    noisy_copies: int = 0

    def fresh(self) -> Model | Uncertainty:
        """Return an unfitted component with the same parameters."""
        return type(self.component).from_params(self.component.params)

    @property
    def observed_inputs(self) -> tuple[str, ...]:
        """What a model reads of observations; empty: the default of ``collate``."""
        return tuple(name for name in cast("Model", self.component).inputs() if not name.startswith("predictions/"))

    @property
    def reads_observations(self) -> bool:
        """Whether a model reads anything but the predictions of its sources."""
        return bool(self.observed_inputs) or not self.sources or self.learns == "residual"

    def draws(self) -> Draws | None:
        """Return what an uncertainty step wants to have drawn."""
        return cast("Uncertainty", self.component).draws() if self.kind == "uncertainty" else None


@dataclass(frozen=True)
class LearningData:
    """What models read, by model step; every collection holds the same targets in the same order."""

    collections: dict[str, xr.DataTree]
    targets: tuple[str, ...]
    #: Group of each target, shape (n_target,).
    groups: NDArray[Any]
    #: Depths measured by a detrender ``(target, wavelength)``, and their errors, where steps ask for them.
    depths: xr.DataArray | None = None
    depth_errors: xr.DataArray | None = None
    #: What would be observed of targets whose inputs hold no noise; ``None`` where all hold what they hold.
    observed: dict[str, xr.DataTree] | None = None

    def as_observed(self) -> LearningData:
        """Return the data as targets that are held out are seen: with noise on inputs that hold none."""
        return self if self.observed is None else replace(self, collections=self.observed, observed=None)

    def take(self, index: NDArray[np.intp]) -> LearningData:
        """Return the data of some targets."""
        taken: dict[int, xr.DataTree] = {}

        def part(trees: dict[str, xr.DataTree]) -> dict[str, xr.DataTree]:
            for tree in trees.values():  # steps that read the same share it
                if id(tree) not in taken:
                    taken[id(tree)] = tree.isel(target=index)
            return {step: taken[id(tree)] for step, tree in trees.items()}

        return replace(
            self,
            collections=part(self.collections),
            observed=None if self.observed is None else part(self.observed),
            targets=tuple(self.targets[i] for i in index),
            groups=self.groups[index],
            depths=None if self.depths is None else self.depths.isel(target=index),
            depth_errors=None if self.depth_errors is None else self.depth_errors.isel(target=index),
        )


def learning_steps(steps: Sequence[Step]) -> tuple[LearningStep, ...]:
    """Make the model and uncertainty steps of a pipeline.

    Raises :class:`UsageError` for a model whose result nothing uses, and for draws that cannot be made.
    """
    found: list[LearningStep] = []
    models: list[LearningStep] = []
    for step in steps:
        kind = step.component.component.kind
        if kind not in ("model", "uncertainty"):
            continue
        component = cast("Model | Uncertainty", step.component.load().from_params(step.params))
        sources = step.sources
        if kind == "model" and step.learns == "residual" and not sources:
            if not models:
                raise UsageError(
                    f"step {step.id!r} learns a residual, but there is no model before it; "
                    "name what it builds on with 'from:', a model's or a detrender's id"
                )
            sources = (models[-1].id,)
        made = LearningStep(step.id, kind, component, sources, step.learns, step.weights, step.noisy_copies)
        found.append(made)
        if kind == "model":
            models.append(made)
    used = {source for step in found for source in step.sources}
    idle = [model.id for model in models[:-1] if model.id not in used]
    if idle:
        raise UsageError(
            f"model {idle[0]!r} is used by no later step: predictions are those of the last model, {models[-1].id!r}. "
            f"Remove it, or let a later model build on it (from: {idle[0]}, learns: residual)."
        )
    _check_draws(found)
    return tuple(found)


def _check_draws(steps: Sequence[LearningStep]) -> None:
    ensembles = []
    for step in steps:
        draws = step.draws()
        if draws is None:
            continue
        last = next(s for s in reversed(steps) if s.kind == "model")
        if draws.source in ("dropout", "weights"):
            try:
                cast("Model", last.component).check_draws(draws.source)
            except UsageError as error:
                raise UsageError(f"step {step.id!r} draws from step {last.id!r}: {error}") from None
        if draws.source in ("seeds", "folds"):
            ensembles.append((step.id, draws))
    if len({draws for _, draws in ensembles}) > 1:
        first, second = ensembles[0][0], ensembles[-1][0]
        raise UsageError(
            f"steps {first!r} and {second!r} ask for different ensembles of the same model: a prediction is the mean "
            "of one; give both the same members, or remove one"
        )


@contextmanager
def blamed_on(step: LearningStep) -> Iterator[None]:
    """Say of an error from a component which step it comes from, and of a bug in which line."""
    try:
        with at(step.id):
            yield
    except DataError as error:
        raise DataError(f"step {step.id!r}: {error}") from error
    except (SpecframeError, MemoryError):
        raise
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        raise RunError(
            f"step {step.id!r}: {type(step.component).__name__} raised {type(error).__name__}: {error} "
            f"({frame.filename}:{frame.lineno}); log.jsonl has the traceback"
        ) from error
