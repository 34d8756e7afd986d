"""Figures and the HTML report. Names are imported when first used, and matplotlib with them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from specframe.report.calibration import draw_calibration
    from specframe.report.canvas import PALETTE, png_bytes, save_figure
    from specframe.report.comparison import draw_comparison
    from specframe.report.html import ReportFigure, write_report
    from specframe.report.light_curve import draw_light_curve
    from specframe.report.residual_image import draw_residual_image
    from specframe.report.spectrum import draw_spectrum

_MODULES = {
    "calibration": ("draw_calibration",),
    "canvas": ("PALETTE", "png_bytes", "save_figure"),
    "comparison": ("draw_comparison",),
    "html": ("ReportFigure", "write_report"),
    "light_curve": ("draw_light_curve",),
    "residual_image": ("draw_residual_image",),
    "spectrum": ("draw_spectrum",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "PALETTE",
    "ReportFigure",
    "draw_calibration",
    "draw_comparison",
    "draw_light_curve",
    "draw_residual_image",
    "draw_spectrum",
    "png_bytes",
    "save_figure",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
