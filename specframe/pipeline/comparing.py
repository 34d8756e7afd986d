"""Published spectra that a result is compared with, ``evaluate.compare``."""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from specframe.api.observation import validate_observation
from specframe.api.spectrum import measured_spectrum
from specframe.errors import DataError
from specframe.evaluate.comparison import SpectrumComparison, compare_spectra
from specframe.pipeline.targets.target import reason_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

    from specframe.api.loader import Loader
    from specframe.config.spec import Part
    from specframe.progress.progress import Progress

__all__ = ["Published", "compared", "comparison_table", "of_target", "published_spectra", "summary"]


@dataclass(frozen=True)
class Published:
    """A spectrum that somebody else measured: ``label`` says who, ``target`` of what."""

    label: str
    target: str
    spectrum: xr.Dataset


def published_spectra(parts: Sequence[Part], progress: Progress) -> list[Published]:
    """Load the spectra; one that cannot be loaded is reported and left out, the run is worth more than it.

    Its label is ``attrs["reference"]`` of the Observation, else the target's name there.
    """
    found: list[Published] = []
    for part in parts:
        loader = cast("Loader", part.component.load().from_params(part.params))
        try:
            targets = loader.targets()
        except Exception as error:
            progress.say(f"not compared with {part.component.component.name}: {reason_of(error)}")
            continue
        for target in targets:
            try:
                observation = loader.load(target)
                validate_observation(observation, "compare", ("depths",))
                spectrum = measured_spectrum(observation)
            except Exception as error:
                progress.say(f"not compared with {target}: {reason_of(error)}")
                continue
            if spectrum is not None:
                label = str(observation.attrs.get("reference") or target)
                alike = sum(other.label == label or other.label.startswith(f"{label} (no. ") for other in found)
                found.append(Published(f"{label} (no. {alike + 1})" if alike else label, target, spectrum))
    return found


def of_target(published: Sequence[Published], target: str, targets: Sequence[str]) -> list[Published]:
    """Return the spectra of a target: those of its name, or all where there is only this target."""
    return [found for found in published if found.target == target or len(targets) == 1]


def compared(
    published: Sequence[Published], prediction: xr.Dataset, progress: Progress
) -> dict[str, dict[str, SpectrumComparison]]:
    """Compare the spectrum of every target with its published ones; return them by target and label."""
    targets = [str(name) for name in prediction["target"].values]
    found: dict[str, dict[str, SpectrumComparison]] = {}
    for other in published:
        if not any(of_target([other], target, targets) for target in targets):
            progress.say(
                f"not compared with {other.label}: it is of {other.target!r}, there are {', '.join(targets[:5])}"
            )
    for target in targets:
        for other in of_target(published, target, targets):
            try:
                comparison = compare_spectra(_spectrum_of(prediction, target), other.spectrum)
            except DataError as error:
                progress.say(f"{target}: not compared with {other.label}: {error}")
                continue
            found.setdefault(target, {})[other.label] = comparison
            progress.say(
                f"{target} against {other.label}, {comparison.wavelength.size} channels: offset "
                f"{1e6 * comparison.offset:.1f} ± {1e6 * comparison.offset_error:.1f} ppm, shape differs by "
                f"{1e6 * comparison.shape_rms:.1f} ppm rms, errors {comparison.error_ratio:.2f} x the published ones"
            )
    return found


def summary(comparison: SpectrumComparison) -> dict[str, float]:
    """Return the numbers of a comparison, differences and errors in ppm."""
    return {
        "channels": comparison.wavelength.size,
        "offset-ppm": 1e6 * comparison.offset,
        "offset-error-ppm": 1e6 * comparison.offset_error,
        "shape-rms-ppm": 1e6 * comparison.shape_rms,
        "error-ppm": 1e6 * float(np.mean(comparison.measured_error)),
        "published-error-ppm": 1e6 * float(np.mean(comparison.published_error)),
        "error-ratio": comparison.error_ratio,
        "chi2-reduced": comparison.chi2_reduced,
    }


def comparison_table(found: dict[str, dict[str, SpectrumComparison]]) -> str:
    """Return an ECSV table with a row for each channel of each comparison."""
    from astropy import units
    from astropy.table import QTable, vstack

    tables = []
    for target, by_label in found.items():
        for label, comparison in by_label.items():
            size = comparison.wavelength.size
            columns: dict[str, Any] = {
                "target": np.full(size, target),
                "published_in": np.full(size, label),
                "wavelength": comparison.wavelength * units.um,
                **{
                    name: getattr(comparison, name) * units.dimensionless_unscaled
                    for name in ("measured", "measured_error", "published", "published_error")
                },
                "difference": (comparison.measured - comparison.published) * units.dimensionless_unscaled,
            }
            tables.append(QTable(columns))
    content = StringIO()
    vstack(tables, metadata_conflicts="silent").write(content, format="ascii.ecsv")
    return content.getvalue()


def _spectrum_of(prediction: xr.Dataset, target: str) -> xr.Dataset:
    """Return the spectrum of a target as :func:`~specframe.api.measured_spectrum` does, of any Prediction."""
    import xarray as xr

    if "wavelength" not in prediction.coords:
        raise DataError("the outputs have no wavelengths")
    if "std" not in prediction:
        raise DataError("the prediction has no errors; add an uncertainty step")
    one = prediction.sel(target=target)
    coords = {"wavelength": ("wavelength", one["wavelength"].values)}
    variables = {"depth": ("wavelength", one["mean"].values), "depth_error": ("wavelength", one["std"].values)}
    for edge in ("wavelength_lower", "wavelength_upper"):
        if edge in one.coords:
            variables[edge] = ("wavelength", one[edge].values)
    return xr.Dataset(variables, coords=coords)
