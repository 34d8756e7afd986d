"""Figures and the HTML report. Names are imported when first used, and matplotlib with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe.report.allan import draw_allan
    from specframe.report.calibration import draw_calibration, draw_parameter_calibration
    from specframe.report.canvas import PALETTE, FigureFormat, figure_bytes, png_bytes, save_figure
    from specframe.report.classes import draw_classes
    from specframe.report.comparison import draw_comparison
    from specframe.report.error_by_sigma import draw_error_by_sigma
    from specframe.report.error_spectrum import draw_error_spectrum
    from specframe.report.html import ReportFigure, write_report
    from specframe.report.light_curve import draw_light_curve
    from specframe.report.paired import draw_paired_scores
    from specframe.report.paper import column_width, for_paper
    from specframe.report.parameter_residuals import draw_parameter_histograms, draw_parameter_residuals
    from specframe.report.parameters import draw_parameters
    from specframe.report.posterior import (
        draw_parameter_posterior,
        draw_posterior,
        draw_residual_correlations,
        has_joint_posterior,
    )
    from specframe.report.predicted_parameters import draw_predicted_parameters
    from specframe.report.residual_image import draw_residual_image
    from specframe.report.spectrum import draw_spectrum
    from specframe.report.training import draw_training

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "allan": ("draw_allan",),
        "calibration": ("draw_calibration", "draw_parameter_calibration"),
        "canvas": ("PALETTE", "FigureFormat", "figure_bytes", "png_bytes", "save_figure"),
        "classes": ("draw_classes",),
        "comparison": ("draw_comparison",),
        "error_by_sigma": ("draw_error_by_sigma",),
        "error_spectrum": ("draw_error_spectrum",),
        "html": ("ReportFigure", "write_report"),
        "light_curve": ("draw_light_curve",),
        "paired": ("draw_paired_scores",),
        "paper": ("column_width", "for_paper"),
        "parameter_residuals": ("draw_parameter_histograms", "draw_parameter_residuals"),
        "parameters": ("draw_parameters",),
        "posterior": (
            "draw_parameter_posterior",
            "draw_posterior",
            "draw_residual_correlations",
            "has_joint_posterior",
        ),
        "predicted_parameters": ("draw_predicted_parameters",),
        "residual_image": ("draw_residual_image",),
        "spectrum": ("draw_spectrum",),
        "training": ("draw_training",),
    },
)

__all__ = [
    "PALETTE",
    "FigureFormat",
    "ReportFigure",
    "column_width",
    "draw_allan",
    "draw_calibration",
    "draw_classes",
    "draw_comparison",
    "draw_error_by_sigma",
    "draw_error_spectrum",
    "draw_light_curve",
    "draw_paired_scores",
    "draw_parameter_calibration",
    "draw_parameter_histograms",
    "draw_parameter_posterior",
    "draw_parameter_residuals",
    "draw_parameters",
    "draw_posterior",
    "draw_predicted_parameters",
    "draw_residual_correlations",
    "draw_residual_image",
    "draw_spectrum",
    "draw_training",
    "figure_bytes",
    "for_paper",
    "has_joint_posterior",
    "png_bytes",
    "save_figure",
    "write_report",
]
