"""A plugin file with a simulator that can fail, be slow or meet a full disk, so that the command is tested alone."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import Component, Field, Loader, Params, Simulator, hookimpl, make_observation
from specframe.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class ToyParams(Params):
    n_targets: int = Field(4, ge=1, description="Number of targets.")
    scale: float = Field(1.0, gt=0, description="Factor on every number.")
    failing: tuple[str, ...] = Field((), description="Targets that cannot be made.")
    buggy: tuple[str, ...] = Field((), description="Targets at which the simulator has a bug.")
    full: tuple[str, ...] = Field((), description="Targets for which the disk has no room.")
    seconds: float = Field(0.0, ge=0, description="Time that a target takes.")
    calls: str = Field("", description="File to which each target that is begun adds a line.")


class ToySimulator(Simulator):
    """Writes a number per target."""

    name = "toy-simulator"
    Params = ToyParams
    params: ToyParams

    def targets(self) -> list[str]:
        return [f"t{number}" for number in range(self.params.n_targets)]

    def load(self, target: str) -> Any:
        return make_observation(target, {})

    def check_folder(self, folder: Path) -> None:
        if folder.is_dir() and (strangers := [p.name for p in folder.iterdir() if p.name[0] not in ".st"]):
            raise UsageError(f"{folder} holds other files: {', '.join(strangers)}")
        scale = folder / "scale"
        if scale.exists() and scale.read_text() != str(self.params.scale):
            raise UsageError(f"{folder} holds targets of scale {scale.read_text()}")

    def written(self, folder: Path) -> list[str]:
        return [target for target in self.targets() if (folder / f"{target}.txt").exists()]

    def write_target(self, target: str, folder: Path) -> list[Path]:
        if self.params.calls:
            with Path(self.params.calls).open("a") as file:
                file.write(f"{target} {os.environ.get('POLARS_MAX_THREADS', '-')} {os.getpid()}\n")
        if target in self.params.failing:
            raise DataError(f"target {target} has no star")
        if target in self.params.buggy:
            raise ZeroDivisionError("a bug in the simulator")
        if target in self.params.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        time.sleep(self.params.seconds)
        (folder / "scale").write_text(str(self.params.scale))
        path = folder / f"{target}.txt"
        path.write_text(str(self.params.scale * np.random.default_rng(int(target[1:])).random()))
        return [path]

    def write_tables(self, folder: Path, targets: Sequence[str]) -> list[Path]:
        (folder / "table").write_text("\n".join(targets))
        return [folder / "table"]


class Reader(Loader):
    """Reads what others made."""

    name = "reader"
    Params = ToyParams

    def targets(self) -> list[str]:
        return ["t0"]

    def load(self, target: str) -> Any:
        return make_observation(target, {})


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Offer both."""
    for cls in (ToySimulator, Reader):
        yield Component(
            kind="loader",
            name=cls.name,
            target=f"toy_simulator:{cls.__name__}",
            params=ToyParams,
            summary=cls.__doc__ or "",
        )
