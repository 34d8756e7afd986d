"""One correct exporter, and exporters with one fault each; the tags name the checks that must catch it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from specframe.api import Component, Exporter, ObservationExporter, Params, ResultsExporter, hookimpl, nodes
from specframe.errors import DataError

FAULTS: list[tuple[type[Exporter | ObservationExporter | ResultsExporter], tuple[str, ...]]] = []


def caught_by(*checks: str) -> Any:
    def register(cls: type[Exporter]) -> type[Exporter]:
        FAULTS.append((cls, checks))
        return cls

    return register


@caught_by()
class Table(Exporter):
    """Target, mean and error of every output, separated by commas."""

    name = "table"

    def export(self, prediction: Any, directory: Path) -> Any:
        if "std" not in prediction:
            raise DataError("needs std, add an uncertainty step")
        path = directory / "table.csv"
        path.write_text(self.text(prediction))
        return [path]

    def text(self, prediction: Any) -> str:
        rows = zip(prediction["target"].values, prediction["mean"].values, prediction["std"].values, strict=True)
        return "\n".join(f"{target},{list(mean)},{list(std)}" for target, mean, std in rows)


@caught_by("files-returned")
class HidesAFile(Table):
    """Writes a file that it does not return."""

    def export(self, prediction: Any, directory: Path) -> Any:
        written = super().export(prediction, directory)
        (directory / "notes.txt").write_text("made by specframe")
        return written


@caught_by("files-returned")
class ReturnsStrings(Table):
    """Returns names of files."""

    def export(self, prediction: Any, directory: Path) -> Any:
        class Name(str):
            def relative_to(self, other: Path) -> Path:
                return Path(self).relative_to(other)

            def read_bytes(self) -> bytes:
                return Path(self).read_bytes()

        return [Name(path) for path in super().export(prediction, directory)]


@caught_by("writes-inside-only")
class WritesWhereItStands(Table):
    """Leaves a log in the working directory."""

    def export(self, prediction: Any, directory: Path) -> Any:
        Path("export.log").write_text("done")
        return super().export(prediction, directory)


@caught_by("writes-inside-only")
class WritesBeside(Table):
    """Leaves a log beside the directory that it was given."""

    def export(self, prediction: Any, directory: Path) -> Any:
        log = directory.parent / "specframe-export.log"
        log.write_text("done")
        written = super().export(prediction, directory)
        if directory.name != "given":
            log.unlink(missing_ok=True)
        return written


@caught_by("targets-written")
class ForgetsTheLast(Table):
    """Leaves the last target out."""

    def text(self, prediction: Any) -> str:
        return super().text(prediction.isel(target=slice(0, -1)))


@caught_by("exports-again")
class Appends(Table):
    """Appends to what is there."""

    def export(self, prediction: Any, directory: Path) -> Any:
        path = directory / "table.csv"
        before = path.read_text() if path.exists() else ""
        super().export(prediction, directory)
        path.write_text(before + path.read_text())
        return [path]


@caught_by("unsuitable-results-refused")
class WritesHalf(Table):
    """Has written its header when it finds out that something is missing."""

    def export(self, prediction: Any, directory: Path) -> Any:
        header = directory / "header.csv"
        header.write_text("target,mean,std")
        return [header, *super().export(prediction, directory)]


@caught_by("unsuitable-results-refused")
class RaisesKeyError(Table):
    """Lets a KeyError out when something is missing."""

    def export(self, prediction: Any, directory: Path) -> Any:
        prediction["std"]
        return super().export(prediction, directory)


@caught_by("reproducible", "thread-safe", "shared-by-threads", "exports-again")
class StampsTheTime(Table):
    """Writes the time of day into its file."""

    def text(self, prediction: Any) -> str:
        return f"{time.perf_counter_ns()}\n{super().text(prediction)}"


def name_of(cls: type) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in cls.__name__).strip("-")


@caught_by()
class Curves(ObservationExporter):
    """The mean flux of every node, one file per target."""

    name = "curves"

    def export_target(self, observation: Any, directory: Path) -> Any:
        lines = [observation.attrs["target"]]
        for path, data in nodes(observation):
            if "flux_error" not in data:
                raise DataError(f"node /{path} has no flux_error")
            lines.append(f"{path} {float(data['flux'].mean())}")
        path = directory / f"{observation.attrs['target']}.txt"
        path.write_text("\n".join(lines))
        return [path]


@caught_by("files-returned")
class HidesACurve(Curves):
    """Writes a file that it does not return."""

    def export_target(self, observation: Any, directory: Path) -> Any:
        written = super().export_target(observation, directory)
        (directory / "notes.txt").write_text("made by specframe")
        return written


@caught_by("unsuitable-results-refused")
class BreaksOnACurve(Curves):
    """Raises a KeyError where there are no errors."""

    def export_target(self, observation: Any, directory: Path) -> Any:
        for _, data in nodes(observation):
            data["flux_error"]
        return super().export_target(observation, directory)


@caught_by()
class Nearest(ResultsExporter):
    """The target of the training set whose mean flux is nearest, a line per target."""

    name = "nearest"

    def export_results(self, results: Any, directory: Path) -> Any:
        grid = {one.attrs["target"]: self.mean(one) for one in results.training()}
        if not grid:
            raise DataError("no training set to compare with")
        lines = [self.line(one, grid) for one in results.observations()]
        path = directory / "nearest.txt"
        path.write_text("\n".join(["target nearest", *lines]))
        return [path]

    def line(self, observation: Any, grid: dict[str, float]) -> str:
        mean = self.mean(observation)
        return f"{observation.attrs['target']} {min(grid, key=lambda name: abs(grid[name] - mean))}"

    def mean(self, observation: Any) -> float:
        return next(float(data["flux"].mean()) for _, data in nodes(observation))


@caught_by("unsuitable-results-refused")
class NeedsATrainingSet(Nearest):
    """Raises a ValueError where nothing was learned from."""

    def export_results(self, results: Any, directory: Path) -> Any:
        min(self.mean(one) for one in results.training())
        return super().export_results(results, directory)


for _cls, _ in FAULTS:
    _cls.name = name_of(_cls)


@hookimpl
def specframe_components() -> Any:
    for cls, checks in FAULTS:
        yield Component(
            kind="exporter",
            name=cls.name,
            target=f"exporters:{cls.__name__}",
            params=Params,
            summary=cls.__doc__ or "",
            tags=checks,
        )
