"""Keys of stored results: what a result depends on, hashed.

A step's key is the hash of its component, the code and version that it runs, its canonical parameters, the key of the
step before it and, for a loader, the contents of the target's files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from specframe.errors import InputFileError

__all__ = [
    "code_digest",
    "content_digest",
    "digest",
    "digest_files",
    "environment_digest",
    "file_digest",
    "package_versions",
    "seed_for",
]

#: Packages whose versions can change a result.
_PACKAGES = (
    "astropy",
    "exoplanet-core",
    "gpytorch",
    "h5netcdf",
    "h5py",
    "numba",
    "numpy",
    "polars",
    "pydantic",
    "safetensors",
    "scikit-learn",
    "scipy",
    "specframe",
    "torch",
    "xarray",
)
#: Files up to this size are hashed whole; of larger ones, blocks spread over the file.
_WHOLE = 8 * 2**20
_BLOCKS = 16
_BLOCK = 64 * 2**10


def digest(*parts: Any) -> str:
    """Return the SHA-256 of plain JSON data, independent of the order of mappings."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def seed_for(seed: int, *names: str | int) -> int:
    """Return the seed of a named stream: independent for different names, the same on every machine."""
    return int(digest("seed", seed, *map(str, names))[:8], 16)


def content_digest(path: Path) -> str:
    """Return the SHA-256 of a file's whole content."""
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise InputFileError(path, "is no file")
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputFileError(path, f"cannot be read: {error.strerror}") from None


def file_digest(path: Path) -> str:
    """Return a digest of a file's content.

    Up to 8 MiB it is the content's SHA-256. Of a larger file (raw frames take hundreds of MB, and hashing them would
    take as long as reducing them) it covers the size, the time of the last change and 16 blocks spread over the file,
    the first and the last among them: any rewrite changes it, and so does a touch, which only costs a recomputation.
    """
    try:
        stat = path.stat()
        return _file_digest(str(path), stat.st_size, stat.st_mtime_ns)
    except OSError as error:
        raise InputFileError(path, f"cannot be read: {error.strerror}") from None


@lru_cache(maxsize=4096)
def _file_digest(path: str, size: int, changed: int) -> str:
    sha = hashlib.sha256()
    with Path(path).open("rb") as file:
        if size <= _WHOLE:
            sha.update(file.read())
        else:
            sha.update(f"{size} {changed} ".encode())
            for block in range(_BLOCKS):
                file.seek((size - _BLOCK) * block // (_BLOCKS - 1))
                sha.update(file.read(_BLOCK))
    return sha.hexdigest()


def code_digest(target: str) -> str:
    """Return a digest of the sources of the top-level package (or file) that ``"module:Class"`` lives in.

    Versions alone would keep results of code that was edited since, in an editable install or a local plugin file.
    That of a package is of the first call, when it is imported; a plugin file is imported anew when its text changes.
    """
    top = target.partition(":")[0].partition(".")[0]
    spec = find_spec(top)
    if spec is None:
        return ""
    if spec.submodule_search_locations:
        return _package_digest(tuple(spec.submodule_search_locations))
    files = [Path(spec.origin)] if spec.origin is not None and Path(spec.origin).is_file() else []
    return digest_files((f"{i}", file) for i, file in enumerate(files))


@lru_cache(maxsize=256)
def _package_digest(roots: tuple[str, ...]) -> str:
    files = sorted(file for root in roots for file in Path(root).rglob("*.py"))
    return digest_files((f"{i}", file) for i, file in enumerate(files))


@lru_cache(maxsize=1)
def environment_digest() -> str:
    """Return a digest of what every result depends on: the core's sources and the versions of numerical packages."""
    return digest(code_digest("specframe:"), package_versions())


def package_versions() -> dict[str, str]:
    """Return the versions of the installed packages that can change a result."""
    versions = {}
    for name in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return versions


def digest_files(files: Iterable[tuple[str, Path]] | Mapping[str, Path]) -> str:
    """Return one digest of named files."""
    items = files.items() if isinstance(files, Mapping) else files
    return digest([[name, file_digest(path)] for name, path in items])
