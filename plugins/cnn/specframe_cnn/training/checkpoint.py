"""Checkpoints: a training on disk, from which it goes on after it was killed."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from torch import Tensor

    from specframe_cnn.training.data import TensorData

__all__ = ["Checkpoint", "digest_of"]

_FORMAT = 1


class Checkpoint:
    """One file that holds the last state of a training: tensors, and JSON in the file's header.

    A file is written beside it, brought to the disk and renamed, so that a kill at any moment leaves a whole one.

    Parameters
    ----------
    path
        The file; its folder is made when it is needed.
    digest
        Of all that decides the training's result: a file with another one is of another training, and not used.
    tell
        Takes a line when a file that is there cannot be used, or none can be written.
    """

    def __init__(self, path: Path, digest: str, tell: Callable[[str], None]) -> None:
        self.path = path
        self.digest = digest
        self.tell = tell

    def read(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Return tensors and values of the last ``write``, or ``None`` when there is none that is whole and ours."""
        if not self.path.is_file():
            return None
        try:
            with safe_open(self.path, framework="pt") as file:
                header = file.metadata() or {}
                values = json.loads(header["values"])
                found = header["digest"]
                # copies in torch's own memory: its alignment decides bits
                tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - no mapping
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            self.tell(f"{self.path}: the checkpoint is damaged and not used ({error}); training begins anew")
            return None
        if found != self.digest:
            self.tell(f"{self.path}: the checkpoint is of other data, parameters or seed; training begins anew")
            return None
        return tensors, values

    def write(self, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
        """Keep tensors and JSON values. A file that cannot be written is told, and training goes on."""
        apart = {name: value.detach().to("cpu", copy=True).contiguous() for name, value in tensors.items()}
        content = save(apart, {"digest": self.digest, "values": json.dumps(values)})
        partial = self.path.with_name(self.path.name + ".partial")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            self.tell(f"{self.path}: no checkpoint could be written ({error}); training goes on without")


def _sync_folder(folder: Path) -> None:
    """Bring a rename to the disk, where the system lets folders be opened."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest_of(data: Iterable[TensorData], state: dict[str, Tensor], described: Iterable[object]) -> str:
    """Return a digest of data, of a network's initial weights and of whatever else is ``described`` in JSON or text."""
    digest = hashlib.blake2b(digest_size=32)
    digest.update(f"format {_FORMAT}".encode())
    for one in data:
        _digest_data(digest, one)
    for name, value in state.items():
        _digest_tensor(digest, name, value)
    for item in described:
        digest.update(json.dumps(item, sort_keys=True, default=_described).encode())
    return digest.hexdigest()


def _described(value: object) -> object:
    return value.tolist() if isinstance(value, torch.Tensor) else repr(value)


def _digest_data(digest: hashlib.blake2b, data: TensorData) -> None:
    """Add all of ``data`` to ``digest``."""
    for name, values in (("labels", data.labels), ("weight", data.weight)):
        _digest_tensor(digest, name, values)
    for part in ("inputs", "errors", "masks", "offsets"):
        for name, values in sorted(getattr(data, part).items()):
            _digest_tensor(digest, f"{part}/{name}", values)
    for name, finish in sorted(data.finish.items()):
        for part, values in sorted(finish.tensors().items()):
            _digest_tensor(digest, f"finish/{name}/{part}", values)
    axes = [data.time_axis, data.wavelength_axis, data.scales]
    digest.update(json.dumps(axes, sort_keys=True).encode())


def _digest_tensor(digest: hashlib.blake2b, name: str, values: Tensor) -> None:
    digest.update(f"{name} {values.dtype} {tuple(values.shape)}".encode())
    digest.update(values.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
