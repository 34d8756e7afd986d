"""A small registry of components that are described but never imported."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest

from specframe.api import Component, Field, InputPath, Params, Quantity
from specframe.config import read_pipeline
from specframe.errors import AmbiguousComponentError, UnknownComponentError
from specframe.registry.record import PluginRecord, Registered

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from specframe.config import PipelineSpec


class ChallengeParams(Params):
    path: InputPath = Field(description="Folder of the challenge.")
    split: Literal["train", "test"] = Field("train", description="Which targets.")


class Column(Params):
    file: InputPath = Field(description="File of the column.")
    name: str = Field(description="Name of the column.")
    scale: float = Field(1.0, gt=0, description="Factor.")


class TableParams(Params):
    paths: list[InputPath] = Field(default=[], description="Files.")
    labels: InputPath | None = Field(None, description="File of labels.")
    columns: dict[str, Column] = Field(default={}, description="Columns by name.")
    extra: Column | list[int] | None = Field(None, description="A column, or the indices of columns.")
    note: str = Field("", description="Free text.")
    options: dict[str, Any] = Field(default={}, description="Anything.")


class DetectorParams(Params):
    background_rows: list[tuple[int, int]] = Field(default=[], description="Rows of sky.")
    cutoff: Quantity("um") = Field(5.3, description="Longest wavelength that is kept.")
    keep_hot: bool = Field(True, description="Keep hot pixels.")


class PolynomialParams(Params):
    order: int = Field(3, ge=0, le=6, description="Order.")


class LineTerm(Params):
    term: Literal["line"]
    order: int = Field(1, description="Order.")


class RampTerm(Params):
    term: Literal["ramp"]
    timescale: float | None = Field(None, gt=0, description="Timescale in d.")


class TermsParams(Params):
    terms: list[Annotated[LineTerm | RampTerm, Field(discriminator="term")]] = Field([], description="Terms.")


class RidgeParams(Params):
    alpha: float | Literal["auto"] = Field(1.0, description="Strength of the penalty.")
    components: int = Field(10, ge=1, description="Number of components.")
    max_iterations: int | None = Field(None, gt=0, description="Limit.")


class CoverageParams(Params):
    level: float = Field(0.68, gt=0, lt=1, description="Nominal level.")


class EmptyParams(Params):
    pass


def _registered(kind: Any, name: str, params: type[Params], plugin: str, **record: Any) -> Registered:
    component = Component(
        kind=kind, name=name, target=f"no_such_package.{plugin}:Class", params=params, summary=f"The {name} {kind}."
    )
    return Registered(component, plugin, f"specframe-{plugin}", "1.0", **record)


COMPONENTS = [
    _registered("loader", "ariel-challenge", ChallengeParams, "ariel"),
    _registered("loader", "table", TableParams, "io"),
    _registered("calibrator", "ariel-detector", DetectorParams, "ariel"),
    _registered("detrender", "transit-polynomial", PolynomialParams, "linear"),
    _registered("detrender", "transit-terms", TermsParams, "linear"),
    _registered("model", "flat", EmptyParams, "linear"),
    _registered("model", "gp", RidgeParams, "gp", status="clash"),
    _registered("model", "gp", RidgeParams, "mine", status="clash"),
    _registered("model", "ridge", RidgeParams, "linear"),
    _registered(
        "model",
        "cnn",
        RidgeParams,
        "cnn",
        status="missing-extra",
        reason="pip install 'specframe[torch]' provides torch",
    ),
    _registered("uncertainty", "conformal", CoverageParams, "uncertainty"),
    _registered("exporter", "submission-adc24", EmptyParams, "ariel"),
    _registered("exporter", "table", CoverageParams, "io"),
    _registered("score", "r2", EmptyParams, "evaluate"),
    _registered("score", "coverage", CoverageParams, "evaluate"),
]


class FakeRegistry:
    """Resolves names of :data:`COMPONENTS` as the real registry does."""

    def __init__(self, block: tuple[str, ...] = (), pin: tuple[str, ...] = ()) -> None:
        self.block = block
        self.pin = pin
        asked = [text.partition("==") for text in pin]
        self.plugins = [
            PluginRecord(name, "specframe", "1.0", "blocked", f"{name} is pinned to {version}, installed is 1.0")
            for name, _, version in asked
            if version != "1.0"
        ]

    def components(self, kind: str | None = None) -> list[Registered]:
        return [r for r in COMPONENTS if kind in (None, r.component.kind) and r.plugin not in self.block]

    def names(self, kind: str) -> list[str]:
        return sorted(
            r.qualified_name if r.status == "clash" else r.component.name
            for r in self.components(kind)
            if r.status in ("ok", "clash")
        )

    def resolve(self, kind: str, name: str) -> Registered:
        found = [r for r in self.components(kind) if name in (r.component.name, r.qualified_name)]
        if not found:
            close = difflib.get_close_matches(name, self.names(kind), n=1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(self.names(kind))}"
            raise UnknownComponentError(f"no {kind} is named {name!r}{hint}")
        if len(found) > 1:
            raise AmbiguousComponentError(f"several plugins offer the {kind} {name!r}; write gp/gp or mine/gp")
        return found[0]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a folder of data."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "adc24").mkdir(parents=True)
    (tmp_path / "data" / "labels.csv").touch()
    return tmp_path


@pytest.fixture
def read(folder: Path) -> Callable[..., Any]:
    """Write a pipeline to ``p.yaml`` and read it, with ``--set`` options."""

    def read_text(text: str | bytes, *overrides: str, **options: Any) -> PipelineSpec:
        raw = text.encode() if isinstance(text, str) else text
        (folder / "p.yaml").write_bytes(raw)
        return read_pipeline("p.yaml", FakeRegistry, overrides, **options)

    return read_text


@pytest.fixture
def registry() -> FakeRegistry:
    return FakeRegistry()


@pytest.fixture
def make_registry() -> type[FakeRegistry]:
    return FakeRegistry
