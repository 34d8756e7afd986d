"""What all figures share: size, style, colours and the way into a file."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import wraps
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import matplotlib
from matplotlib.figure import Figure

from specframe.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

__all__ = [
    "PALETTE",
    "clean",
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

_DPI = 150
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


def legend_above(ax: Axes) -> None:
    """Put the legend above the axes, on the right, where it hides no data."""
    ax.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=4,
        frameon=False,
        borderaxespad=0.1,
        borderpad=0.2,
        columnspacing=1.4,
        handletextpad=0.5,
    )


@styled
def png_bytes(fig: Figure) -> bytes:
    """Return the figure as PNG at 150 dots per inch; the same figure gives the same bytes."""
    stream = BytesIO()
    fig.savefig(stream, format="png", dpi=_DPI, facecolor="white", metadata={"Software": None})
    return stream.getvalue()


def save_figure(fig: Figure, path: Path | str) -> Path:
    """Write the figure as PNG; ``path`` appears only when it is whole. Its folder is made if need be."""
    path = Path(path)
    if path.suffix.lower() != ".png":
        path = path.with_name(f"{path.name}.png")
    write_bytes(path, png_bytes(fig))
    return path


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file under a temporary name beside it and rename it when it is on the disk.

    Raises :class:`~specframe.errors.RunError` when it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def short(name: str, longest: int = 28) -> str:
    """Return a name that fits on an axis."""
    name = " ".join(str(name).split())
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
