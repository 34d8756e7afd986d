"""The figures of a finished run for papers: drawn anew from what lies in its folder."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from specframe.api.files import file_name
from specframe.api.refusal import cannot_write
from specframe.errors import InputFileError, SpecframeError, UsageError
from specframe.evaluate.bootstrap import Intervals
from specframe.evaluate.evaluation import Evaluation
from specframe.pipeline.captions import figure_texts, has_covariance
from specframe.pipeline.comparing import published_spectra
from specframe.pipeline.directory import RunDirectory
from specframe.pipeline.downloaded import checked_output
from specframe.pipeline.figures import FigureSources, draw_figures
from specframe.pipeline.outputs import write_json
from specframe.progress.progress import Progress
from specframe.report.canvas import FigureFormat, figure_bytes, write_bytes
from specframe.report.paper import column_width, for_paper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr
    from matplotlib.figure import Figure

    from specframe.config.spec import PipelineSpec
    from specframe.pipeline.comparing import Published
    from specframe.pipeline.result import Run

__all__ = ["PaperFigures", "write_paper_figures"]

#: What was drawn into a folder, with captions; also says which files in it are ours.
_LIST = "figures.json"
_TRAINING = "training-"
_FEWEST_DOTS, _MOST_DOTS = 50, 1200


@dataclass(frozen=True)
class PaperFigures:
    """What :func:`write_paper_figures` wrote."""

    folder: Path
    #: The figures, in the order of the report.
    files: tuple[Path, ...]
    #: Why figures that the run drew, or should have, are not among them, by name.
    missing: Mapping[str, str]


def write_paper_figures(
    run: Run,
    file_format: FigureFormat = "pdf",
    out: Path | None = None,
    *,
    width: str | float | None = None,
    dpi: int = 300,
    plugin_files: Sequence[Path] = (),
) -> PaperFigures:
    """Draw every figure of a run for papers, into ``figures-<format>`` of its folder or into ``out``.

    Nothing is computed again and no data are read but those of ``evaluate.compare``. The same run gives the same bytes.
    ``figures.json`` beside the figures has a caption for each, and why others are missing.

    Parameters
    ----------
    run
        A complete run or prediction.
    file_format
        ``pdf`` and ``svg`` are vectors, with embedded letters.
    out
        Folder of the figures. Those of an earlier call are replaced, other files in it stay.
    width
        ``single`` or ``double`` column, ``3.4in``, ``90mm``, or inches; by default the column that a figure fits into.
    dpi
        Dots per inch of PNG, and of clouds of points and maps in the others.
    plugin_files
        As of the run.

    Raises
    ------
    UsageError
        When an argument is wrong, or another specframe is working in the folder of the run.
    InputFileError
        When a result is not what the run wrote.
    RunError
        When another specframe replaced the results meanwhile.
    WriteError
        When the system refuses to write.
    """
    if file_format not in get_args(FigureFormat):
        raise UsageError(f"figures: format {file_format!r} is none of {', '.join(get_args(FigureFormat))}")
    if not _FEWEST_DOTS <= dpi <= _MOST_DOTS:
        raise UsageError(f"figures: dpi {dpi}: expected {_FEWEST_DOTS} to {_MOST_DOTS} dots per inch")
    inches = column_width(width)
    folder = run.path / f"figures-{file_format}" if out is None else out
    directory = RunDirectory(run.path)
    inside = folder.resolve().is_relative_to(run.path.resolve())
    rendered: dict[str, bytes] = {}
    headlines: dict[str, str] = {}

    def render(figure: Figure, name: str) -> None:
        headline = for_paper(figure, inches)
        rendered[name] = figure_bytes(figure, file_format, dpi)
        headlines[name] = headline

    with directory.locked() if inside else nullcontext(), directory.unchanged():
        stored = _Stored(run, tuple(plugin_files))
        drawn, missing = draw_figures(stored.sources(), render)
        missing = {**stored.lost, **missing}
        missing |= {name: stored.reason(name) for name in stored.expected if name not in {*drawn, *missing}}
        try:
            _remove_old(folder)
            for name, content in rendered.items():
                write_bytes(folder / f"{name}.{file_format}", content)
            figures = {f"{name}.{file_format}": _texts(name, headlines[name], run) for name in drawn}
            folder.mkdir(parents=True, exist_ok=True)
            write_json(folder / _LIST, {"figures": figures, "missing": missing})
        except OSError as error:
            raise cannot_write(error.filename or folder, error) from error
    return PaperFigures(folder, tuple(folder / f"{name}.{file_format}" for name in drawn), missing)


class _Stored:
    """What a run's folder has of what figures are drawn of, and why it lacks the rest."""

    def __init__(self, run: Run, plugin_files: Sequence[Path]) -> None:
        self._run, self._plugin_files = run, plugin_files
        outputs: Mapping[str, str] = run.manifest["outputs"]
        self._outputs = outputs
        #: Figures that the run drew.
        self.expected = [Path(name).stem for name in outputs if name.startswith("figures/")]
        #: Figures that cannot be drawn because what they show cannot be had.
        self.lost: dict[str, str] = {}

    def sources(self) -> FigureSources:
        """Return what there is."""
        drawn: Mapping[str, str] = self._run.manifest.get("drawn", {})
        evaluate: Mapping[str, Any] = self._run.manifest["pipeline"].get("evaluate", {})
        return FigureSources(
            self._run.predictions if "predictions.nc" in self._outputs else None,
            [target for target in drawn if self._stores or self._light_curve_file(target) in self._outputs],
            self._observation,
            self._published() if evaluate.get("compare") else (),
            self._classes(),
            self._trained(),
        )

    def reason(self, name: str) -> str:
        """Return why a figure that the run drew was not drawn again."""
        lost = next((why for other, why in self.lost.items() if name.startswith(other)), None)
        if lost is not None:
            return lost
        if not self._stores:
            return "it shows what the loader reads, which the run does not store; 'specframe run' draws it again"
        return "it shows what the folder of the run does not hold; 'specframe run' draws it again"

    @cached_property
    def _stores(self) -> bool:
        """Whether a step of the pipeline stores what it makes of a target."""
        return any(step.keys() & {"calibrate", "detrend"} for step in self._run.manifest["pipeline"]["steps"])

    def _light_curve_file(self, target: str) -> str:
        return f"light_curves/{file_name(target)}.nc"

    def _observation(self, target: str) -> xr.DataTree:
        """Return the light curves of a target: as a result, else as they are stored."""
        name = self._light_curve_file(target)
        if name in self._outputs:
            from specframe.pipeline.stages.netcdf import read_tree

            return read_tree(checked_output(self._run.path, name, self._outputs))
        try:
            return self._run.observation(target)
        except (InputFileError, UsageError) as error:
            at = file_name(target)
            curves = ("light-curve", "residuals", "posterior", "allan")
            self.lost |= {
                name: str(error)
                for name in self.expected
                if any(name == f"{kind}-{at}" or name.startswith(f"{kind}-{at}-") for kind in curves)
            }
            raise

    @cached_property
    def _spec(self) -> PipelineSpec:
        from specframe.pipeline.pipeline import Pipeline

        path = checked_output(self._run.path, "pipeline.yaml", self._outputs)
        return Pipeline.from_yaml(path, (), self._plugin_files, check_paths=False).spec

    def _published(self) -> list[Published]:
        try:
            return published_spectra(self._spec.compared, Progress())
        except (SpecframeError, OSError) as error:
            self.lost["published spectra"] = f"the other figures are drawn without them: {error}"
            return []

    def _classes(self) -> dict[str, dict[str, Evaluation]]:
        """Return the scores by class as ``metrics.json`` has them."""
        return {
            by: {
                label: Evaluation(
                    found["scores"],
                    n_target=found["targets"],
                    intervals=Intervals({name: tuple(ends) for name, ends in found.get("intervals", {}).items()}),
                )
                for label, found in classes.items()
            }
            for by, classes in self._run.metrics.get("by", {}).items()
        }

    def _trained(self) -> dict[str, xr.Dataset]:
        """Return how the training of models went, which the fitted models remember."""
        names = [name for name in self.expected if name.startswith(_TRAINING)]
        if not names:
            return {}
        from specframe.pipeline.fit.chain import FittedChain
        from specframe.pipeline.fit.learning import learning_steps

        try:
            RunDirectory(self._run.path).verify("model/")
            return FittedChain.load(self._run.path / "model", learning_steps(self._spec.steps)).histories()
        except (SpecframeError, OSError) as error:
            self.lost |= dict.fromkeys(names, str(error))
            return {}


def _texts(name: str, shows: str, run: Run) -> dict[str, str]:
    """Return title and caption of a figure as the report has them, and the headline that it has there."""
    title, caption = figure_texts(name, run.manifest.get("drawn", {}), has_covariance(run.path / "predictions.nc"))
    return {"title": title, "shows": shows, "caption": caption}


def _remove_old(folder: Path) -> None:
    """Remove the figures of an earlier call, which its list names, and nothing else."""
    try:
        names = list(json.loads((folder / _LIST).read_text(encoding="utf-8"))["figures"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    root = folder.resolve()
    for name in names:
        file = folder / str(name)
        if file.resolve().parent == root:
            file.unlink(missing_ok=True)
