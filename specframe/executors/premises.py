"""What must be the same wherever the tasks of a run are worked on, and whether it is so in this process."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from platform import python_version, python_version_tuple
from typing import TYPE_CHECKING
from uuid import uuid4

from specframe.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

__all__ = ["Pass", "Premises", "look_anew", "passed"]

#: Seconds until a file that was just written is seen on another machine. NFS looks anew after 3 to 60 s, but a process
#: that did not look before sees it at once.
_SEEN = 20.0
#: In the folder while workers are at work. A run that is killed leaves it, the next one in the folder takes its place.
_PROBE = ".probe"
_NOT_THERE = "not installed"
#: Packages that carry tasks and results; other versions usually do, and dask itself only warns.
_CARRIERS = ("dask", "distributed", "cloudpickle", "msgpack")


@dataclass(frozen=True)
class Premises:
    """What results of a run rest on besides what its jobs say."""

    #: The folder that holds what workers read and write.
    folder: Path
    #: Gives the versions, by name, of all that can change a result, in the process that calls it.
    versions: Callable[[], Mapping[str, str]]


@dataclass(frozen=True)
class Pass:
    """What another process must find to be let in; plain data that travels with every task."""

    id: str
    premises: Premises
    versions: Mapping[str, str]
    carriers: Mapping[str, str]
    #: A file in the folder, and what it holds.
    probe: Path
    token: str
    patience: float

    def problems(self) -> tuple[str, ...]:
        """Return why this process must not work on the tasks."""
        there, here = dict(self.premises.versions()), dict(self.versions)
        there["Python"], here["Python"] = _python(), here.get("Python", _python())
        return (
            *(
                f"{name} is {there.get(name, _NOT_THERE)} there, {here.get(name, _NOT_THERE)} here"
                for name in sorted(there.keys() | here.keys())
                if there.get(name) != here.get(name)
            ),
            *self._folder_problems(),
        )

    def remarks(self) -> tuple[str, ...]:
        """Return what differs in this process and may well do no harm."""
        there = _carriers()
        return tuple(
            f"{name} is {there.get(name, _NOT_THERE)} there, {version} here"
            for name, version in self.carriers.items()
            if there.get(name) != version
        )

    def _folder_problems(self) -> Iterator[str]:
        folder = self.premises.folder
        deadline = time.monotonic() + self.patience
        while (found := self._found()) != self.token and time.monotonic() < deadline:
            time.sleep(0.2)
        if found is None:
            yield f"{folder} is not the folder that it is here: a file just written here is not seen there"
        elif found != self.token:
            yield f"{folder} is another folder there than here"
        elif not os.access(folder, os.W_OK):
            yield f"{folder} cannot be written to there"

    def _found(self) -> str | None:
        look_anew(self.probe.parent)
        with suppress(OSError):
            return self.probe.read_text(encoding="ascii")
        return None


def look_anew(folder: Path) -> None:
    """Have a network file system look what is in a folder; else it remembers for a while which files were not there."""
    with suppress(OSError):
        os.listdir(folder)  # noqa: PTH208 - nothing is done with the names


@contextmanager
def passed(premises: Premises) -> Iterator[Pass]:
    """Give the pass of this process; its probe lies in the folder meanwhile."""
    probe, token = premises.folder / _PROBE, uuid4().hex
    try:
        premises.folder.mkdir(parents=True, exist_ok=True)
        probe.write_text(token, encoding="ascii")
    except OSError as error:
        raise RunError(f"{probe.parent} cannot be written to: {error.strerror}") from None
    try:
        versions = {**premises.versions(), "Python": _python()}
        yield Pass(uuid4().hex, premises, versions, _carriers(), probe, token, _SEEN)
    finally:
        with suppress(OSError):
            probe.unlink()


def _python() -> str:
    return ".".join(python_version_tuple()[:2])


def _carriers() -> dict[str, str]:
    found = {"Python": python_version()}
    for name in _CARRIERS:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found
