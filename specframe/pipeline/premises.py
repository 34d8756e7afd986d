"""What must be the same on every machine that works for a run: versions, code and the folder."""

from __future__ import annotations

from functools import lru_cache, partial
from importlib import metadata
from typing import TYPE_CHECKING

from specframe.errors import DataError
from specframe.executors.premises import Premises
from specframe.pipeline.keys import code_digest, file_digest, package_versions

if TYPE_CHECKING:
    from pathlib import Path

    from specframe.pipeline.run import Session

__all__ = ["premises_of", "versions_of"]

#: Digits of a digest that are shown.
_SHOWN = 12


def premises_of(session: Session) -> Premises:
    """Return what workers of a session must share with this process."""
    spec = session.spec
    parts = [(part.component.component.target, part.component.distribution) for part in (*spec.steps, *spec.scores)]
    files = tuple(session.plugin_files)
    local = {file.stem for file in files}
    packages = {target.partition(":")[0].partition(".")[0]: distribution for target, distribution in parts}
    packages = {name: distribution for name, distribution in packages.items() if name not in local}
    return Premises(session.directory.path, partial(versions_of, tuple(sorted(packages.items())), files))


@lru_cache(maxsize=64)
def versions_of(packages: tuple[tuple[str, str], ...], files: tuple[Path, ...]) -> dict[str, str]:
    """Return the versions and code digests that results of a run rest on in this process, by name.

    They are those of the first call: code that is edited later is not what this process has imported.

    Parameters
    ----------
    packages
        Names of the packages that components live in, and of the distributions that they belong to.
    files
        Local plugin files.
    """
    code = {f"plugin {name}": _code(name, distribution) for name, distribution in packages}
    local = {f"plugin file {file}": _content(file) for file in files}
    return {**package_versions(), "specframe": _code("specframe", "specframe"), **code, **local}


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
