"""The report of a run: one HTML file that needs nothing else, not even a network."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ReportFigure", "write_report"]

#: So many targets are named in a row of a table.
_NAMED = 20
#: Statistics of the first table of parameters, and how they are headed.
_FIRST = {"r2": "R²", "rmse": "RMSE", "mae": "MAE", "bias": "Bias", "skew": "Skew", "coverage": "Within"}
_MEDIA_TYPES = {".png": "image/png", ".svg": "image/svg+xml", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


@dataclass(frozen=True)
class ReportFigure:
    """A figure of the report.

    Parameters
    ----------
    title, caption
        What it shows, and how it is to be read.
    image
        A matplotlib figure, PNG bytes, or the path of an image file.
    """

    title: str
    caption: str
    image: Figure | bytes | Path

    def data_uri(self) -> str:
        """Return the image as ``data:image/png;base64,...``."""
        if isinstance(self.image, Path):
            media_type = _MEDIA_TYPES.get(self.image.suffix.lower(), "image/png")
            content = self.image.read_bytes()
        elif isinstance(self.image, bytes):
            media_type, content = "image/png", self.image
        else:
            from specframe.report.canvas import png_bytes

            media_type, content = "image/png", png_bytes(self.image)
        return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def write_report(
    path: Path | str,
    *,
    title: str,
    summary: Mapping[str, object],
    scores: Mapping[str, Mapping[str, float | None]],
    figures: Sequence[ReportFigure] = (),
    set_aside: Sequence[Mapping[str, object]] = (),
    provenance: Mapping[str, object] | None = None,
    timings: Mapping[str, float] | None = None,
    reasons: Mapping[str, str] | None = None,
    description: str = "",
    pipeline: str = "",
    flags: Mapping[str, Sequence[str]] | None = None,
    quality: Sequence[Mapping[str, str]] = (),
    found: Mapping[str, str] | None = None,
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
    reasons
        Why scores are ``None``, by name.
    figures
        In order.
    set_aside
        Targets left out, each with ``target``, ``step`` and ``reason``.
    provenance
        Versions, seeds, hardware, hashes ...; mappings within it become tables of their own.
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
    from jinja2 import Environment, StrictUndefined

    from specframe.report.canvas import write_bytes

    folder = files("specframe.report") / "templates"
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((folder / "report.html").read_text(encoding="utf-8"))
    names = _score_names(scores)
    seconds = dict(timings or {})
    html = template.render(
        title=title,
        description=description,
        summary={name: _shown(value) for name, value in summary.items()},
        score_names=names,
        score_rows={
            part: {name: _score(values, name, (intervals or {}).get(part, {})) for name in names}
            for part, values in scores.items()
        },
        interval_note=interval_note,
        classes={name: _class_table(found) for name, found in (classes or {}).items()},
        parameters=_parameter_table(parameters or {}, _FIRST),
        parameters_more=_parameter_table(parameters or {}, None),
        judged_on=judged_on,
        predicted={target: dict(cells) for target, cells in (predicted or {}).items()},
        reasons={name: reason.removeprefix(f"{name}: ") for name, reason in (reasons or {}).items()},
        figures=[(figure.title, figure.caption, figure.data_uri()) for figure in figures],
        set_aside=[{key: _shown(entry.get(key, "")) for key in ("target", "step", "reason")} for entry in set_aside],
        provenance=_tables(provenance or {}),
        timings={name: (value, value / max(sum(seconds.values()), 1e-12)) for name, value in seconds.items()},
        pipeline=pipeline,
        flags={flag: (len(targets), _named(targets)) for flag, targets in (flags or {}).items()},
        quality=quality,
        found=dict(found or {}),
        style=(folder / "report.css").read_text(encoding="utf-8"),
    )
    path = Path(path)
    write_bytes(path, html.encode("utf-8", "backslashreplace"))
    return path


def _named(targets: Sequence[str]) -> str:
    more = len(targets) - _NAMED
    return ", ".join(targets[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _score_names(scores: Mapping[str, Mapping[str, float | None]]) -> list[str]:
    """Return the names over all parts in order, those of errors left out."""
    names = dict.fromkeys(name for values in scores.values() for name in values)
    return [name for name in names if not (name.endswith("-error") and name.removesuffix("-error") in names)]


def _class_table(classes: Mapping[str, Mapping[str, Any]]) -> dict[str, list[tuple[str, Any]]]:
    """Return the rows of a table of scores by class: for each score the cell of every class."""
    names = _score_names({label: found["scores"] for label, found in classes.items()})
    rows: dict[str, list[tuple[str, Any]]] = {
        "targets": [(label, str(found["targets"])) for label, found in classes.items()]
    }
    for name in names:
        rows[name] = [(label, _score(found["scores"], name, found["intervals"])) for label, found in classes.items()]
    return rows


def _parameter_table(parameters: Mapping[str, Mapping[str, Any]], first: Mapping[str, str] | None) -> dict[str, Any]:
    """Return ``heads`` and, by parameter, ``unit`` and ``cells`` (value and interval) of statistics.

    Those that ``first`` names by what their name begins with, in its order, or all of them.
    """
    names = dict.fromkeys(name for found in parameters.values() for name in found["scores"])
    if first is None:
        heads = {name: name for name in names}
    else:
        heads = {
            name: title + (f" {name.removeprefix(start)[1:]} %" if name != start else "")
            for start, title in first.items()
            for name in names
            if name == start or name.startswith(f"{start}-")
        }
    return {
        "heads": list(heads.values()),
        "rows": {
            parameter: {"unit": found["unit"], "cells": [_cell(found, name) for name in heads]}
            for parameter, found in parameters.items()
        },
    }


def _cell(found: Mapping[str, Any], name: str) -> tuple[str, str]:
    """Return a value and its interval as text, both empty where there is none."""
    value, bounds = found["scores"].get(name), found["intervals"].get(name)
    if value is None:
        return "", ""
    factor, digits, unit = (100.0, ".3g", " %") if name.startswith("coverage-") else (1.0, ".4g", "")
    short = ".4g" if name == "r2" else ".3g"  # of R2 only the last digits say something
    ends = f"[{factor * bounds[0]:{short}}, {factor * bounds[1]:{short}}]" if bounds else ""
    return f"{factor * value:{digits}}{unit}", ends


def _score(values: Mapping[str, float | None], name: str, intervals: Mapping[str, Sequence[float]]) -> str | None:
    """Return ``0.684 [0.645, 0.722]``, ``0.684 ± 0.020``, or ``None`` for a score that could not be computed."""
    value, error = values.get(name), values.get(f"{name}-error")
    if value is None:
        return None
    if name in intervals:
        low, high = intervals[name]
        return f"{value:.5g} [{low:.4g}, {high:.4g}]"
    if error is None:
        return f"{value:.5g}"
    return f"{value:.3f} ± {error:.3f}"


def _tables(provenance: Mapping[str, object], prefix: str = "") -> dict[str, dict[str, str]]:
    """Return one flat table per mapping: what is no mapping itself stands in its parent's."""
    flat = {str(name): _shown(value) for name, value in provenance.items() if not isinstance(value, Mapping)}
    tables = {prefix or "run": flat} if flat else {}
    for name, value in provenance.items():
        if isinstance(value, Mapping):
            tables |= _tables(value, f"{prefix} / {name}" if prefix else str(name))
    return tables


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(_shown(item) for item in value)
    return str(value)
