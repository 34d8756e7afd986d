"""What all figures share: size, style, colours and the way into a file."""

from __future__ import annotations

import warnings
from functools import wraps
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

import matplotlib
from matplotlib.figure import Figure

from specframe.api.files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.text import Text

__all__ = [
    "PALETTE",
    "FigureFormat",
    "clean",
    "figure_bytes",
    "headline",
    "is_headline",
    "legend_above",
    "new_figure",
    "png_bytes",
    "save_figure",
    "short",
    "styled",
    "write_bytes",
]

#: Colours that differ for every kind of colour vision (Okabe & Ito 2008, "Color Universal Design").
PALETTE = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
    "grey": "#999999",
}

FigureFormat = Literal["png", "pdf", "svg"]

_DPI = 150
#: What a format is told so that the same figure gives the same bytes, whenever it is written.
_METADATA: dict[FigureFormat, dict[str, Any]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
}
#: Letters are embedded as TrueType, which journals ask for, and ids in SVG are not drawn at random.
_FILE_STYLE: Any = {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "path", "svg.hashsalt": "specframe"}
#: Label of the texts that say what a figure shows.
_HEADLINE = "headline"
_STYLE: Any = {
    "font.size": 10.0,
    "axes.labelsize": 10.0,
    "axes.titlesize": 11.0,
    "axes.linewidth": 0.8,
    "legend.fontsize": 9.0,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "0.8",
    "lines.linewidth": 1.4,
    "text.parse_math": False,  # a dollar sign in the name of a target is just that
}

P = ParamSpec("P")
R = TypeVar("R")


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Run ``draw`` in specframe's style, whatever the user's matplotlibrc says, and leave matplotlib as it was."""

    @wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(_STYLE)
            return draw(*args, **kwargs)

    return wrapper


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of ``width`` x ``height`` inches that is not known to pyplot."""
    return Figure(figsize=(width, height), layout="constrained")


def clean(*axes: Axes) -> None:
    """Give axes ticks on all sides, inwards, as papers of the field have them."""
    for ax in axes:
        ax.tick_params(direction="in", top=True, right=True, labelsize=9.0)


def headline(place: Axes | Figure, text: str, **style: Any) -> None:
    """Write above axes or the whole figure what it shows; a paper says that in the caption, see :mod:`.paper`."""
    if isinstance(place, Figure):
        title: Text = place.suptitle(text, fontsize="large", **style)
    else:
        title = place.set_title(text, loc="left", **style)
    title.set_label(_HEADLINE)


def is_headline(text: Text) -> bool:
    """Return whether a text was written by :func:`headline`."""
    return text.get_label() == _HEADLINE


def legend_above(ax: Axes, columns: int = 4) -> None:
    """Put the legend above the axes, on the right, where it hides no data."""
    ax.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=columns,
        frameon=False,
        borderaxespad=0.1,
        borderpad=0.2,
        columnspacing=1.4,
        handletextpad=0.5,
    )


@styled
def figure_bytes(fig: Figure, file_format: FigureFormat, dpi: float) -> bytes:
    """Return the figure as a file of this format; the same figure gives the same bytes.

    PDF embeds its letters as TrueType, SVG has them as outlines. ``dpi`` are the dots per inch of PNG, and of the parts
    of the others that are images: clouds of points and maps of residuals.
    """
    matplotlib.rcParams.update(_FILE_STYLE)
    stream = BytesIO()
    with warnings.catch_warnings():
        # a name in letters that the font lacks is drawn with boxes
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
        fig.savefig(stream, format=file_format, dpi=dpi, facecolor="white", metadata=_METADATA[file_format])
    return stream.getvalue()


def png_bytes(fig: Figure) -> bytes:
    """Return the figure as PNG at 150 dots per inch, for screens."""
    return figure_bytes(fig, "png", _DPI)


def save_figure(fig: Figure, path: Path | str) -> Path:
    """Write the figure as PNG; ``path`` appears only when it is whole. Its folder is made if need be."""
    path = Path(path)
    if path.suffix.lower() != ".png":
        path = path.with_name(f"{path.name}.png")
    write_bytes(path, png_bytes(fig))
    return path


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file that appears when it is whole and on the disk; see :func:`~specframe.api.files.atomic_write`."""
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


def short(name: str, longest: int = 28) -> str:
    """Return a name that fits on an axis."""
    name = " ".join(str(name).split())
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
