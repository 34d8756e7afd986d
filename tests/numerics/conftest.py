"""Components under test with their examples, and the table of what each of them keeps to what bound.

``bounds.yaml`` names properties; a test that carries ``numerics("flux-scale")`` runs on every bundled component of the
property's kinds, but for those that the table exempts, with a reason. So a new component is covered by itself.
"""

from __future__ import annotations

import copy
import tempfile
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
import yaml
from hypothesis import HealthCheck, Phase, settings

from specframe.api import nodes
from specframe.registry import Registry
from specframe.testing import problems

if TYPE_CHECKING:
    from collections.abc import Iterable

TABLE = yaml.safe_load(Path(__file__).with_name("bounds.yaml").read_text())
REGISTRY = Registry.discover()
BUNDLED = [c for c in REGISTRY.components() if c.distribution == "specframe"]
#: An error below this part of its value is none: that of a parameter that was held.
_NO_ERROR = 1e-6
#: What follows from splits and draws of the training set that are redrawn whenever a bit of it changes.
_REDRAWN = ("distance", "extrapolating")

settings.register_profile(
    "numerics",
    derandomize=True,
    deadline=None,
    max_examples=10,
    phases=[
        Phase.explicit,
        Phase.generate,
    ],  # looking for the smallest failure would run slow components a hundred times
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)


@dataclass(frozen=True)
class Subject:
    """A component, its parameters and what it is run on; ``ignore`` are variables that a property leaves out."""

    kind: str
    name: str
    cls: type[Any]
    params: dict[str, Any] = field(repr=False)
    given: tuple[Any, ...] = field(repr=False)
    ignore: frozenset[str] = field(default_factory=frozenset, repr=False)

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(f"{self.kind} {self.name}")

    def make(self, **params: Any) -> Any:
        """Return a new instance."""
        return self.cls(**copy.deepcopy(self.params | params))

    def example(self) -> Any:
        """Return a copy of the first example."""
        return copy.deepcopy(self.given[0])

    def base(self) -> Any:
        """Return the result of the first example as it is."""
        return copy.deepcopy(_base(self.kind, self.name))

    def run(self, example: Any, **fit: Any) -> Any:
        """Apply, or fit and ask about new targets."""
        component = self.make()
        if self.kind == "model":
            component.fit(example.X, example.y, **{"seed": 3} | fit)
            return component.predict(example.X_new)
        if self.kind == "uncertainty":
            component.fit(example.prediction, example.truth, seed=3)
            return component.apply(example.new)
        return component.apply(example)

    def change(
        self, first: Any, second: Any, factor: float = 1.0, offset: float = 0.0, unit: str = "", flags: bool = True
    ) -> dict[str, float]:
        """Return by how much each variable of two results differs, over the largest of its values.

        The second result is taken to be in other units: what is predicted, or in the unit ``unit``, is ``factor``
        times as large, and ``offset`` larger. What has another shape, or other missing values, has changed infinitely.
        """
        if isinstance(first, xr.DataTree):
            found: dict[str, float] = {}
            for (path, one), (other, two) in zip(nodes(first), nodes(second), strict=True):
                assert path == other
                assert not flags or one.attrs.get("flags") == two.attrs.get("flags"), "flags differ"
                found |= {f"{path}/{k}": v for k, v in self._changes(one, two, factor, unit).items()}
            return found
        return self._predicted(first, second, factor, offset)

    def _changes(self, one: xr.Dataset, two: xr.Dataset, factor: float, unit: str) -> dict[str, float]:
        assert set(one.variables) == set(two.variables)
        found = {}
        for name in sorted(set(map(str, one.variables)) - self.ignore):
            a, b = one[name], two[name]
            own = factor if unit and a.attrs.get("units") == unit else 1.0
            size = one.get(name.removesuffix("_error"))
            floor = _NO_ERROR * _largest(size.values) if size is not None and size.dtype.kind == "f" else 0.0
            found[name] = relative_change(a.values, b.values, own, floor)
        return found

    def _predicted(self, one: xr.Dataset, two: xr.Dataset, factor: float, offset: float) -> dict[str, float]:
        assert set(one.variables) == set(two.variables)
        found = {}
        for name in sorted(set(map(str, one.data_vars)) - self.ignore - set(_REDRAWN)):
            a, b = one[name].values, two[name].values
            spread = float(np.ptp(one["mean"].values)) or _largest(one["mean"].values)
            if name in ("mean", "lower", "upper", "samples"):
                found[name] = relative_change(a, b - offset, factor) * _largest(a) / spread
            elif name in ("std", "aleatoric", "epistemic"):
                found[name] = relative_change(a, b, factor)
            elif name == "covariance":
                found[name] = relative_change(a, b, factor**2)
            else:
                found[name] = relative_change(a, b)
        return found


