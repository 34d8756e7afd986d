"""What exporters write comes to its place whole, and to nobody else's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import xarray as xr

from specframe.api import ObservationExporter, Params
from specframe.pipeline.exporting import run_exporters
from specframe.progress.progress import Progress

if TYPE_CHECKING:
    from pathlib import Path


class _NoParams(Params):
    """None."""


class _FirstLetter(ObservationExporter):
    """Names files by the first letter of a target alone."""

    name = "first-letter"
    Params: ClassVar[type[Params]] = _NoParams

    def export_target(self, observation: xr.DataTree, directory: Path) -> list[Path]:
        target = observation.attrs["target"]
        (directory / f"{target[0]}.txt").write_text(target)
        return [directory / f"{target[0]}.txt"]


def test_a_file_that_would_take_the_place_of_another_targets_is_refused(tmp_path: Path) -> None:
    worker = SimpleNamespace(product=lambda target, key: xr.DataTree(xr.Dataset(attrs={"target": target})))
    gathered: Any = SimpleNamespace(worker=worker, keys={"a1": "", "b1": "", "a2": ""})
    training: Any = None
    failed = run_exporters([_FirstLetter()], gathered, None, training, tmp_path, Progress(quiet=True))
    assert [file.read_text() for file in sorted(tmp_path.iterdir())] == ["a1", "b1"]
    assert "nothing of 1 of 3 targets: a2: its file a.txt would take the place of target a1's" in str(failed)
