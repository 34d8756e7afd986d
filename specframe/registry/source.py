"""Where plugins come from: entry points of installed distributions, and local files; none imported yet."""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass
from importlib import metadata, util
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specframe.registry.record import PluginRecord
from specframe.registry.selection import canonical_name

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import ModuleType

__all__ = ["GROUP", "Source", "import_file", "installed_sources", "local_sources"]

#: The entry point group under which distributions offer plugins.
GROUP = "specframe.plugins"
#: Attribute of a local file's module: the hash of the text that it was made from.
_TEXT_DIGEST = "__specframe_text_digest__"


@dataclass(frozen=True)
class Source:
    """A plugin that was found and could be loaded."""

    name: str
    distribution: str
    version: str
    load: Callable[[], object]
    #: Real name of the module made from a local file, which the file's own targets call ``name``.
    module: str = ""
    #: The entry point as ``pyproject.toml`` writes it, ``name = "module"``.
    entry_point: str = ""


def installed_sources() -> Iterator[Source | PluginRecord]:
    """Yield every entry point of group ``specframe.plugins``; a distribution that cannot be read as a record.

    Where a distribution is found twice (an editable install beside a stale copy), the first on ``sys.path`` counts,
    as it does for every look-up by :mod:`importlib.metadata`.
    """
    names: dict[str, str] = {}
    for distribution in metadata.distributions():
        if GROUP in (distribution.read_text("entry_points.txt") or ""):
            name = _name(distribution)
            names.setdefault(canonical_name(name), name)
    for name in names.values():
        try:
            first = metadata.distribution(name)
            version = str(first.version or "")
            found = [point for point in first.entry_points if point.group == GROUP]
        except Exception as error:  # unreadable metadata raises whatever its parser stumbles over
            yield PluginRecord(
                name, name, "", "broken", f"its installed metadata cannot be read ({type(error).__name__}: {error})"
            )
            continue
        for point in found:
            yield Source(point.name, name, version, point.load, entry_point=f'{point.name} = "{point.value}"')


def _file_source(path: Path) -> Source | PluginRecord:
    """Return the local file ``path`` as a plugin named by its stem.

    Its version is the hash of its contents, so that results made with an earlier text are not taken for its own.
    """
    path = path.expanduser().resolve()
    name = path.stem
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    except OSError as error:
        return PluginRecord(name, str(path), "", "broken", f"the plugin file cannot be read: {error.strerror or error}")
    if path.suffix != ".py":
        return PluginRecord(name, str(path), "", "broken", f"a plugin file is a Python file (.py), got {path.name}")
    return Source(name, str(path), f"0+{digest}", lambda: import_file(path), _module_name(path))


def import_file(path: Path | str) -> ModuleType:
    """Import a plugin file under a module name that is the same in every process, anew when its text has changed.

    A worker process calls this (or discovers plugins with the same files) before it receives the file's components.
    Records of an earlier discovery and the classes that they load stay one and the same as long as the text does.
    """
    path = Path(path).expanduser().resolve()
    name = _module_name(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if name in sys.modules and getattr(sys.modules[name], _TEXT_DIGEST, None) == digest:
        return sys.modules[name]
    spec = util.spec_from_file_location(name, path, loader=_TextLoader(name, str(path)))
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = util.module_from_spec(spec)
    setattr(module, _TEXT_DIGEST, digest)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


class _TextLoader(SourceFileLoader):
    """Compiles the text that is there: kept bytecode is known by length and second, which an edit may leave as is."""

    def path_stats(self, path: str | os.PathLike[str]) -> Mapping[str, Any]:
        """Have no bytecode read or kept."""
        raise OSError(f"{path}: bytecode is not kept")


def local_sources(files: Iterable[Path]) -> list[Source | PluginRecord]:
    """Return ``files`` as plugins, each once."""
    return [_file_source(path) for path in dict.fromkeys(Path(file).expanduser().resolve() for file in files)]


def _module_name(path: Path) -> str:
    stem = re.sub(r"\W", "_", path.stem)
    return f"specframe_local_{stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"


def _name(distribution: metadata.Distribution) -> str:
    try:
        name = distribution.metadata["Name"]
    except Exception:  # no METADATA file: each Python version raises something else
        name = None
    # its folder is named <distribution>-<version>.dist-info
    return name or Path(str(getattr(distribution, "_path", "unnamed"))).name.partition("-")[0]
