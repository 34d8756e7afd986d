"""What a folder's planets were simulated with, so that others are not mixed in."""

from __future__ import annotations

import hashlib
import json
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from specframe.api import Params

__all__ = ["differences", "input_files", "provenance"]

#: Packages whose versions can change a simulated number or a byte of the files.
_PACKAGES = ("exoplanet-core", "h5netcdf", "h5py", "numba", "numpy", "polars", "scipy", "specframe", "xarray")
_CODE = Path(__file__).parent


def provenance(component: str, params: Params) -> dict[str, Any]:
    """Return everything that the simulated numbers depend on, as plain data that are always the same.

    A file that the parameters name stands there with its name and the hash of its contents, wherever it lies.
    """
    return {
        "component": component,
        "parameters": _plain(params.model_dump()),
        "versions": {name: metadata.version(name) for name in _PACKAGES},
        "code": _digest(sorted(_CODE.glob("*.py")), _CODE),
    }


def differences(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Return where two records differ, ``"seed is 1 there, 2 here"``."""
    found = []
    for key in ("parameters", "versions"):
        old, new = there.get(key) or {}, wanted[key]
        prefix = "" if key == "parameters" else "version of "
        found += [
            f"{prefix}{name} is {_shown(old, name)} there, {_shown(new, name)} here"
            for name in sorted({*old, *new})
            if old.get(name) != new.get(name)
        ]
    if not found and there != wanted:
        found.append("it was simulated by other code of specframe")
    return found


def input_files(params: Params) -> list[Path]:
    """Return the files that the parameters name, and the calibration files in folders that they name."""
    return [file for path in _paths(params.model_dump()) for file in _files(path)]


def _shown(values: Mapping[str, Any], name: str) -> str:
    return json.dumps(values[name]) if name in values else "absent"


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        base = value if value.is_dir() else value.parent
        return f"{value.name}, sha256 {_digest(_files(value), base)[:16]}"
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _paths(value: Any) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _paths(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _paths(item)


def _files(path: Path) -> list[Path]:
    if path.is_dir():  # only calibration is read from folders, which may be a challenge's root with 180 GB of frames
        return sorted(
            file for within in (path, path / "calibration") for file in within.glob("*_calibration*/*.parquet")
        )
    return [path] if path.is_file() else []


def _digest(files: list[Path], base: Path) -> str:
    sha = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        sha.update(f"{file.relative_to(base).as_posix()} {content}\n".encode())
    return sha.hexdigest()
