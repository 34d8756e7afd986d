"""What a run's folder may hold that came from somebody else: nothing that leads out of it, and a sound manifest."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from specframe.api.sizes import check_hdf5_sizes
from specframe.errors import InputFileError
from specframe.pipeline.stages.keys import content_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["check_links", "check_manifest", "checked_output"]

#: Folders with a file for each target and step, or runs of their own: only what they hold themselves is looked at.
_SHALLOW = ("stages", "predictions")
#: Wrong places in a manifest that a message lists.
_TOLD = 3


def check_links(folder: Path) -> None:
    """Refuse a folder with links that lead out of it, pipes, sockets or devices.

    A link in place of a folder would have results written wherever it leads, one in place of a figure would put a
    file of the reader's own into a report that is handed on. Links within the folder are as good as files.

    Raises
    ------
    InputFileError
        Naming the first.
    """
    root = os.path.realpath(folder)
    for path, mode in _entries(folder, _SHALLOW):
        if stat.S_ISLNK(mode):
            leads = os.path.realpath(path)
            if not Path(leads).is_relative_to(root):
                raise InputFileError(
                    path, f"is a link that leads out of the run's folder, to {leads}; remove it, or copy that here"
                )
            try:
                mode = path.stat().st_mode
            except OSError:
                raise InputFileError(path, f"is a link that leads nowhere, to {leads}; remove it") from None
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise InputFileError(path, "is a pipe, a socket or a device, which no run holds; remove it")


def _entries(folder: Path, shallow: tuple[str, ...]) -> Iterator[tuple[Path, int]]:
    """Yield everything below a folder with its mode, without following links."""
    waiting = [(folder, 0)]
    while waiting:
        place, levels = waiting.pop()
        try:
            with os.scandir(place) as found:
                entries = list(found)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise InputFileError(place, f"cannot be read: {error.strerror}") from None
        for entry in entries:
            # what the folder itself says of a file spares a look at each of many
            plain = entry.is_file(follow_symlinks=False)
            mode = stat.S_IFREG if plain else entry.stat(follow_symlinks=False).st_mode
            yield Path(entry.path), mode
            if stat.S_ISDIR(mode) and levels != 1:
                inner = 1 if not levels and place == folder and entry.name in shallow else 0
                waiting.append((Path(entry.path), inner))


def checked_output(folder: Path, name: str, outputs: Mapping[str, str]) -> Path:
    """Return the path of a result that is what the run wrote, to the byte.

    Whoever changes a hash in the manifest, too, is not found out. Such a file may be nonsense, but it reads no others.

    Raises
    ------
    InputFileError
        When it is gone, was changed, or the manifest does not list it.
    """
    path = folder / name
    if name not in outputs:
        raise InputFileError(path, "is none of the results that manifest.json lists")
    if content_digest(path) != outputs[name]:
        raise InputFileError(
            path, "differs from what the run wrote (its hash is in manifest.json); run the pipeline again"
        )
    if path.suffix == ".nc":
        try:
            check_hdf5_sizes(path)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise InputFileError(path, f"cannot be read: {error}") from None
    return path


def check_manifest(path: Path, content: Any) -> dict[str, Any]:
    """Return the content of a ``manifest.json`` in which everything that is relied on is of the expected form.

    Outputs are named below the folder, and keys of stored results are hashes: both become paths.

    Raises
    ------
    InputFileError
        Naming the first few places that are wrong.
    """
    try:
        _Manifest.model_validate(content)
    except ValidationError as error:
        told = [f"{'.'.join(map(str, e['loc'])) or 'all of it'}: {e['msg'].lower()}" for e in error.errors()[:_TOLD]]
        raise InputFileError(
            path, f"is not what a run writes ({'; '.join(told)}): it was changed; run the pipeline again"
        ) from None
    checked: dict[str, Any] = content
    return checked


def _below(name: str) -> str:
    parts = PurePosixPath(name)
    if not name or parts.is_absolute() or ".." in parts.parts or "\0" in name:
        raise ValueError(f"{name!r} is no name of a file below the run's folder")
    return name


_Name = Annotated[str, AfterValidator(_below)]
_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
#: Empty where no step stores anything.
_Key = Annotated[str, Field(pattern=r"^([0-9a-f]{16,64})?$")]
#: A step's id is a folder of the store.
_StepId = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]


class _Lenient(BaseModel):
    """Checks the fields that it names, and takes any others."""

    model_config = ConfigDict(strict=True, extra="allow")


class _Step(_Lenient):
    id: _StepId


class _Pipeline(_Lenient):
    steps: list[_Step]
    evaluate: dict[str, Any] = {}
    predict: dict[str, Any] = {}


class _SetAside(_Lenient):
    target: str
    step: str
    reason: str


class _Component(_Lenient):
    distribution: str
    version: str
    code: str


class _Plugin(_Lenient):
    version: str
    status: str


class _Timings(_Lenient):
    phases: dict[str, float | int] = {}


class _Manifest(_Lenient):
    outputs: dict[_Name, _Digest]
    products: dict[str, _Key]
    pipeline: _Pipeline
    set_aside: list[_SetAside]
    timings: _Timings
    specframe: str = ""
    command: str = ""
    inputs: dict[str, dict[str, str]] = {}
    files: dict[str, str] = {}
    flags: dict[str, list[str]] = {}
    drawn: dict[str, str] = {}
    components: dict[str, _Component] = {}
    plugins: dict[str, _Plugin] = {}
    packages: dict[str, str] = {}
    hardware: dict[str, Any] = {}
    predicted_with: str = ""
    data: str = ""
