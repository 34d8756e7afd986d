"""What a user reads in the pipeline file where a prior is wrong."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from specframe.api import Component, Field, Params
from specframe.config import read_pipeline
from specframe.errors import ConfigError
from specframe.registry.record import Registered
from specframe_transit.inference.params import FreePrior, LaplaceParams, MethodParams, PriorParams

if TYPE_CHECKING:
    from pathlib import Path


class OrbitParams(Params):
    period: PriorParams = Field(FreePrior(free=3.0), description="Period in d.")


class FitParams(Params):
    orbit: OrbitParams = Field(OrbitParams(), description="Orbit.")
    method: MethodParams = Field(LaplaceParams(), description="Sampler.")


class LoaderParams(Params):
    pass


class Registry:
    """Two components that are described and never imported."""

    plugins = ()

    def __init__(self, block: tuple[str, ...] = (), pin: tuple[str, ...] = ()) -> None:
        self.found = [
            Registered(Component(kind=kind, name=name, target="none:None", params=params), "p", "specframe-p", "1.0")
            for kind, name, params in (("loader", "curves", LoaderParams), ("detrender", "fit", FitParams))
        ]

    def components(self, kind: str | None = None) -> list[Registered]:
        return [r for r in self.found if kind in (None, r.component.kind)]

    def names(self, kind: str) -> list[str]:
        return [r.component.name for r in self.components(kind)]

    def resolve(self, kind: str, name: str) -> Registered:
        return next(r for r in self.components(kind) if r.component.name == name)


@pytest.fixture
def message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that gives the message for a step's parameters."""
    monkeypatch.chdir(tmp_path)

    def read(written: str) -> str:
        text = f"specframe: 1\nsteps:\n  - load: curves\n  - detrend: fit\n    with:\n      {written}\n"
        (tmp_path / "p.yaml").write_text(text)
        with pytest.raises(ConfigError) as caught:
            read_pipeline("p.yaml", Registry)
        return str(caught.value).strip()

    return read


CASES = [
    (
        "orbit: {period: {normal: [3.0]}}",
        """
        p.yaml:6:15: fit: orbit.period: expected {normal: [0.1, 0.02]}, mean and standard deviation; got {normal: [3]}
          6 |       orbit: {period: {normal: [3.0]}}
            |               ^^^^^^
        """,
    ),
    (
        "orbit: {period: {unifrom: [2, 4]}}",
        """
        p.yaml:6:15: fit: orbit.period: expected a number (the parameter is fixed), {free: 0.1}, {normal: [0.1, 0.02]}, {uniform: [0.05, 0.2]} or {log_uniform: [0.001, 1.0]}; got {unifrom: [2, 4]} (did you mean 'uniform'?)
          6 |       orbit: {period: {unifrom: [2, 4]}}
            |               ^^^^^^
        """,  # noqa: E501
    ),
    (
        "orbit: {period: 3 days}",
        """
        p.yaml:6:23: fit: orbit.period: expected a number (the parameter is fixed), {free: 0.1}, {normal: [0.1, 0.02]}, {uniform: [0.05, 0.2]} or {log_uniform: [0.001, 1.0]}; got '3 days'
          6 |       orbit: {period: 3 days}
            |                       ^^^^^^
        """,  # noqa: E501
    ),
    (
        "method: {method: emce}",
        """
        p.yaml:6:7: fit: method: expected {method: laplace}, {method: emcee} or {method: dynesty}; got {method: 'emce'}
          6 |       method: {method: emce}
            |       ^^^^^^
        """,
    ),
    (
        "method: {method: emcee, walkers: 1}",
        """
        p.yaml:6:40: fit: method.walkers must be at least 4, got 1
          6 |       method: {method: emcee, walkers: 1}
            |                                        ^
        """,
    ),
]


@pytest.mark.parametrize(("written", "expected"), CASES, ids=[case[0] for case in CASES])
def test_message_at_the_place_of_the_prior(message: Any, written: str, expected: str) -> None:
    assert message(written) == dedent(expected).strip()
