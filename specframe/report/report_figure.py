"""A figure within a page: as a palette PNG, a quarter as large."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ReportFigure"]

_MEDIA_TYPES = {".png": "image/png", ".svg": "image/svg+xml", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
#: Lines and letters need few colours; images of residuals lose less than their colour bar shows.
_COLOURS = 128


@dataclass(frozen=True)
class ReportFigure:
    """A figure of the report.

    Parameters
    ----------
    title, caption
        What it shows, and how it is to be read.
    image
        A matplotlib figure, PNG bytes, or the path of an image file.
    part
        The section that it stands in: ``result``, ``scores`` or ``calibration``, or ``target`` for the page of
        ``target``.
    target
        The target that it is of.
    keeps_colours
        Whether its colours are those of a colour map, so that it is not turned over in the dark.
    """

    title: str
    caption: str
    image: Figure | bytes | Path
    part: str = "scores"
    target: str = ""
    keeps_colours: bool = False

    @property
    def file(self) -> str:
        """The name of its file, ``""`` where it is from none."""
        return self.image.name if isinstance(self.image, Path) else ""

    def data_uri(self) -> str:
        """Return the image as ``data:image/png;base64,...``, PNGs with 128 colours."""
        media_type = "image/png"
        if isinstance(self.image, Path):
            media_type = _MEDIA_TYPES.get(self.image.suffix.lower(), media_type)
            content = self.image.read_bytes()
        elif isinstance(self.image, bytes):
            content = self.image
        else:
            from specframe.report.canvas import png_bytes

            content = png_bytes(self.image)
        if media_type == "image/png":
            content = _smaller(content)
        return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def _smaller(content: bytes) -> bytes:
    """Return a PNG with a palette, or what was given where that is no image or no smaller."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(content)) as image:
            few = image.convert("RGB").quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    except (UnidentifiedImageError, OSError, ValueError):
        return content
    stream = BytesIO()
    few.save(stream, "png", compress_level=7)
    return min(content, stream.getvalue(), key=len)
