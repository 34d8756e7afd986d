"""The part of the page that is about the light curves of an instrument."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

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
    alternates,
    channel_noise,
    scatter,
    trend_amplitude,
    white_residual,
)
from specframe.explore.section import Section, Statistics
from specframe.explore.wording import counted, listed
from specframe.report.white_light import is_numbered

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["LightCurves"]

#: Light curves are kept for figures up to so many values, and so many are drawn.
_KEPT_VALUES, _DRAWN = 4_000_000, 6
_COLUMNS = (
    "channels",
    "samples",
    "cadence",
    "noise",
    "stated",
    "photon",
    "drift",
    "white_noise",
    "white_stated",
    "white_drift",
    "masked",
)
_UNITS = {"cadence": "s"} | dict.fromkeys(
    ("noise", "stated", "photon", "drift", "white_noise", "white_stated", "white_drift"), "ppm"
)


@dataclass
class LightCurves:
    """Collects light curves of one instrument, target by target; only some are kept.

    Parameters
    ----------
    instrument
        Its name.
    """

    instrument: str
    targets: list[str] = field(default_factory=list)
    rows: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in _COLUMNS})
    kept: dict[str, xr.Dataset] = field(default_factory=dict)
    noises: dict[str, ChannelNoise] = field(default_factory=dict)
    alternating: list[str] = field(default_factory=list)
    room: int = _KEPT_VALUES

    def add(self, name: str, data: xr.Dataset) -> None:
        """Add the node of one target and visit.

        Raises
        ------
        DataError
            When it holds no light that can be used.
        """
        noise = channel_noise(data)
        curve, residual, _ = white_residual(data)
        clock = np.diff(curve.hours)
        values = {
            "channels": float(data.sizes["wavelength"]),
            "samples": float(data.sizes["time"]),
            "cadence": 3600 * float(np.median(clock)) if clock.size and curve.clock != "Sample" else np.nan,
            "noise": _typical(noise.measured),
            "stated": _typical(noise.stated),
            "photon": _typical(noise.photon),
            "drift": _typical(noise.drift),
            "white_noise": float(scatter(residual[None])[0]),
            "white_stated": 1e6 * _typical(curve.flux_error),
            "white_drift": 1e6 * _typical(trend_amplitude(_white(data, curve.flux))),
            "masked": float(noise.masked.mean()),
        }
        self.targets.append(name)
        if alternates(residual[None])[0]:
            self.alternating.append(name)
        for key, value in values.items():
            self.rows[key].append(value)
        size = int(data["flux"].size)
        if size <= self.room or not self.kept:
            self.room -= size
            self.kept[name] = data
            self.noises[name] = noise

    def section(self, name: str) -> Section:
        """Return what they are like."""
        section = Section(name, f"Light curves of {self.instrument}")
        rows = {key: np.array(values) for key, values in self.rows.items()}
        self._levels(section, rows)
        section.tables.append(
            Statistics(
                "light-curves",
                "Light curves: medians over channels, and the white light",
                {"target": self.targets, **{key: values.tolist() for key, values in rows.items()}},
                _UNITS,
            )
        )
        shown = {key: self.kept[key] for key in self._chosen()}
        section.draw(
            "white",
            "White light curves",
            "Weighted mean of all channels"
            + (
                ", with the model where a step fitted one."
                if len(self.targets) == 1
                else " of targets with the lowest to the highest noise, with the model where a step fitted one."
            ),
            partial(plot_white_light, shown),
        )
        if len(self.targets) > 1:
            section.draw(
                "noise-of-targets",
                "Noise and drifts over targets",
                "Noise of the white light from sample to sample, its ratio to what is stated, and the range of a "
                "parabola through it.",
                partial(plot_noise_of_targets, rows["white_noise"], rows["white_stated"], rows["white_drift"]),
            )
        example, data = next(iter(shown.items()))
        self._channels(section, example, data)
        self._time_series(section, shown, data)
        return section

    def _levels(self, section: Section, rows: dict[str, Array]) -> None:
        section.findings.append(
            f"{counted(len(self.targets), 'light curve')} with {_span(rows['channels'])} "
            f"{'channel' if rows['channels'].max() == 1 else 'channels'} and "
            f"{_span(rows['samples'])} samples"
            + (f", one every {_span(rows['cadence'])} s." if np.isfinite(rows["cadence"]).any() else ".")
        )
        section.findings.append(
            f"Noise of a channel from sample to sample: {_typical(rows['noise']):.4g} ppm (median); stated are "
            f"{_typical(rows['stated']):.4g} ppm"
            + (f", photons make {_typical(rows['photon']):.4g} ppm." if np.isfinite(rows["photon"]).any() else ".")
        )
        if self.alternating:
            section.findings.append(
                f"Samples alternate between two levels in {counted(len(self.alternating), 'light curve')}, as scans up "
                f"and down do: {listed(self.alternating)}. Their noise is that from every second sample to the next."
            )
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = rows["noise"] / rows["stated"]
        worst = [self.targets[i] for i in np.argsort(-np.nan_to_num(ratio)) if ratio[i] > 1.5]
        if worst:
            section.findings.append(
                f"The stated errors are too small: the scatter is more than 1.5 times as large in "
                f"{counted(len(worst), 'light curve')}: {listed(worst)}."
            )
        low = [self.targets[i] for i in np.argsort(np.nan_to_num(ratio, nan=np.inf)) if ratio[i] < 0.67]
        if low:
            section.findings.append(
                f"The stated errors are too large: the scatter is below two thirds of them in "
                f"{counted(len(low), 'light curve')}: {listed(low)}."
            )
        if not np.isfinite(rows["photon"]).any():
            section.missing.append("The flux is not in electrons: what photons make of the noise is not known.")
        masked = rows["masked"]
        section.findings.append(
            f"{100 * masked.mean():.3g} % of the samples are masked or not finite"
            + (
                f"; most in {self.targets[int(np.argmax(masked))]} ({100 * masked.max():.3g} %)."
                if masked.any()
                else "."
            )
        )

    def _chosen(self) -> list[str]:
        """Return kept light curves with the lowest to the highest noise."""
        names = list(self.kept)
        noise = np.nan_to_num([self.rows["white_noise"][self.targets.index(name)] for name in names])
        order = np.argsort(noise, kind="stable")
        picks = np.unique(np.linspace(0, len(names) - 1, min(_DRAWN, len(names))).round().astype(int))
        return [names[order[i]] for i in picks]

    def _channels(self, section: Section, example: str, data: xr.Dataset) -> None:
        if data.sizes["wavelength"] < 2:
            section.missing.append("There is one channel: no noise by wavelength and no correlation of channels.")
            return
        noise = self.noises[example]
        section.tables.append(
            Statistics(
                "channels",
                f"Channels of {example}",
                {
                    "wavelength": noise.wavelength.tolist(),
                    "noise": noise.measured.tolist(),
                    "stated": noise.stated.tolist(),
                    "photon": noise.photon.tolist(),
                    "drift": noise.drift.tolist(),
                    "masked": noise.masked.tolist(),
                },
                {"wavelength": "" if is_numbered(data, "wavelength") else "um"}
                | dict.fromkeys(("noise", "stated", "photon", "drift"), "ppm"),
            )
        )
        section.draw(
            "image",
            f"Light curves of all channels, {example}",
            "Flux of each channel relative to its median. Grey is masked.",
            partial(plot_light_curve_image, data),
        )
        section.draw(
            "noise",
            f"Noise of channels, {example}",
            "Above: robust scatter from sample to sample, the median of flux_error, and the noise of as many photons. "
            "Below: the range of a parabola through each channel, outside of the transit where that is known.",
            partial(plot_noise, data, noise),
        )
        section.draw(
            "channel-correlations",
            f"Correlation of channels, {example}",
            "Of residuals where a step fitted a model, else of differences from sample to sample. Off the diagonal, "
            "noise that channels have in common.",
            partial(plot_channel_correlations, data),
        )

    def _time_series(self, section: Section, shown: dict[str, xr.Dataset], data: xr.Dataset) -> None:
        residuals = {name: white_residual(node) for name, node in shown.items()}
        what = next(iter(residuals.values()))[2]
        if all(np.isnan(residual).all() for _, residual, _ in residuals.values()):
            section.missing.append("Too few samples for power spectra and red noise.")
            return
        numbered = is_numbered(data, "time")
        note = "" if what == "the fitted model" else " A transit that is not taken out counts as red noise."
        section.draw(
            "power",
            "Power spectrum of the white light",
            f"Amplitude by frequency (Lomb-Scargle) of what {what} leaves.{note}",
            partial(
                plot_power_spectrum,
                {name: (curve.hours, residual) for name, (curve, residual, _) in residuals.items()},
                "sample" if numbered else "h",
            ),
        )
        section.draw(
            "red-noise",
            "Red noise of the white light",
            f"Scatter of what {what} leaves, averaged over bins (Pont et al. 2006). White noise falls along the dashed "
            f"line.{note}",
            partial(
                plot_red_noise,
                {
                    name: (residual, 1.0 if numbered else 60 * float(np.median(np.diff(curve.hours))))
                    for name, (curve, residual, _) in residuals.items()
                    if len(curve.hours) > 1
                },
                "samples" if numbered else "min",
            ),
        )
        masked = {name: node for name, node in shown.items() if self.noises[name].masked.any()}
        if masked:
            name, node = next(iter(masked.items()))
            section.draw(
                "masked",
                f"Masked samples, {name}",
                "Part of the samples that is masked or not finite, by wavelength and by time.",
                partial(plot_masked_samples, node),
            )
        if any(array.attrs.get("role") == "regressor" for array in data.data_vars.values()):
            section.draw(
                "regressors",
                f"Measured beside the light, {next(iter(shown))}",
                "Time series that a step may decorrelate with.",
                partial(plot_regressors, data),
            )
        else:
            section.missing.append("Nothing was measured beside the light (no regressors).")


def _white(data: xr.Dataset, flux: Array) -> xr.Dataset:
    """Return the white light as a node of one channel, without models."""
    import xarray as xr

    kept = {name: data[name] for name in ("contact_time", "mid_transit") if name in data.variables}
    return xr.Dataset(
        {
            "flux": (("wavelength", "time"), flux[None], {"units": ""}),
            "flux_error": (("wavelength", "time"), np.zeros((1, len(flux))), {"units": ""}),
            "mask": (("wavelength", "time"), ~np.isfinite(flux)[None]),
            **{name: array for name, array in kept.items() if "wavelength" not in array.dims and name != "mid_transit"},
        },
        coords={"wavelength": [1.0], "time": data["time"]},
    )


def _typical(values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else float("nan")


def _span(values: Array) -> str:
    finite = values[np.isfinite(values)]
    low, high = float(finite.min()), float(finite.max())
    return f"{low:.4g}" if low == high or f"{low:.4g}" == f"{high:.4g}" else f"{low:.4g} to {high:.4g}"
