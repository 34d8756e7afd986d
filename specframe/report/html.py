"""The report of a run: one HTML file that needs nothing else, not even a network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specframe.report.cells import (
    FIRST,
    class_table,
    flat_tables,
    named_targets,
    parameter_rows,
    score_names,
    score_text,
    shown,
)
from specframe.report.diagram import PipelineStep, diagram_svg, diagram_text
from specframe.report.page import island, render_page
from specframe.report.predicted import Predicted
from specframe.report.report_figure import ReportFigure
from specframe.report.target_pages import drawing, target_pages, target_rows
from specframe.report.verdict import coverage_sentences
from specframe.report.viewer_data import selected_targets, viewer_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["ReportFigure", "write_report"]

#: Images take no more than this, so that the file stays below 5 MB; those behind are named.
_IMAGE_BYTES = 3_000_000
#: So many targets that were set aside are listed.
_ASIDE = 300
#: So many scores stand at the top of the result.
_HEADLINE = 4
_SCRIPTS = ("chart.js", "spectrum_plot.js", "parameter_plot.js", "target_table.js", "viewer.js")


@dataclass(frozen=True)
class _Image:
    title: str
    caption: str
    #: ``""`` where the image would make the file too large.
    source: str
    file: str
    part: str
    target: str
    keeps_colours: bool


def write_report(
    path: Path | str,
    *,
    title: str,
    summary: Mapping[str, object],
    scores: Mapping[str, Mapping[str, float | None]],
    prediction: xr.Dataset | None = None,
    estimates: Mapping[str, tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] | None = None,
    steps: Sequence[PipelineStep] = (),
    about: Mapping[str, str] | None = None,
    meanings: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    figures: Sequence[ReportFigure] = (),
    drawn: Mapping[str, str] | None = None,
    set_aside: Sequence[Mapping[str, object]] = (),
    provenance: Mapping[str, object] | None = None,
    repeat: str = "",
    timings: Mapping[str, float] | None = None,
    reasons: Mapping[str, str] | None = None,
    description: str = "",
    pipeline: str = "",
    flags: Mapping[str, Sequence[str]] | None = None,
    quality: Sequence[Mapping[str, str]] = (),
    found: Mapping[str, str] | None = None,
    numbers: Mapping[str, Sequence[tuple[str, str, str]]] | None = None,
    intervals: Mapping[str, Mapping[str, Sequence[float]]] | None = None,
    interval_note: str = "",
    classes: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    judged_on: str = "held-out targets",
    predicted: Mapping[str, Mapping[str, str]] | None = None,
) -> Path:
    """Write the report; ``path`` appears only when it is whole.

    Parameters
    ----------
    title, description
        Headline and the line below it.
    summary
        The few facts to see first, as name and value.
    scores
        As in ``metrics.json``: by part (``cv``, ``test``), then by name. ``x-error`` is shown as the error of ``x``.
    prediction
        The Prediction of the targets, with ``truth`` where it is known. It is what the viewer and the targets' pages
        show.
    estimates
        What the light curves alone say of a target: wavelengths, depths and errors, each (n_wavelength,).
    steps
        The pipeline, for the diagram.
    about
        What stands beside the diagram: data, how the result was judged ..., by name.
    meanings
        What each score is, by name.
    notes
        What else is to be known of the prediction, a sentence each.
    reasons
        Why scores are ``None``, by name.
    figures
        In order. What would make the file larger than 5 MB is named instead.
    drawn
        Targets that have a page besides the worst and the best, and why they.
    set_aside
        Targets left out, each with ``target``, ``step`` and ``reason``.
    provenance
        Versions, seeds, hardware, hashes ...; mappings within it become tables of their own.
    repeat
        The command that repeats the run.
    timings
        Seconds by phase.
    pipeline
        The resolved YAML.
    flags
        The targets that carry each flag.
    quality
        Numbers that the steps left, summarised over targets: ``name``, ``median``, ``lowest``, ``highest`` and the
        targets of both, ``lowest_target`` and ``highest_target``.
    found
        Numbers of the only target, by name, each with its error and unit.
    numbers
        Numbers of single targets: name, value and median over the targets.
    intervals
        Confidence intervals of scores: lower and upper end by part and name, as ``scores``. They take the place of
        ``x-error``.
    interval_note
        How they were made.
    classes
        Scores of classes of the targets: by what they are sorted by and the name of the class, ``targets`` (their
        number), ``scores`` and ``intervals`` by name.
    parameters
        How well each parameter is predicted: ``unit``, and ``scores`` and ``intervals`` by name of the statistic.
    judged_on
        The targets of ``parameters``, in words.
    predicted
        What is predicted for a few targets: by target and parameter, ``921 +- 23 K``.

    Raises
    ------
    RunError
        When the file cannot be written.
    """
    from specframe.report.canvas import write_bytes

    seconds = dict(timings or {})
    images = list(_images(figures))
    outcome = None if prediction is None else Predicted.of(prediction, estimates)
    pages = target_pages(outcome, drawn or {})
    content: dict[str, Any] = {
        "description": description,
        "summary": {name: shown(value) for name, value in summary.items()},
        "diagram": diagram_svg(steps),
        "diagram_text": diagram_text(steps),
        "about": dict(about or {}),
        "meanings": dict(meanings or {}),
        "notes": list(notes),
        "headline": _headline(scores, intervals or {}),
        "viewer": None if outcome is None else _viewer(outcome, drawn or {}, flags or {}),
        "scores": _score_table(scores, intervals or {}),
        "coverage": coverage_sentences(scores, intervals or {}),
        "interval_note": interval_note,
        "classes": {name: class_table(of) for name, of in (classes or {}).items()},
        "parameters": parameter_rows(parameters or {}, FIRST),
        "parameters_more": parameter_rows(parameters or {}, None),
        "judged_on": judged_on,
        "predicted": {target: dict(cells) for target, cells in (predicted or {}).items()},
        "reasons": {name: reason.removeprefix(f"{name}: ") for name, reason in (reasons or {}).items()},
        "images": images,
        "pages": pages,
        "numbers": numbers or {},
        "set_aside": [
            {key: shown(entry.get(key, "")) for key in ("target", "step", "reason")} for entry in set_aside[:_ASIDE]
        ],
        "n_aside": len(set_aside),
        "provenance": flat_tables(provenance or {}),
        "repeat": repeat,
        "timings": {name: (value, value / max(sum(seconds.values()), 1e-12)) for name, value in seconds.items()},
        "pipeline": pipeline,
        "flags": {flag: (len(targets), named_targets(targets)) for flag, targets in (flags or {}).items()},
        "flags_of": _by_target(flags or {}),
        "quality": quality,
        "found": dict(found or {}),
    }
    page = render_page(
        "report.html",
        styles=("report.css",),
        scripts=_SCRIPTS if outcome is not None else (),
        title=title,
        navigation=_navigation(content),
        **content,
    )
    path = Path(path)
    write_bytes(path, page)
    return path


def _images(figures: Iterable[ReportFigure]) -> Iterable[_Image]:
    total = 0
    for figure in figures:
        source = figure.data_uri() if total < _IMAGE_BYTES else ""
        if total + len(source) > _IMAGE_BYTES:
            source = ""
        total += len(source)
        yield _Image(
            figure.title, figure.caption, source, figure.file, figure.part, figure.target, figure.keeps_colours
        )


def _headline(
    scores: Mapping[str, Mapping[str, float | None]], intervals: Mapping[str, Mapping[str, Sequence[float]]]
) -> dict[str, str]:
    """Return the first scores of the part that intervals are known of, which say how good the result is."""
    part = next((part for part in scores if part in intervals), "")
    texts = (
        {name: score_text(scores[part], name, intervals.get(part, {})) for name in score_names(scores)} if part else {}
    )
    return dict([(name, text) for name, text in texts.items() if text is not None][:_HEADLINE])


def _viewer(outcome: Predicted, drawn: Mapping[str, str], flags: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return what the viewer's part of the template wants: first a typical target."""
    rows = selected_targets(outcome, tuple(drawn))
    by, order = outcome.ranking()
    row = int(order[order.size // 2]) if order.size and by else 0
    if row not in rows:
        row = int(rows[0])
    ranked = {"rmse": "root mean square error", "error": "stated error", "": "name"}[by]
    return {
        "data": island(viewer_data(outcome, rows, flags)),
        "first": int((rows == row).argmax()),
        "target": outcome.targets[row],
        "chart": drawing(outcome, row, "spectrum-plot"),
        "spectrum": outcome.is_spectrum,
        "measured": outcome.measured,
        "several": len(rows) > 1,
        "shown": len(rows),
        "total": len(outcome.targets),
        "ranked": ranked,
        "why": f"the target of median {ranked}" if by else "the first target",
        "has_truth": outcome.truth is not None,
        "has_wide": 0.95 in outcome.bounds,
        "has_estimate": outcome.estimate is not None,
        "table": target_rows(outcome, rows.tolist(), flags),
    }


def _score_table(
    scores: Mapping[str, Mapping[str, float | None]], intervals: Mapping[str, Mapping[str, Sequence[float]]]
) -> dict[str, Any]:
    """Return the names of the ``parts``, and ``rows``: the name of each score and its text in each part."""
    return {
        "parts": list(scores),
        "rows": {
            name: [score_text(values, name, intervals.get(part, {})) for part, values in scores.items()]
            for name in score_names(scores)
        },
    }


def _by_target(flags: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for flag, targets in flags.items():
        for target in targets:
            found.setdefault(target, []).append(flag)
    return found


def _navigation(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the sections that there is something in, in order."""
    is_calibration = any(image.part == "calibration" for image in content["images"])
    there = {
        "run": ("What was run", content["diagram"]),
        "result": ("Result", True),
        "scores": ("Scores", content["scores"]["rows"]),
        "calibration": ("Calibration", is_calibration or content["coverage"]),
        "targets": ("Targets", content["pages"] or content["viewer"]),
        "quality": ("Quality", content["flags"] or content["quality"] or content["found"]),
        "set-aside": ("Set aside", True),
        "timings": ("Timings", content["timings"]),
        "provenance": ("Provenance", content["provenance"] or content["pipeline"]),
    }
    return [(anchor, text) for anchor, (text, is_there) in there.items() if is_there]