def relative_change(a: Any, b: Any, factor: float = 1.0, floor: float = 0.0) -> float:
    """Return the largest difference of ``b / factor`` and ``a`` over the largest of ``a``."""
    if a.shape != b.shape:
        return np.inf
    if a.dtype.kind not in "fc":
        return 0.0 if np.array_equal(a, b) else np.inf
    a, b = a.astype(float), b.astype(float) / factor
    known = np.isfinite(a)
    if not np.array_equal(known, np.isfinite(b)):
        return np.inf
    if not known.any():
        return 0.0
    return float(np.abs(a - b)[known].max() / max(_largest(a), floor, np.finfo(float).tiny))


def _largest(values: Any) -> float:
    known = values[np.isfinite(values)]
    return float(np.abs(known).max()) if known.size else 0.0


@cache
def _subject(kind: str, name: str) -> Subject:
    offered = next(c for c in BUNDLED if (c.component.kind, c.component.name) == (kind, name))
    cls, given = offered.load(), {}
    if offered.component.example:
        module, _, function = offered.component.example.partition(":")
        given = getattr(import_module(module), function)(Path(tempfile.mkdtemp(prefix="specframe-numerics-")))
    params = dict(given.get("params", {}))
    examples = given.get("examples")
    if not examples and kind == "model":
        examples = [problems.regression_problem(n_target=60, n_new=30)]
    elif not examples and kind == "uncertainty":
        draws = cls(**params).draws()
        heteroscedastic = name in ("gp-posterior", "variance-scaling")
        examples = [
            problems.prediction_problem(seed=1, n_target=300, n_new=50, heteroscedastic=heteroscedastic, draws=draws)
        ]
    elif not examples:
        makers = {
            "frames": problems.frames_observation,
            "light-curves": problems.light_curve_observation,
            "spectrum": problems.spectrum_observation,
        }
        examples = [makers[cls.consumes[0]]()]
    return Subject(kind, name, cls, params, tuple(examples))


@cache
def _base(kind: str, name: str) -> Any:
    subject = _subject(kind, name)
    return subject.run(subject.example())


def names_of(kinds: Iterable[str]) -> list[tuple[str, str]]:
    """Return kind and name of the bundled components of these kinds."""
    return sorted((c.component.kind, c.component.name) for c in BUNDLED if c.component.kind in set(kinds))


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "numerics(property): run on all components that bounds.yaml does not exempt")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a marked test on the components of its property."""
    marker = metafunc.definition.get_closest_marker("numerics")
    if marker is None:
        return
    entry = TABLE[marker.args[0]]
    cases = []
    for kind, name in names_of(entry["kinds"]):
        if name in entry.get("exempt", {}):
            continue
        bound = float(entry.get("bounds", {}).get(name, entry["bound"]))
        cases.append(pytest.param((kind, name, tuple(entry.get("ignore", {}).get(name, ()))), bound, id=name))
    metafunc.parametrize(("subject", "bound"), cases, indirect=["subject"], scope="session")


@pytest.fixture(scope="session")
def subject(request: pytest.FixtureRequest) -> Subject:
    """A component under test."""
    kind, name, ignore = request.param
    found = _subject(kind, name)
    return Subject(kind, name, found.cls, found.params, found.given, frozenset(ignore))


@pytest.fixture(scope="session")
def table() -> dict[str, Any]:
    """The table of properties."""
    return TABLE


@pytest.fixture(scope="session")
def bundled() -> dict[str, list[str]]:
    """Names of the bundled components by kind."""
    kinds = sorted({c.component.kind for c in BUNDLED})
    return {kind: [name for _, name in names_of([kind])] for kind in kinds}
