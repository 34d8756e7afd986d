"""A loader whose targets are the files of a folder."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Self

from specframe.api import Loader
from specframe_io.folder import chosen_targets, files_by_target, of_target

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from specframe_io.params import FileParams

__all__ = ["FileLoader"]


class FileLoader(Loader):
    """Finds files and names their targets; a subclass reads one in ``load_file``."""

    params: FileParams

    @abstractmethod
    def load_file(self, target: str, path: Path) -> xr.DataTree:
        """Return the Observation in one file."""

    def targets(self) -> list[str]:
        """Return the targets, sorted by path."""
        return chosen_targets(self._files(), self.params.targets, self.params.path)

    def load(self, target: str) -> xr.DataTree:
        """Return the Observation of one target."""
        return self.load_file(target, self._file(target))

    def files(self, target: str) -> list[Path]:
        """Return the target's file."""
        return [self._file(target)]

    def relocated(self, path: Path) -> Self:
        """Return the same loader for the files at ``path``."""
        return self.from_params(self.params.model_copy(update={"path": path, "targets": None}))

    def _files(self) -> dict[str, Path]:
        remedy = "; the parameter target tells them apart, e.g. '{folder}' or '{folder}-{stem}'"
        return files_by_target(self.params.path, self.params.pattern, self._target, remedy)

    def _target(self, file: Path) -> str:
        # as one pass, so that a folder called {stem} is left alone
        parts = self.params.target.split("{stem}")
        stem = file.name.split(".fits")[0] if ".fits" in file.name else file.stem
        return stem.join(part.replace("{folder}", file.absolute().parent.name) for part in parts)

    def _file(self, target: str) -> Path:
        return of_target(self._files(), target, self.params.path)
