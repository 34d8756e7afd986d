"""Checks of exporters."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import xarray as xr

from specframe.api.exporter import Results
from specframe.errors import DataError
from specframe.testing.case import Case, Check, CheckFailed, Skip, empty_directory, expect, unchanged
from specframe.testing.problems import fitted_observation, prediction_problem, results_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["EXPORTER_CHECKS", "ExporterCase", "ObservationExporterCase", "ResultsExporterCase"]

Example = TypeVar("Example")


class _WritingCase(Case[Example]):
    """Something that writes an example into a directory."""

    @abstractmethod
    def write(self, component: Any, example: Example, directory: Path) -> Any:
        """Let the component write, and return what it returns."""

    @abstractmethod
    def names(self, example: Example) -> list[str]:
        """Return the targets of an example."""

    @abstractmethod
    def poorer(self, example: Example) -> dict[str, Example]:
        """Return examples that lack something, by what that is."""

    def exercise(self, component: Any, example: Example) -> Any:
        """Export into an empty directory and return the contents of the files."""
        with empty_directory() as directory:
            files = self.write(component, example, directory)
            return {str(Path(file).relative_to(directory)): Path(file).read_bytes() for file in files}


class ExporterCase(_WritingCase[xr.Dataset]):
    """An exporter, run on a Prediction with errors."""

    example_type = "Prediction (Dataset)"

    def reference(self) -> Sequence[xr.Dataset]:
        """Return a Prediction of 20 targets and three outputs."""
        return [prediction_problem(seed=seed, n_target=1, n_new=20, heteroscedastic=True).new for seed in (0, 1)]

    def write(self, component: Any, example: xr.Dataset, directory: Path) -> Any:
        """Export."""
        return component.export(example, directory)

    def names(self, example: xr.Dataset) -> list[str]:
        """Return the targets of a Prediction."""
        return [str(target) for target in example["target"].values]

    def poorer(self, example: xr.Dataset) -> dict[str, xr.Dataset]:
        """Return a Prediction without errors, and one of a single output."""
        return {"without std": example.drop_vars("std", errors="ignore"), "one output": example.isel(output=[0])}


class ObservationExporterCase(_WritingCase[xr.DataTree]):
    """An exporter of Observations, run on light curves with measured depths."""

    example_type = "Observation (DataTree)"

    def reference(self) -> Sequence[xr.DataTree]:
        """Return two Observations with depths of one target."""
        return [_renamed(fitted_observation(seed=seed), "reference") for seed in (0, 1)]

    def write(self, component: Any, example: xr.DataTree, directory: Path) -> Any:
        """Export the target."""
        return component.export_target(example, directory)

    def names(self, example: xr.DataTree) -> list[str]:
        """Return the one target."""
        return [str(example.attrs["target"])]

    def poorer(self, example: xr.DataTree) -> dict[str, xr.DataTree]:
        """Return Observations without the fit and without errors."""
        unfitted = ("depth", "depth_error", "model", "detrended_flux")
        return {
            "without depths": example.map_over_datasets(lambda data: data.drop_vars(unfitted, errors="ignore")),
            "without errors": example.map_over_datasets(lambda data: data.drop_vars("flux_error", errors="ignore")),
        }


class ResultsExporterCase(_WritingCase[Results]):
    """An exporter of Results, run on spectra whose parameters were learned from a grid."""

    example_type = "Results"

    def reference(self) -> Sequence[Results]:
        """Return Results of three targets and two parameters."""
        return [results_problem(seed=seed) for seed in (0, 1)]

    def write(self, component: Any, example: Results, directory: Path) -> Any:
        """Export."""
        return component.export_results(example, directory)

    def names(self, example: Results) -> list[str]:
        """Return the predicted targets."""
        return [str(target) for target in example.prediction["target"].values]

    def poorer(self, example: Results) -> dict[str, Results]:
        """Return Results without errors, labels, training set or Observations."""
        unsure = example.prediction.drop_vars("std", errors="ignore")
        return {
            "without std": replace(example, prediction=unsure),
            "without labels": replace(example, labels=None),
            "without a training set": replace(example, training=lambda: iter(()), labels=None),
            "without Observations": replace(example, observations=lambda: iter(())),
        }


def _renamed(observation: xr.DataTree, target: str) -> xr.DataTree:
    observation.attrs["target"] = target
    return observation


def files_returned(case: _WritingCase[Any]) -> None:
    """Require that it returns the files that it wrote, all of them, none empty."""
    for example in case.examples():
        with empty_directory() as directory:
            files = case.write(case.make(), example, directory)
            expect(isinstance(files, list) and files, f"export must return the files it wrote, got {files!r}")
            wrong = [file for file in files if not isinstance(file, Path)]
            expect(not wrong, f"export must return Path objects, got {wrong[:1]}")
            absent = [str(file) for file in files if not file.is_file() or not file.stat().st_size]
            expect(not absent, f"these files are missing or empty: {', '.join(absent)}")
            written = {file.resolve() for file in directory.rglob("*") if file.is_file()}
            silent = sorted(str(file) for file in written - {file.resolve() for file in files})
            expect(not silent, f"it wrote files that it does not return: {', '.join(silent)}")


def writes_inside_only(case: _WritingCase[Any]) -> None:
    """Require that it writes into the directory given and nowhere around it, nor into the working directory."""
    with empty_directory() as outer:
        directory, working = outer / "given", outer / "working"
        directory.mkdir()
        working.mkdir()
        with contextlib.chdir(working):
            case.write(case.make(), case.examples()[0], directory)
        inside = {path.resolve() for path in directory.rglob("*")}
        outside = {path.resolve() for path in outer.rglob("*")} - inside - {directory.resolve(), working.resolve()}
        expect(not outside, f"it wrote outside its directory: {', '.join(sorted(path.name for path in outside))}")


def targets_written(case: _WritingCase[Any]) -> None:
    """Require that every target stands in what it wrote, where that is text."""
    example = case.examples()[0]
    try:
        text = "\n".join(content.decode() for content in case.alone()[0].values())
    except UnicodeDecodeError:
        raise Skip("what it writes is not text") from None
    targets = case.names(example)
    absent = [target for target in targets if target not in text]
    expect(not absent, f"{len(absent)} of {len(targets)} targets are not in the files, first {absent[:1]}")


def exports_again(case: _WritingCase[Any]) -> None:
    """Require that exporting a second time into the same directory replaces the files."""
    first, second = case.examples()[0], case.examples()[-1]
    expected = case.exercise(case.make(), second)
    with empty_directory() as directory:
        case.write(case.make(), first, directory)
        files = case.write(case.make(), second, directory)
        got = {str(file.relative_to(directory)): file.read_bytes() for file in files}
    unchanged(expected, got, "what an earlier export wrote remains")


def unsuitable_results_refused(case: _WritingCase[Any]) -> None:
    """Require that what lacks something the format needs is refused with a DataError and nothing is written."""
    example = case.examples()[0]
    for what, lacking in case.poorer(example).items():
        with empty_directory() as directory:
            try:
                case.write(case.make(), lacking, directory)
            except DataError as error:
                expect(str(error).strip(), f"{what}: refuses without a message")
                left = [path.name for path in directory.rglob("*")]
                expect(not left, f"{what}: refuses, but has written {', '.join(left)}")
            except Exception as error:
                raise CheckFailed(
                    f"{what}: must raise DataError or export, it raised {type(error).__name__}: {error}"
                ) from error


#: For exporters.
EXPORTER_CHECKS: tuple[Check, ...] = (
    files_returned,
    writes_inside_only,
    targets_written,
    exports_again,
    unsuitable_results_refused,
)
