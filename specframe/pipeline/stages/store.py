"""The stage store: results of steps, one NetCDF file each, found again by key."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, TypeVar

from specframe.api.files import UNFINISHED, atomic_write, file_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterator

    import xarray as xr

__all__ = ["StageStore", "atomic_folder", "remove_unfinished"]

#: Digits of a key in a file's name, and what a file's name ends with.
_KEY_LENGTH = 16
_KEY_END = f"-{'0' * _KEY_LENGTH}.nc"
_END = re.compile(f"-[0-9a-f]{{{_KEY_LENGTH}}}\\.nc")
_Stored = TypeVar("_Stored", "xr.DataTree", "xr.Dataset")


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Give the path of a folder beside ``folder``; after the block it takes its place.

    The folder is there whole or not at all, whoever else writes the same one. Raises :class:`OSError` where it cannot
    be renamed.
    """
    temporary = folder.with_name(f".{folder.name}.{token_hex(4)}{UNFINISHED}")
    try:
        yield temporary
        try:
            temporary.rename(folder)
        except OSError:
            # one that is damaged or was written meanwhile lies there
            shutil.rmtree(folder, ignore_errors=True)
            temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_unfinished(folder: Path, below: bool = True) -> None:
    """Remove what killed writers left in ``folder``, and in those ``below`` it; nobody else may be writing there."""
    for found, folders, names in os.walk(folder):
        for name in filter(_is_unfinished, names):
            with suppress(OSError):
                Path(found, name).unlink()
        for name in filter(_is_unfinished, folders):
            shutil.rmtree(Path(found, name), ignore_errors=True)
        if not below:
            folders.clear()


def _is_unfinished(name: str) -> bool:
    return name.startswith(".") and name.endswith(UNFINISHED)


class StageStore:
    """Stored results below one folder: ``<folder>/<step>/<name>-<key>.nc``.

    A new result takes the place of an older one of the same step and name, unless ``keep_older``. ``fresh`` are steps
    of which nothing was stored when the work began: there is nothing to be replaced.
    """

    def __init__(self, folder: Path, keep_older: bool = False, fresh: Container[str] = ()) -> None:
        self.folder = folder
        self.keep_older = keep_older
        self.fresh = fresh
        #: By folder and name of a target the ends of its files' names, with a blank between them.
        self._listed: dict[Path, dict[str, str]] = {}

    def path(self, step: str, name: str, key: str) -> Path:
        """Return where the result of ``step`` on the target ``name`` with this key is or would be."""
        return self.folder / step / f"{file_name(name)}-{key[:_KEY_LENGTH]}.nc"

    def has(self, step: str, name: str, key: str) -> bool:
        """Tell whether a result is stored."""
        return self.path(step, name, key).is_file()

    def get_tree(self, step: str, name: str, key: str, variables: Container[str] | None = None) -> xr.DataTree | None:
        """Read a stored Observation into memory; ``None`` when there is none or it cannot be read.

        With ``variables``, only these and those without dimensions are read.
        """
        from specframe.pipeline.stages.netcdf import read_tree

        return self._read(self.path(step, name, key), lambda path: read_tree(path, variables))

    def get_dataset(self, step: str, name: str, key: str) -> xr.Dataset | None:
        """Read a stored Dataset into memory; ``None`` when there is none or it cannot be read."""
        import xarray as xr

        return self._read(self.path(step, name, key), lambda path: xr.load_dataset(path, engine="h5netcdf"))

    def put(self, step: str, name: str, key: str, result: xr.DataTree | xr.Dataset) -> Path:
        """Store a result; an older result of the same step and name is removed."""
        return self.encoded(step, name, key, result)()

    def encoded(self, step: str, name: str, key: str, result: xr.DataTree | xr.Dataset) -> Callable[[], Path]:
        """Return what will store a result as it is now: it only waits for the disk, and may do so in another thread."""
        import xarray as xr

        path = self.path(step, name, key)
        if isinstance(result, xr.DataTree):
            from specframe.pipeline.stages.netcdf import encode_tree

            content = encode_tree(result)
        else:
            content = memoryview(result.to_netcdf(engine="h5netcdf"))

        def store() -> Path:
            with atomic_write(path) as temporary:
                temporary.write_bytes(content)
            if not self.keep_older and step not in self.fresh:
                self._remove_stale(path)
            return path

        return store

    def replace_older(self, step: str, name: str, key: str) -> None:
        """Remove older results of a step and name whose result with this key is stored.

        A run that was killed just after it had stored that one has left them.
        """
        if not self.keep_older and step not in self.fresh:
            self._remove_stale(self.path(step, name, key))

    def keep_only(self, step: str, names: Collection[str]) -> None:
        """Remove results of a step whose names are not among ``names``, unless older ones are kept."""
        if self.keep_older or not (self.folder / step).is_dir():
            return
        for file in sorted((self.folder / step).iterdir()):
            name, end = _split(file.name)
            if end and name not in names:
                with suppress(OSError):  # it only takes room
                    file.unlink()
        self._listed.pop(self.folder / step, None)

    def clear(self) -> None:
        """Remove everything stored."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._listed.clear()

    def _remove_stale(self, path: Path) -> None:
        """Remove other results of the step and name that ``path`` has now.

        A folder is listed once, not for each of its targets: one run works in it, and each target in one process.
        """
        names = self._listed.get(path.parent)
        if names is None:
            names = self._listed[path.parent] = {}
            with os.scandir(path.parent) as found:
                for name, end in (_split(entry.name) for entry in found):
                    if end:
                        names[name] = f"{names[name]} {end}" if name in names else end
        name, own = _split(path.name)
        for end in names.get(name, "").split():
            if end != own:
                with suppress(OSError):  # it only takes room
                    path.with_name(name + end).unlink(missing_ok=True)
        names[name] = own

    def _read(self, path: Path, read: Callable[[Path], _Stored]) -> _Stored | None:
        if not path.is_file():
            return None
        try:
            return read(path)
        except (OSError, ValueError, KeyError, RuntimeError):  # what HDF5 says of damaged files
            with suppress(OSError):
                path.unlink(missing_ok=True)  # unreadable, so as good as not there: it is made again
            return None


def _split(file: str) -> tuple[str, str]:
    """Return the name of a target and the end of its file's name; of other files the end is empty."""
    end = file[-len(_KEY_END) :]
    return (file[: -len(_KEY_END)], end) if _END.fullmatch(end) else (file, "")
