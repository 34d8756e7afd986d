"""Writes an exploration: figures, tables, and one HTML page that needs nothing else."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import DataError
from specframe.report.canvas import figure_bytes, png_bytes, write_bytes
from specframe.report.page import render_page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from specframe.explore.section import Section, Statistics
    from specframe.report.canvas import FigureFormat

__all__ = ["write_exploration"]

#: Rows of a table that the page shows; the file has all.
_ROWS = 12
#: Dots per inch of the parts of a vector file that are images.
_DPI = 200
#: A table of no more rows and columns is shown at once.
_SMALL = 12
#: One of more columns has smaller letters on paper.
_WIDE = 8


@dataclass(frozen=True)
class _Shown:
    title: str
    caption: str
    source: str
    file: str


def write_exploration(
    folder: Path | str,
    sections: Sequence[Section],
    *,
    title: str,
    description: str = "",
    summary: Mapping[str, object] | None = None,
    set_aside: Sequence[Mapping[str, object]] = (),
    provenance: Mapping[str, object] | None = None,
    file_format: FigureFormat = "png",
    tell: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write ``explore.html``, ``figures/`` and ``statistics/`` into ``folder``; return the files.

    The page holds its figures as PNG, whatever the format of the files. A figure that cannot be drawn is named on the
    page with the reason, and costs nothing else.

    Parameters
    ----------
    sections
        As :func:`~specframe.explore.explore` returns them.
    title, description
        Headline and the line below it.
    summary
        The few facts to see first.
    set_aside
        Targets left out, each with ``target``, ``step`` and ``reason``.
    provenance
        Versions, the command ...
    file_format
        Of the files in ``figures/``.
    tell
        Called with a line where a figure was not drawn.

    Raises
    ------
    RunError
        When a file cannot be written.
    """
    folder, written, parts = Path(folder), [], []
    for section in sections:
        shown, missing = [], list(section.missing)
        for drawing in section.drawings:
            path = folder / "figures" / f"{drawing.name}.{file_format}"
            try:
                figure = drawing.draw()
                image = png_bytes(figure)
                content = image if file_format == "png" else figure_bytes(figure, file_format, _DPI)
            except Exception as error:  # a figure must not cost the page
                reason = str(error) if isinstance(error, DataError) else f"{type(error).__name__}: {error}"
                missing.append(f"Figure '{drawing.title}' was not drawn: {reason}")
                if tell is not None:
                    tell(f"figure {drawing.name} was not drawn: {reason}")
                continue
            write_bytes(path, content)
            written.append(path)
            source = f"data:image/png;base64,{base64.b64encode(image).decode('ascii')}"
            shown.append(_Shown(drawing.title, drawing.caption, source, path.relative_to(folder).as_posix()))
        tables = []
        for table in section.tables:
            name = table.name if table.name == section.name else f"{section.name}-{table.name}"
            path = folder / "statistics" / f"{name}.ecsv"
            write_bytes(path, _ecsv(table).encode("utf-8", "backslashreplace"))
            written.append(path)
            tables.append((table.title, *_cells(table), len(table), path.relative_to(folder).as_posix()))
        parts.append((section, shown, tables, missing))
    told = dict(provenance or {})
    html = render_page(
        "explore.html",
        package="specframe.explore",
        styles=("explore.css",),
        title=title,
        description=description,
        summary={name: str(value) for name, value in (summary or {}).items()},
        navigation=[
            *((section.name, section.title) for section, *_ in parts),
            ("set-aside", "Targets set aside"),
            *([("provenance", "Provenance")] if told else []),
        ],
        parts=parts,
        small=_SMALL,
        wide=_WIDE,
        set_aside=[{key: str(entry.get(key, "")) for key in ("target", "step", "reason")} for entry in set_aside],
        provenance={name: str(value) for name, value in told.items()},
    )
    page = folder / "explore.html"
    write_bytes(page, html)
    return [page, *written]


def _ecsv(table: Statistics) -> str:
    from astropy.table import Table

    written = Table({name: np.asarray(values) for name, values in table.columns.items()}, meta={"title": table.title})
    for name, unit in table.units.items():
        if name in written.colnames and unit:
            written[name].unit = _unit(unit)
    stream = StringIO()
    written.write(stream, format="ascii.ecsv")
    return stream.getvalue()


def _unit(text: str) -> Any:
    """Return the unit, or ``None`` where astropy cannot read it or ECSV cannot write it."""
    from astropy import units

    if text == "ppm":
        return units.Unit("1e-6")
    try:
        return units.Unit(text)
    except ValueError:
        return None


def _cells(table: Statistics) -> tuple[list[tuple[str, bool]], list[list[str]]]:
    """Return names with units and whether they are numbers, and the first rows as text."""
    head = []
    for name, values in table.columns.items():
        unit = table.units.get(name, "")
        number = all(isinstance(value, int | float) for value in values)
        head.append((f"{name.replace('_', ' ')} ({unit})" if unit else name.replace("_", " "), number))
    rows = [[_shown(values[i]) for values in table.columns.values()] for i in range(min(len(table), _ROWS))]
    return head, rows


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value + 0.0:.5g}" if np.isfinite(value) else "–"
    return str(value)
