"""The part of the page that is about the frames of an instrument."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from specframe.explore.frame_figures import (
    plot_bad_pixel_map,
    plot_frame_images,
    plot_frame_series,
    plot_linearity,
    plot_pixel_noise,
)
from specframe.explore.frames import FrameStatistics, frame_statistics
from specframe.explore.light_curve_noise_figures import plot_power_spectrum
from specframe.explore.section import Section, Statistics
from specframe.explore.wording import counted

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Frames"]


@dataclass
class Frames:
    """Collects what frames of one instrument are like, target by target; the frames of the first are drawn.

    Parameters
    ----------
    instrument
        Its name.
    """

    instrument: str
    found: dict[str, FrameStatistics] = field(default_factory=dict)
    #: The first node, without its frames.
    example: xr.Dataset | None = None

    def add(self, name: str, data: xr.Dataset) -> None:
        """Add the node of one target and visit, reading its frames once.

        Raises
        ------
        DataError
            When it holds fewer than two ramps, or its file is damaged.
        """
        self.found[name] = frame_statistics(data)
        if self.example is None:
            self.example = data.drop_vars("frames")

    def section(self, name: str) -> Section:
        """Return what they are like."""
        section = Section(name, f"Frames of {self.instrument}")
        assert self.example is not None
        target, first = next(iter(self.found.items()))
        self._findings(section, target, first)
        section.tables.append(self._table())
        section.draw(
            "images",
            f"Mean signal and its scatter, {target}",
            "Of every ramp, the last read minus the first. The transit and drifts are in the scatter.",
            partial(plot_frame_images, first),
        )
        section.draw(
            "bad-pixels",
            f"Dead and hot pixels, {target}",
            "Dead as the calibration says; hot where the dark current lies five robust standard deviations above its "
            "median; stuck where every read is the same.",
            partial(plot_bad_pixel_map, self.example, first),
        )
        section.draw(
            "noise",
            f"Noise of pixels, {target}",
            "Above: robust scatter from ramp to ramp. Below: the same against the signal, with what photons and read "
            "noise make. Above the line, pointing jitter or other noise.",
            partial(plot_pixel_noise, first),
        )
        section.draw(
            "series",
            f"Total signal and centroid, {target}",
            "Of all good pixels; grey are single ramps, blue are means in bins.",
            partial(plot_frame_series, first),
        )
        section.draw(
            "linearity",
            f"Range and linearity, {target}",
            "The highest read of every pixel, and what the linearity polynomial changes it by.",
            partial(plot_linearity, first),
        )
        if len(first.hours) >= 16:
            total = 1e6 * (first.total / np.median(first.total) - 1.0)
            series = {
                "total signal (ppm)": (first.hours, total),
                "centroid y (µpixel)": (first.hours, 1e6 * first.centroid_y),
                "centroid x (µpixel)": (first.hours, 1e6 * first.centroid_x),
            }
            section.draw(
                "power",
                f"Power spectrum of total signal and centroid, {target}",
                "Amplitude of sines by frequency (Lomb-Scargle). Peaks in the centroid that return in the signal are "
                "pointing jitter.",
                partial(plot_power_spectrum, series, "h", "ppm, µpixel"),
            )
        else:
            section.missing.append(f"{len(first.hours)} ramps are too few for a power spectrum.")
        return section

    def _findings(self, section: Section, target: str, first: FrameStatistics) -> None:
        n_y, n_x = first.mean.shape
        ramp = f"{first.reads_per_ramp} reads" if first.reads_per_ramp > 1 else "single reads"
        section.findings.append(
            f"{counted(len(self.found), 'set')} of frames of {n_y} x {n_x} pixels. The figures are of {target}: "
            f"{first.reads} reads, in ramps of {ramp}."
        )
        section.findings.append(
            f"{counted(int(first.dead.sum()), 'pixel')} dead, {int(first.hot.sum())} hot, {int(first.stuck.sum())} "
            f"stuck of {first.mean.size}."
        )
        good = first.good & np.isfinite(first.expected) & (first.mean > 0.05 * np.percentile(first.mean, 99))
        if good.any():
            ratio = first.noise[good] / first.expected[good]
            section.findings.append(
                f"Noise of illuminated pixels over that of photons and read noise: median {np.median(ratio):.3g}, 95 % "
                f"below {np.percentile(ratio, 95):.3g}."
            )
        else:
            section.missing.append("Without gain and read noise it is not known what noise to expect.")
        saturated = int((first.saturated > 0).sum())
        section.findings.append(
            f"{counted(saturated, 'pixel')} saturated in {int(first.saturated.sum())} reads."
            if saturated
            else f"No read is saturated; the highest has {np.nanmax(first.last):.5g} {first.unit}."
        )
        known = first.good & np.isfinite(first.correction) & (first.last > 0.3 * np.nanmax(first.last))
        if known.any():
            low, high = 100 * first.correction[known].min(), 100 * first.correction[known].max()
            section.findings.append(f"Linearity corrections of bright pixels go from {low:.3g} to {high:.3g} %.")
        else:
            section.missing.append("No linearity polynomial is known.")

    def _table(self) -> Statistics:
        found = list(self.found.values())
        return Statistics(
            "frames",
            "Frames",
            {
                "target": list(self.found),
                "reads": [item.reads for item in found],
                "ramps": [len(item.hours) for item in found],
                "dead": [int(item.dead.sum()) for item in found],
                "hot": [int(item.hot.sum()) for item in found],
                "stuck": [int(item.stuck.sum()) for item in found],
                "saturated_pixels": [int((item.saturated > 0).sum()) for item in found],
                "highest_read": [float(np.nanmax(item.last)) for item in found],
                "unit": [item.unit for item in found],
                "jitter_y": [float(np.nanstd(item.centroid_y)) for item in found],
                "jitter_x": [float(np.nanstd(item.centroid_x)) for item in found],
            },
            {"jitter_y": "pix", "jitter_x": "pix"},
        )
