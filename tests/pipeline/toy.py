"""A plugin file with tiny components whose truth is known: light curves that are 1 - label in their second half."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import xarray as xr

from specframe.api import (
    Component,
    Detrender,
    Exporter,
    Field,
    InputPath,
    Loader,
    Model,
    Params,
    Results,
    ResultsExporter,
    hookimpl,
    make_labels,
    make_observation,
)
from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAMPLES = 8


class ToyLoaderParams(Params):
    path: str = Field("", description="A file with one label per line; its lines are the targets.")
    n_targets: int = Field(20, ge=0, description="Number of targets without a file.")
    labelled: bool = Field(True, description="Whether labels are known.")
    without_label: tuple[str, ...] = Field((), description="Targets that stand in no label table.")
    nan_label: tuple[str, ...] = Field((), description="Targets whose label is NaN.")
    broken: tuple[str, ...] = Field((), description="Targets whose file is broken.")
    shifted: tuple[str, ...] = Field((), description="Targets on another wavelength.")
    units: str = Field("", description="Units of the labels.")
    uncatalogued: tuple[str, ...] = Field((), description="Targets that the catalogue lacks.")
    buggy: tuple[str, ...] = Field((), description="Targets on which the loader has a bug.")


class ToyLoader(Loader):
    """Makes targets whose depth is their label."""

    name = "toy"
    Params = ToyLoaderParams

    def _truth(self) -> dict[str, float]:
        if self.params.path:
            lines = Path(self.params.path).read_text().split()
            return {f"p{i}": float(line) for i, line in enumerate(lines)}
        rng = np.random.default_rng(3)
        return {f"t{i}": float(rng.uniform(0.001, 0.01)) for i in range(self.params.n_targets)}

    def targets(self) -> list[str]:
        return list(self._truth())

    def files(self, target: str) -> list[Path]:
        return [Path(self.params.path)] if self.params.path else []

    def load(self, target: str) -> xr.DataTree:
        if target in self.params.broken:
            raise DataError(f"target {target}: the file is broken")
        if target in self.params.buggy:
            raise ZeroDivisionError("a bug in the loader")
        flux = np.ones((1, _SAMPLES))
        flux[0, _SAMPLES // 2 :] -= self._truth()[target]
        flux += np.random.default_rng(int(target[1:])).normal(0, 1e-5, flux.shape)
        grid = ("wavelength", "time")
        node = xr.Dataset(
            {
                "flux": (grid, flux, {"units": ""}),
                "flux_error": (grid, np.full(flux.shape, 1e-5), {"units": ""}),
                "mask": (grid, np.zeros(flux.shape, bool)),
            },
            coords={
                "wavelength": ("wavelength", [2.0 if target in self.params.shifted else 1.0], {"units": "um"}),
                "time": ("time", np.arange(float(_SAMPLES)), {"units": "h"}),
            },
        )
        return make_observation(target, {"toy/0": node})

    def labels(self) -> xr.DataArray | None:
        if not self.params.labelled:
            return None
        truth = {t: v for t, v in self._truth().items() if t not in self.params.without_label}
        values = [np.nan if t in self.params.nan_label else v for t, v in truth.items()]
        return make_labels(np.array(values)[:, None], list(truth), ["depth"], self.params.units)

    def catalogue(self) -> xr.Dataset:
        targets = [target for target in self.targets() if target not in self.params.uncatalogued]
        return xr.Dataset({"star": ("target", np.arange(len(targets)) % 4)}, coords={"target": targets})


class ToyStepParams(Params):
    calls: str = Field("", description="File to which each call adds a line.")
    scale: float = Field(1.0, gt=0, description="Factor on the flux.")
    factor: InputPath | None = Field(None, description="A file with another factor.")
    fails: tuple[str, ...] = Field((), description="Targets that it cannot handle.")


class ToyStep(Detrender):
    """Measures the depth as the difference of the two halves."""

    name = "halves"
    Params = ToyStepParams

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        target = observation.attrs["target"]
        if self.params.calls:
            with Path(self.params.calls).open("a") as file:
                file.write(f"{target}\n")
        if target in self.params.fails:
            raise DataError(f"target {target} has no transit")
        node = observation["toy/0"].to_dataset()
        before, after = node["flux"].values[:, : _SAMPLES // 2], node["flux"].values[:, _SAMPLES // 2 :]
        factor = float(self.params.factor.read_text()) if self.params.factor else 1.0
        depth = factor * self.params.scale * (before.mean(axis=1) - after.mean(axis=1))
        error = np.full(1, 1e-5 * np.sqrt(4 / _SAMPLES))
        node = node.assign(depth=("wavelength", depth, {"units": ""}), depth_error=("wavelength", error, {"units": ""}))
        return make_observation(target, {"toy/0": node})


class QuickStep(ToyStep):
    """The same, and not worth a file."""

    name = "quick-halves"
    stored = False


class NoParams(Params):
    """Takes nothing."""


class FailingExporter(Exporter):
    """Never writes."""

    name = "failing"
    Params = NoParams

    def export(self, prediction: xr.Dataset, directory: Path) -> list[Path]:
        raise DataError("the format needs a std for every output")


class Learned(ResultsExporter):
    """Writes what was learned from, read again."""

    name = "learned"
    Params = NoParams

    def export_results(self, results: Results, directory: Path) -> list[Path]:
        path = directory / "learned.txt"
        lines = [f"{o.attrs['target']} {float(o['toy/0/depth'].values[0])!r}" for o in results.training()]
        path.write_text("\n".join(lines))
        return [path]


class Buggy(Model):
    """Fails in a way that no component should."""

    name = "buggy"
    Params = NoParams

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, seed: int = 0) -> Buggy:
        raise ValueError("boo")

    def predict(self, X: Any) -> xr.Dataset:
        raise self._not_fitted()

    def get_state(self) -> Any:
        raise self._not_fitted()

    def set_state(self, arrays: Any, values: Any) -> None:
        raise self._not_fitted()


class Observer:
    """Life-cycle hooks that keep what they were told."""

    seen: ClassVar[list[tuple[str, str, str | None]]] = []


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Offer the toy components."""
    yield Component(kind="loader", name="toy", target="toy:ToyLoader", params=ToyLoaderParams)
    yield Component(kind="detrender", name="halves", target="toy:ToyStep", params=ToyStepParams)
    yield Component(kind="detrender", name="quick-halves", target="toy:QuickStep", params=ToyStepParams)
    yield Component(kind="model", name="buggy", target="toy:Buggy", params=NoParams)
    yield Component(kind="exporter", name="learned", target="toy:Learned", params=NoParams)
    yield Component(kind="exporter", name="failing", target="toy:FailingExporter", params=NoParams)


@hookimpl
def before_step(step: str, target: str | None) -> None:
    Observer.seen.append(("before", step, target))


@hookimpl
def after_step(step: str, target: str | None) -> None:
    Observer.seen.append(("after", step, target))


@hookimpl
def on_step_error(step: str, target: str | None) -> None:
    Observer.seen.append(("error", step, target))
