"""Where SPLAT's data are."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from specframe.errors import InputFileError, UsageError

__all__ = ["splat_folder"]


def splat_folder(path: Path | None) -> Path:
    """Return the folder of the package splat, which is found but not imported: it needs an older numpy.

    Raises
    ------
    UsageError
        When it is not installed and no ``path`` is given.
    InputFileError
        When there is no ``resources`` in it.
    """
    if path is None:
        found = find_spec("splat")
        locations = [] if found is None else list(found.submodule_search_locations or ())
        if not locations:
            raise UsageError(
                "SPLAT is not installed: pip install --no-deps 'splat>=1.14' (its data are read, its code is not "
                "used), or give path, the folder of the package that holds resources"
            )
        path = Path(locations[0])
    if not (path / "resources").is_dir():
        raise InputFileError(path, "holds no folder resources, so it is not SPLAT's package")
    return path
