"""One correct loader, and loaders with one fault each; the tags name the checks that must catch it."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from specframe.api import Component, Field, InputPath, Loader, Params, hookimpl, make_labels, make_observation
from specframe.errors import InputFileError, UsageError

FAULTS: list[tuple[type[Loader], tuple[str, ...]]] = []


def caught_by(*checks: str) -> Any:
    def register(cls: type[Loader]) -> type[Loader]:
        FAULTS.append((cls, checks))
        return cls

    return register


def _example_folder() -> Path:
    """Write two spectra once, so that the loaders need no parameter."""
    folder = Path(tempfile.mkdtemp(prefix="specframe-loaders-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for number, name in enumerate(("alpha", "beta")):
        np.savetxt(
            folder / f"{name}.txt", np.column_stack([[1.0, 2.0, 3.0], np.full(3, 5.0 + number), np.full(3, 0.1)])
        )
    return folder


FOLDER = _example_folder()


class FolderParams(Params):
    path: InputPath = Field(FOLDER, description="Folder of text files: wavelength in um, flux and its error.")


@caught_by()
class Folder(Loader):
    """Spectra from text files."""

    name = "folder"
    Params = FolderParams
    params: FolderParams

    def targets(self) -> list[str]:
        if not self.params.path.is_dir():
            raise InputFileError(self.params.path, "there is no such folder")
        return sorted(path.stem for path in self.params.path.glob("*.txt"))

    def file(self, target: str) -> Path:
        return self.params.path / f"{target}.txt"

    def files(self, target: str) -> list[Path]:
        return [self.file(target)]

    def load(self, target: str) -> Any:
        if target not in self.targets():
            raise UsageError(f"no target {target!r}")
        wavelength, flux, error = np.loadtxt(self.file(target), unpack=True)
        return self.observation(target, wavelength, flux, error)

    def observation(self, target: str, wavelength: Any, flux: Any, error: Any) -> Any:
        data = xr.Dataset(
            {
                "flux": ("wavelength", flux, {"units": "Jy"}),
                "flux_error": ("wavelength", error, {"units": "Jy"}),
                "mask": ("wavelength", np.zeros(len(flux), bool)),
            },
            coords={"wavelength": ("wavelength", wavelength, {"units": "um"})},
        )
        return make_observation(target, {"SPEC/0": data})

    def labels(self) -> Any:
        return make_labels(np.ones((2, 1)), ["alpha", "beta"], ["teff"], units="K")

    def catalogue(self) -> Any:
        return xr.Dataset({"star": ("target", ["sun", "moon"])}, coords={"target": ["alpha", "beta"]})


@caught_by("targets-unique-strings")
class Doubles(Folder):
    """Lists a target twice."""

    def targets(self) -> list[str]:
        return [*super().targets(), "alpha"]


@caught_by("targets-unique-strings")
class ReturnsATuple(Folder):
    """Lists its targets as a tuple."""

    def targets(self) -> Any:
        return tuple(super().targets())


@caught_by("observations-valid")
class MixesUp(Folder):
    """Gives every Observation the same name."""

    def observation(self, target: str, *columns: Any) -> Any:
        return super().observation("alpha", *columns)


@caught_by("observations-valid")
class Descends(Folder):
    """Leaves wavelengths in descending order."""

    def observation(self, target: str, wavelength: Any, flux: Any, error: Any) -> Any:
        return super().observation(target, wavelength[::-1], flux, error)


@caught_by("loading-order-free", "reproducible", "thread-safe", "shared-by-threads")
class Accumulates(Folder):
    """Adds up what it has loaded."""

    total: ClassVar[dict[str, float]] = {"flux": 0.0}

    def observation(self, target: str, wavelength: Any, flux: Any, error: Any) -> Any:
        self.total["flux"] += 1.0
        return super().observation(target, wavelength, flux + self.total["flux"], error)


@caught_by("files-exist")
class HidesFiles(Folder):
    """Does not say which files it reads."""

    def files(self, target: str) -> list[Path]:
        return []


@caught_by("files-exist", "files-not-changed")
class WrongFiles(Folder):
    """Names files that are not there."""

    def files(self, target: str) -> list[Path]:
        return [self.params.path / f"{target}.fits"]


@caught_by("files-not-changed")
class CachesBeside(Folder):
    """Writes a cache beside its input."""

    def load(self, target: str) -> Any:
        observation = super().load(target)
        with tempfile.NamedTemporaryFile(dir=self.params.path, suffix=".cache", delete=False) as cache:
            cache.write(b"cached")
        return observation


@caught_by("labels-valid")
class LosesUnits(Folder):
    """Gives labels without units."""

    def labels(self) -> Any:
        labels = super().labels()
        del labels.attrs["units"]
        return labels


@caught_by("labels-valid")
class OtherLabels(Folder):
    """Gives the labels of other targets."""

    def labels(self) -> Any:
        return make_labels(np.ones((2, 1)), ["gamma", "delta"], ["teff"])


@caught_by("catalogue-valid")
class ShortCatalogue(Folder):
    """Leaves a target out of its catalogue."""

    def catalogue(self) -> Any:
        return super().catalogue().isel(target=[0])


@caught_by("unknown-target-refused")
class LoadsAnything(Folder):
    """Makes something up for a target that it does not know."""

    def load(self, target: str) -> Any:
        return super().load(target if target in self.targets() else "alpha")


@caught_by("unknown-target-refused")
class RaisesKeyError(Folder):
    """Lets a KeyError out for a target that it does not know."""

    def load(self, target: str) -> Any:
        return super().load({name: name for name in self.targets()}[target])


@caught_by("relocates")
class StaysPut(Folder):
    """Ignores where it is pointed to."""

    def relocated(self, path: Path) -> Any:
        return self


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
            target=f"loaders:{cls.__name__}",
            params=cls.Params,
            summary=cls.__doc__ or "",
            tags=checks,
        )
