"""A validated pipeline description: what YAML says once every name and parameter has been checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from specframe.api.params import Params
    from specframe.registry.record import Registered

__all__ = ["CrossValidation", "Part", "PipelineSpec", "PluginChoice", "Step"]

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
    """A component with its parameters: an exporter or a score."""

    component: Registered
    params: Params


@dataclass(frozen=True)
class Step(Part):
    """One line of the recipe."""

    id: str
    #: For models: the id of the step whose result it builds on; ``None``: the step before it of the right kind.
    source: str | None = None
    #: For models: the labels themselves, or what ``source`` leaves of them.
    learns: Literal["target", "residual"] = "target"


@dataclass(frozen=True)
class CrossValidation:
    """``evaluate.cross_validation``."""

    folds: int = 5
    #: ``target``, or a variable of the loader's catalogue whose values stay together in a fold.
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
    scores: tuple[Part, ...] = ()
    exports: tuple[Part, ...] = ()
    plugins: PluginChoice = field(default_factory=PluginChoice)
    #: The file it was read from.
    path: Path | None = None
    #: Where each value comes from that does not stand in ``path``: ``"seed" -> "--set seed=3"``.
    origins: dict[str, str] = field(default_factory=dict)

    def to_data(self) -> dict[str, Any]:
        """Return the plain data of the YAML that reads back to this spec, every default written out."""
        raise AssertionError
