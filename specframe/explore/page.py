"""Writes an exploration: figures, tables, and one HTML page that needs nothing else."""

from __future__ import annotations

import base64
import warnings
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from specframe.errors import DataError
from specframe.report.canvas import png_bytes, styled, write_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matplotlib.figure import Figure

    from specframe.explore.section import Section, Statistics

__all__ = ["FigureFormat", "write_exploration"]

FigureFormat = Literal["png", "pdf", "svg"]

#: Rows of a table that the page shows; the file has all.
_ROWS = 12
#: What a format is told so that the same figure gives the same bytes.
_METADATA: dict[str, dict[str, Any]] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}


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
    from jinja2 import Environment, StrictUndefined

    folder, written, parts = Path(folder), [], []
    for section in sections:
        shown, missing = [], list(section.missing)
        for drawing in section.drawings:
            path = folder / "figures" / f"{drawing.name}.{file_format}"
            try:
                image, content = _rendered(drawing.draw(), file_format)
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
    templates = files("specframe.explore") / "templates"
    style = (files("specframe.report") / "templates" / "report.css").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    html = environment.from_string((templates / "explore.html").read_text(encoding="utf-8")).render(
        title=title,
        description=description,
        summary={name: str(value) for name, value in (summary or {}).items()},
        parts=parts,
        set_aside=[{key: str(entry.get(key, "")) for key in ("target", "step", "reason")} for entry in set_aside],
        provenance={name: str(value) for name, value in (provenance or {}).items()},
        style=style,
    )
    page = folder / "explore.html"
    write_bytes(page, html.encode("utf-8", "backslashreplace"))
    return [page, *written]


@styled
def _rendered(figure: Figure, file_format: FigureFormat) -> tuple[bytes, bytes]:
    """Return the figure as PNG, and in the format that is asked for."""
    import matplotlib

    with warnings.catch_warnings():
        # a name in letters that the font lacks is drawn with boxes
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
        image = png_bytes(figure)
        if file_format == "png":
            return image, image
        stream = BytesIO()
        matplotlib.rcParams["svg.hashsalt"] = "specframe"
        figure.savefig(stream, format=file_format, dpi=200, facecolor="white", metadata=_METADATA[file_format])
    return image, stream.getvalue()


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
