"""A loader whose targets are the files of a folder."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Self

from specframe.api import Loader
from specframe_io.folder import chosen_targets, of_target
from specframe_io.joined import joined, named_files

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from specframe_io.joined import NamedFile
    from specframe_io.params import FileParams

__all__ = ["FileLoader"]

_REMEDY = (
    "; the parameter target tells them apart, e.g. '{folder}' or '{folder}-{stem}'. Where they are instruments or "
    "visits of one target, write {instrument} or {visit} in pattern: '*_{instrument}.nc'"
)


class FileLoader(Loader):
    """Finds files and names their targets; a subclass reads one in ``load_file``."""

    params: FileParams

    @abstractmethod
    def load_file(self, target: str, path: Path, instrument: str | None = None) -> xr.DataTree:
        """Return the Observation in one file; ``instrument`` is what its name says, if anything."""

    def targets(self) -> list[str]:
        """Return the targets, sorted by path."""
        return chosen_targets(self._files(), self.params.targets, self.params.path)

    def load(self, target: str) -> xr.DataTree:
        """Return the Observation of one target."""
        own = of_target(self._files(), target, self.params.path)
        return joined(target, own, lambda file: self.load_file(target, file.path, file.instrument))

    def files(self, target: str) -> list[Path]:
        """Return the target's files."""
        return [file.path for file in of_target(self._files(), target, self.params.path)]

    def relocated(self, path: Path) -> Self:
        """Return the same loader for the files at ``path``."""
        return self.from_params(self.params.model_copy(update={"path": path, "targets": None}))

    def _files(self) -> dict[str, list[NamedFile]]:
        return named_files(self.params.path, self.params.pattern, self._target, _REMEDY)

    def _target(self, file: NamedFile) -> str:
        if file.target is not None:
            return file.target
        path, template = file.path, self.params.target
        if template == "{stem}" and (file.instrument is not None or file.visit is not None):
            return self.params.path.absolute().name  # the folder is the planet, its files are instruments and visits
        # as one pass, so that a folder called {stem} is left alone
        parts = template.split("{stem}")
        stem = path.name.split(".fits")[0] if ".fits" in path.name else path.stem
        return stem.join(part.replace("{folder}", path.absolute().parent.name) for part in parts)
