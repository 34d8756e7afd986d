"""What must be the same on every machine that works for a run: versions, code and the folder."""

from __future__ import annotations

from functools import lru_cache, partial
from importlib import metadata
from typing import TYPE_CHECKING

from specframe.errors import DataError
from specframe.executors.premises import Premises
from specframe.pipeline.stages.keys import code_digest, file_digest, package_versions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from specframe.config.spec import Part

__all__ = ["premises_of", "versions_of"]

#: Digits of a digest that are shown.
_SHOWN = 12


def premises_of(folder: Path, parts: Iterable[Part], plugin_files: tuple[Path, ...] = ()) -> Premises:
    """Return what workers must share with this process that work with these components, in a folder."""
    files = tuple(file.expanduser().resolve() for file in plugin_files)
    local = set(map(str, files))
    packages = {
        part.component.component.target.partition(":")[0].partition(".")[0]: part.component.distribution
        for part in parts
        if part.component.distribution not in local
    }
    packages.pop("specframe", None)  # its own scores
    return Premises(folder.absolute(), partial(versions_of, tuple(sorted(packages.items())), files))


def versions_of(packages: tuple[tuple[str, str], ...], files: tuple[Path, ...]) -> dict[str, str]:
    """Return the versions and code digests that results of a run rest on in this process, by name.

    Those of packages are of the first call: code that is edited later is not what this process has imported. Plugin
    files are imported anew when their text changes.

    Parameters
    ----------
    packages
        Names of the packages that components live in, and of the distributions that they belong to.
    files
        Local plugin files.
    """
    local = {f"plugin file {file}": _content(file) for file in files}
    return {**_installed(packages), **local}


@lru_cache(maxsize=64)
def _installed(packages: tuple[tuple[str, str], ...]) -> dict[str, str]:
    code = {f"plugin {name}": _code(name, distribution) for name, distribution in packages}
    return {**package_versions(), "specframe": _code("specframe", "specframe"), **code}


def _code(name: str, distribution: str) -> str:
    digest = code_digest(f"{name}:")
    if not digest:
        return "not installed"
    try:
        version = metadata.version(distribution)
    except metadata.PackageNotFoundError:
        version = "without a version"
    return f"{version} (code {digest[:_SHOWN]})"


def _content(file: Path) -> str:
    try:
        return file_digest(file)[:_SHOWN]
    except DataError:
        return "not readable"
