"""Exploratory analysis: statistics and figures of labels, spectra, light curves and frames, and a page of them.

Names are imported when first used, and matplotlib with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe.explore.component_figures import plot_components, plot_neighbours, plot_outliers, plot_scores
    from specframe.explore.components import Components, Outliers, find_outliers, principal_components
    from specframe.explore.duplicates import Duplicates, accuracy_ceiling, find_duplicates
    from specframe.explore.frame_figures import (
        plot_bad_pixel_map,
        plot_frame_images,
        plot_frame_series,
        plot_linearity,
        plot_pixel_noise,
    )
    from specframe.explore.frames import FrameStatistics, frame_statistics, hot_pixels
    from specframe.explore.label_figures import (
        plot_label_boxes,
        plot_label_correlations,
        plot_label_coverage,
        plot_label_histograms,
    )
    from specframe.explore.labels import GridCoverage, grid_coverage, label_statistics
    from specframe.explore.light_curve_figures import (
        plot_light_curve_image,
        plot_masked_samples,
        plot_regressors,
        plot_white_light,
    )
    from specframe.explore.light_curve_noise_figures import (
        plot_channel_correlations,
        plot_noise,
        plot_noise_of_targets,
        plot_power_spectrum,
        plot_red_noise,
    )
    from specframe.explore.light_curves import (
        ChannelNoise,
        channel_correlation,
        channel_noise,
        power_spectrum,
        trend_amplitude,
        white_residual,
    )
    from specframe.explore.page import write_exploration
    from specframe.explore.prediction_figures import plot_predictions, plot_residual_correlations, plot_residuals
    from specframe.explore.section import Drawing, Section, Statistics
    from specframe.explore.spectra import label_correlations, pixel_statistics, scale_of
    from specframe.explore.spectrum_figures import (
        plot_bad_pixels,
        plot_flux_boxes,
        plot_signal_to_noise,
        plot_spectra,
        plot_spectrum_range,
        plot_wavelength_correlations,
    )
    from specframe.explore.stacking import stack_spectra
    from specframe.explore.survey import Survey, explore

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "component_figures": (
            "plot_components",
            "plot_neighbours",
            "plot_outliers",
            "plot_scores",
        ),
        "components": (
            "Components",
            "Outliers",
            "find_outliers",
            "principal_components",
        ),
        "duplicates": (
            "Duplicates",
            "accuracy_ceiling",
            "find_duplicates",
        ),
        "frame_figures": (
            "plot_bad_pixel_map",
            "plot_frame_images",
            "plot_frame_series",
            "plot_linearity",
            "plot_pixel_noise",
        ),
        "frames": (
            "FrameStatistics",
            "frame_statistics",
            "hot_pixels",
        ),
        "label_figures": (
            "plot_label_boxes",
            "plot_label_correlations",
            "plot_label_coverage",
            "plot_label_histograms",
        ),
        "labels": (
            "GridCoverage",
            "grid_coverage",
            "label_statistics",
        ),
        "light_curve_figures": (
            "plot_light_curve_image",
            "plot_masked_samples",
            "plot_regressors",
            "plot_white_light",
        ),
        "light_curve_noise_figures": (
            "plot_channel_correlations",
            "plot_noise",
            "plot_noise_of_targets",
            "plot_power_spectrum",
            "plot_red_noise",
        ),
        "light_curves": (
            "ChannelNoise",
            "channel_correlation",
            "channel_noise",
            "power_spectrum",
            "trend_amplitude",
            "white_residual",
        ),
        "page": ("write_exploration",),
        "prediction_figures": (
            "plot_predictions",
            "plot_residual_correlations",
            "plot_residuals",
        ),
        "section": (
            "Drawing",
            "Section",
            "Statistics",
        ),
        "spectra": (
            "label_correlations",
            "pixel_statistics",
            "scale_of",
        ),
        "spectrum_figures": (
            "plot_bad_pixels",
            "plot_flux_boxes",
            "plot_signal_to_noise",
            "plot_spectra",
            "plot_spectrum_range",
            "plot_wavelength_correlations",
        ),
        "stacking": ("stack_spectra",),
        "survey": (
            "Survey",
            "explore",
        ),
    },
)

__all__ = [
    "ChannelNoise",
    "Components",
    "Drawing",
    "Duplicates",
    "FrameStatistics",
    "GridCoverage",
    "Outliers",
    "Section",
    "Statistics",
    "Survey",
    "accuracy_ceiling",
    "channel_correlation",
    "channel_noise",
    "explore",
    "find_duplicates",
    "find_outliers",
    "frame_statistics",
    "grid_coverage",
    "hot_pixels",
    "label_correlations",
    "label_statistics",
    "pixel_statistics",
    "plot_bad_pixel_map",
    "plot_bad_pixels",
    "plot_channel_correlations",
    "plot_components",
    "plot_flux_boxes",
    "plot_frame_images",
    "plot_frame_series",
    "plot_label_boxes",
    "plot_label_correlations",
    "plot_label_coverage",
    "plot_label_histograms",
    "plot_light_curve_image",
    "plot_linearity",
    "plot_masked_samples",
    "plot_neighbours",
    "plot_noise",
    "plot_noise_of_targets",
    "plot_outliers",
    "plot_pixel_noise",
    "plot_power_spectrum",
    "plot_predictions",
    "plot_red_noise",
    "plot_regressors",
    "plot_residual_correlations",
    "plot_residuals",
    "plot_scores",
    "plot_signal_to_noise",
    "plot_spectra",
    "plot_spectrum_range",
    "plot_wavelength_correlations",
    "plot_white_light",
    "power_spectrum",
    "principal_components",
    "scale_of",
    "stack_spectra",
    "trend_amplitude",
    "white_residual",
    "write_exploration",
]
