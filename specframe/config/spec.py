"""A validated pipeline description: what YAML says once every name and parameter has been checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from specframe.config.substitution import escape

if TYPE_CHECKING:
    from pathlib import Path

    from specframe.api.params import Params
    from specframe.config.search import Tuning
    from specframe.registry.record import Registered

__all__ = ["CrossValidation", "Holdout", "Part", "PipelineSpec", "PluginChoice", "Step"]

#: Resamples of the targets for confidence intervals when nothing else is said: 0.2 s for the scores of the core on
#: 673 targets x 283 outputs.
BOOTSTRAP = 1000

#: Folds within each training set where a pipeline says nothing else.
INNER_FOLDS = 5

#: More noisy copies of each target would fill the memory before they taught anything.
MAX_COPIES = 1000

#: YAML key of a step -> kind of component.
STEP_KEYS = {
    "load": "loader",
    "calibrate": "calibrator",
    "detrend": "detrender",
    "model": "model",
    "uncertainty": "uncertainty",
    "export": "exporter",
}


@dataclass(frozen=True)
class Part:
    """A component with its parameters: an exporter, a score, or the loader of what results are compared with."""

    component: Registered
    params: Params


@dataclass(frozen=True)
class Step(Part):
    """One line of the recipe."""

    id: str
    #: ``from``, for models: the ids of the steps whose results it builds on. Empty with ``learns: residual``: the model
    #: before it.
    sources: tuple[str, ...] = ()
    #: For models: the labels themselves, or what the one source leaves of them.
    learns: Literal["target", "residual"] = "target"
    #: For models: how much each target counts; ``errors``: less where the measured depths are less certain.
    weights: Literal["equal", "errors"] = "equal"
    #: For models: on so many copies of each target, with noise drawn anew, it learns from noise-free inputs; 0: on the
    #: inputs themselves.
    noisy_copies: int = 0


@dataclass(frozen=True)
class CrossValidation:
    """``evaluate.cross_validation``."""

    folds: int = 5
    #: ``target``, or a variable of the loader's catalogue whose values stay together in a fold.
    group: str = "target"


@dataclass(frozen=True)
class Holdout:
    """``evaluate.holdout``: one part of the targets is held out, in place of each in turn."""

    fraction: float = 0.2
    group: str = "target"


@dataclass(frozen=True)
class PluginChoice:
    """``plugins``: plugins not to be used, and versions that are asked for (``"linear==0.1.0"``)."""

    block: tuple[str, ...] = ()
    pin: tuple[str, ...] = ()


@dataclass(frozen=True)
class PipelineSpec:
    """A pipeline whose names and parameters are all valid."""

    steps: tuple[Step, ...]
    seed: int = 0
    description: str = ""
    cross_validation: CrossValidation | None = None
    holdout: Holdout | None = None
    #: Folds within each training set, whose predictions uncertainty steps and stacked models learn from.
    inner_folds: int = INNER_FOLDS
    scores: tuple[Part, ...] = ()
    #: Resamples of the targets for the confidence intervals of the scores; 0: no intervals.
    bootstrap: int = BOOTSTRAP
    #: What the scores are broken down by: variables of the catalogue, numbers of the quality table, ``truth``, ``std``.
    by: tuple[str, ...] = ()
    exports: tuple[Part, ...] = ()
    #: Loaders of spectra that the result is compared with.
    compared: tuple[Part, ...] = ()
    #: Loader of other data that the fitted pipeline is applied to.
    predicted: Part | None = None
    plugins: PluginChoice = field(default_factory=PluginChoice)
    #: What is searched by ``specframe tune``. It is no part of what runs, and so not of :meth:`to_data`.
    tuning: Tuning | None = field(default=None, compare=False)
    #: The file it was read from.
    path: Path | None = field(default=None, compare=False)
    #: Where each value comes from that does not stand in ``path``, by its ``--set`` key: ``"seed" -> "--set seed=3"``.
    origins: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def group(self) -> str:
        """What stays together when targets are held out: ``target``, or a variable of the loader's catalogue."""
        splits = self.holdout or self.cross_validation
        return splits.group if splits else "target"

    def to_data(self) -> dict[str, Any]:
        """Return the plain data of the YAML that reads back to this spec, every default written out."""
        data: dict[str, Any] = {"specframe": 1}
        if self.description:
            data["description"] = escape(self.description)
        data["seed"] = self.seed
        if self.plugins != PluginChoice():
            data["plugins"] = {"block": _escaped(self.plugins.block), "pin": _escaped(self.plugins.pin)}
        data["steps"] = [_step_data(step) for step in self.steps]
        evaluate: dict[str, Any] = {}
        if self.cross_validation:
            folds = self.cross_validation
            evaluate["cross_validation"] = {"folds": folds.folds, "group": escape(folds.group)}
        if self.holdout:
            evaluate["holdout"] = {"fraction": self.holdout.fraction, "group": escape(self.holdout.group)}
        if self.inner_folds != INNER_FOLDS:
            evaluate["inner_folds"] = self.inner_folds
        if self.scores:
            evaluate["scores"] = [_part_data("score", part) for part in self.scores]
        if self.scores or self.bootstrap != BOOTSTRAP:
            evaluate["bootstrap"] = self.bootstrap
        if self.by:
            evaluate["by"] = _escaped(self.by)
        if self.compared:
            evaluate["compare"] = [_part_data("load", part) for part in self.compared]
        if evaluate:
            data["evaluate"] = evaluate
        if self.predicted:
            data["predict"] = _named("load", self.predicted)
        if self.exports:
            data["export"] = [_part_data("export", part) for part in self.exports]
        return data


def _step_data(step: Step) -> dict[str, Any]:
    key = next(key for key, kind in STEP_KEYS.items() if kind == step.component.component.kind)
    data: dict[str, Any] = {"id": step.id, **_named(key, step)}
    if key == "model":
        if step.sources:
            data["from"] = step.sources[0] if len(step.sources) == 1 else list(step.sources)
        data["learns"] = step.learns
        data["weights"] = step.weights
        if step.noisy_copies:
            data["noisy_copies"] = step.noisy_copies
    return data


def _part_data(key: str, part: Part) -> Any:
    named = _named(key, part)
    return named if "with" in named else named[key]


def _named(key: str, part: Part) -> dict[str, Any]:
    registered = part.component
    name = registered.qualified_name if registered.status == "clash" else registered.component.name
    parameters = _escaped(part.params.canonical())
    return {key: name, "with": parameters} if parameters else {key: name}


def _escaped(value: Any) -> Any:
    """Protect literal ``${`` in texts from being filled in when the data are read back."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(item) for item in value]
    return value
