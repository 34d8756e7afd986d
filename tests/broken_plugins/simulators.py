"""One correct simulator, and simulators with one fault each; the tags name the checks that must catch it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import xarray as xr

from specframe.api import Component, Field, Params, Simulator, hookimpl, make_observation
from specframe.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FAULTS: list[tuple[type[Simulator], tuple[str, ...]]] = []


def caught_by(*checks: str) -> Any:
    def register(cls: type[Simulator]) -> type[Simulator]:
        FAULTS.append((cls, checks))
        return cls

    return register


class SpectraParams(Params):
    n_targets: int = Field(3, ge=1, description="Number of spectra.")
    seed: int = Field(0, ge=0, description="Decides their noise.")


@caught_by()
class Spectra(Simulator):
    """Noisy spectra, written as text files."""

    name = "spectra"
    Params = SpectraParams
    params: SpectraParams

    def targets(self) -> list[str]:
        return [f"s{number}" for number in range(self.params.n_targets)]

    def flux(self, target: str) -> Any:
        if target not in self.targets():
            raise DataError(f"no target {target!r}")
        return 5.0 + np.random.default_rng([self.params.seed, int(target[1:])]).normal(0, 0.1, 3)

    def load(self, target: str) -> Any:
        data = xr.Dataset(
            {
                "flux": ("wavelength", self.flux(target), {"units": "Jy"}),
                "flux_error": ("wavelength", np.full(3, 0.1), {"units": "Jy"}),
                "mask": ("wavelength", np.zeros(3, bool)),
            },
            coords={"wavelength": ("wavelength", [1.0, 2.0, 3.0], {"units": "um"})},
        )
        return make_observation(target, {"SPEC/0": data})

    def record(self) -> str:
        return self.params.model_dump_json()

    def check_folder(self, folder: Path) -> None:
        record = folder / "spectra.json"
        if folder.is_dir() and any(folder.iterdir()) and not (record.is_file() and record.read_text() == self.record()):
            raise UsageError(f"{folder} holds other files")

    def written(self, folder: Path) -> list[str]:
        return [target for target in self.targets() if (folder / f"{target}.txt").is_file()]

    def write_target(self, target: str, folder: Path) -> list[Path]:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "spectra.json").write_text(self.record())
        path = folder / f"{target}.txt"
        path.with_suffix(".partial").write_text(" ".join(map(str, self.flux(target))))
        path.with_suffix(".partial").replace(path)
        return [path]

    def write_tables(self, folder: Path, targets: Sequence[str]) -> list[Path]:
        path = folder / "names.txt"
        path.write_text("\n".join(targets))
        return [path]


@caught_by("seed-of-parameters-decides")
class FixedSeed(Spectra):
    """Draws the same noise whatever its seed."""

    def flux(self, target: str) -> Any:
        if target not in self.targets():
            raise DataError(f"no target {target!r}")
        return 5.0 + np.random.default_rng([0, int(target[1:])]).normal(0, 0.1, 3)


@caught_by("writes-complete")
class NamesNothing(Spectra):
    """Does not say which files it wrote."""

    def write_target(self, target: str, folder: Path) -> list[Path]:
        super().write_target(target, folder)
        return []


@caught_by("writes-complete", "writing-order-free")
class CountsTooEarly(Spectra):
    """Takes targets for written that are not."""

    def written(self, folder: Path) -> list[str]:
        return self.targets()


@caught_by("writes-complete")
class MakesItsFolder(Spectra):
    """Makes the folder when it is only asked whether it fits."""

    def check_folder(self, folder: Path) -> None:
        super().check_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)


@caught_by("writing-order-free")
class Numbers(Spectra):
    """Writes a number that goes up from target to target."""

    count: ClassVar[list[str]] = []

    def write_target(self, target: str, folder: Path) -> list[Path]:
        self.count.append(target)
        (path,) = super().write_target(target, folder)
        path.write_text(f"{path.read_text()} {len(self.count)}")
        return [path]


@caught_by("writing-order-free")
class SignsWithItsFolder(Spectra):
    """Puts where it writes into a table."""

    def write_tables(self, folder: Path, targets: Sequence[str]) -> list[Path]:
        (path,) = super().write_tables(folder, targets)
        path.write_text(f"{os.fspath(folder)} {path.read_text()}")
        return [path]


@caught_by("foreign-folder-refused")
class TakesAnyFolder(Spectra):
    """Writes into whatever folder."""

    def check_folder(self, folder: Path) -> None:
        pass


@caught_by("foreign-folder-refused")
class RaisesFileExists(Spectra):
    """Refuses a folder with an error that is not specframe's."""

    def check_folder(self, folder: Path) -> None:
        try:
            super().check_folder(folder)
        except UsageError:
            raise FileExistsError(folder) from None


def name_of(cls: type) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in cls.__name__).strip("-")


for _cls, _ in FAULTS:
    _cls.name = name_of(_cls)


@hookimpl
def specframe_components() -> Any:
    for cls, checks in FAULTS:
        yield Component(
            kind="loader",
            name=cls.name,
            target=f"simulators:{cls.__name__}",
            params=cls.Params,
            summary=cls.__doc__ or "",
            tags=checks,
        )
