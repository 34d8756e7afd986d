"""What a set of spectra is like, wavelength by wavelength: levels, missing pixels, correlations with labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from specframe.errors import DataError
from specframe.explore.correlation import pearson, spearman
from specframe.explore.labels import names_of, varying
from specframe.explore.section import Statistics

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = [
    "analysed",
    "check_spectra",
    "label_correlations",
    "labels_of",
    "mean_label",
    "pixel_statistics",
    "scale_of",
    "shapes",
    "signal_to_noise",
    "sizes",
]

#: From this ratio of bright to faint on, spectra are drawn and analysed as logarithms.
_DYNAMIC_RANGE = 10.0
#: From this ratio of levels on, spectra that are no logarithms are analysed in shape.
_LEVELS = 100.0
_PERCENTILES = (2.5, 16.0, 50.0, 84.0, 97.5)


def check_spectra(spectra: xr.DataArray) -> None:
    """Raise :class:`DataError` unless ``spectra`` has dims (target, wavelength) and any finite value."""
    if spectra.dims != ("target", "wavelength"):
        raise DataError(f"spectra: expected dims (target, wavelength), got ({', '.join(map(str, spectra.dims))})")
    if not np.isfinite(spectra.values).any():
        raise DataError("spectra: every pixel is masked or not finite")


def scale_of(spectra: xr.DataArray) -> Literal["log", "linear"]:
    """Return how spectra are drawn and analysed: as logarithms where they are positive and span a factor of ten."""
    values = spectra.values[np.isfinite(spectra.values)]
    if values.size == 0 or np.mean(values > 0) < 0.999:
        return "linear"
    low, high = np.percentile(values[values > 0], [0.5, 99.5])
    return "log" if high > _DYNAMIC_RANGE * low else "linear"


def analysed(spectra: xr.DataArray) -> Array:
    """Return the values (n_target, n_wavelength) that are analysed, log10 where :func:`scale_of` says so, else NaN."""
    values = np.where(np.isfinite(spectra.values), spectra.values, np.nan)
    if scale_of(spectra) == "linear":
        return values
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.log10(np.where(values > 0, values, np.nan)))


def sizes(values: Array) -> Array:
    """Return the root mean square of each row over what is finite, 1 where that is 0 or nothing is."""
    known = np.isfinite(values)
    square = np.square(np.where(known, values, 0.0)).sum(axis=1)
    size = np.sqrt(square / np.maximum(known.sum(axis=1), 1))
    return np.asarray(np.where(size > 0, size, 1.0))


def shapes(spectra: xr.DataArray) -> tuple[xr.DataArray, Array] | None:
    """Return spectra over their root mean square, and that (n_target,), where levels differ beyond all comparison.

    That is so in collections of observed spectra, of which some are in physical units and some are normalised: then
    they only compare in shape. ``None`` where levels differ by less than a factor of a hundred between 5 and 95 % of
    the spectra, or where spectra are analysed as logarithms and levels tell something.
    """
    size = sizes(np.where(np.isfinite(spectra.values), spectra.values, np.nan))
    low, high = np.percentile(size, [5, 95])
    if scale_of(spectra) == "log" or high < _LEVELS * low:
        return None
    name = str(spectra.attrs.get("long_name", "value"))
    scaled = spectra / size[:, None]
    return scaled.assign_attrs({**spectra.attrs, "units": "", "long_name": f"{name} / root mean square"}), size


def labels_of(labels: xr.DataArray | None, targets: Sequence[str]) -> xr.DataArray | None:
    """Return the labels of these targets, NaN where there are none."""
    if labels is None:
        return None
    return labels.assign_coords(target=labels["target"].values.astype(str)).reindex(target=list(map(str, targets)))


def mean_label(labels: xr.DataArray) -> xr.DataArray:
    """Return one label instead of those that are channels of a spectrum, their mean; others as they are."""
    if "wavelength" not in labels.coords or labels.sizes["output"] < 2:
        return labels
    mean = labels.mean("output", skipna=False).expand_dims(output=["mean label"], axis=1)
    return mean.assign_attrs(labels.attrs)


def label_correlations(spectra: xr.DataArray, labels: xr.DataArray) -> xr.Dataset:
    """Return ``pearson`` and ``spearman (output, wavelength)`` between every wavelength and every label that varies.

    Raises
    ------
    DataError
        When fewer than three targets have labels, or no label varies.
    """
    import xarray as xr

    check_spectra(spectra)
    own = labels_of(labels, [str(target) for target in spectra["target"].values])
    assert own is not None
    names = varying(own)
    if not names or int(np.isfinite(own.values).any(axis=1).sum()) < 3:
        raise DataError(
            f"correlations with labels: at least three targets with labels that vary are needed; labels are "
            f"{', '.join(names_of(labels))}"
        )
    values, known = analysed(spectra), own.sel(output=names).values.astype(float)
    dims = ("output", "wavelength")
    return xr.Dataset(
        {"pearson": (dims, pearson(known, values)), "spearman": (dims, spearman(known, values))},
        coords={"output": names, "wavelength": spectra["wavelength"]},
    )


def signal_to_noise(spectra: xr.DataArray, errors: xr.DataArray) -> Array:
    """Return value / error (n_target, n_wavelength), NaN where the error is not above 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(errors.values > 0, np.abs(spectra.values) / errors.values, np.nan))


def pixel_statistics(spectra: xr.DataArray, errors: xr.DataArray | None = None) -> Statistics:
    """Return a table with a row per wavelength: percentiles, mean, scatter, and how many pixels are not usable.

    ``not_finite`` counts masked pixels too; ``not_positive`` those at or below zero.
    """
    values = np.where(np.isfinite(spectra.values), spectra.values, np.nan)
    known = np.isfinite(values)
    empty = ~known.any(axis=0)
    filled = np.where(empty, 0.0, values)
    levels = np.where(empty, np.nan, np.nanpercentile(filled, _PERCENTILES, axis=0))
    columns: dict[str, Sequence[object]] = {"wavelength": spectra["wavelength"].values.tolist()}
    for percentile, level in zip(_PERCENTILES, levels, strict=True):
        columns[f"p{percentile:g}"] = level.tolist()
    columns["mean"] = np.where(empty, np.nan, np.nanmean(filled, axis=0)).tolist()
    columns["std"] = np.where(empty, np.nan, np.nanstd(filled, axis=0)).tolist()
    unit = str(spectra.attrs.get("units", ""))
    units = {"wavelength": "um"} | {name: unit for name in columns if name != "wavelength"}
    if errors is not None:
        ratio = signal_to_noise(spectra, errors)
        none = ~np.isfinite(ratio).any(axis=0)
        columns["median_snr"] = np.where(none, np.nan, np.nanmedian(np.where(none, 0.0, ratio), axis=0)).tolist()
    columns["not_finite"] = (~known).sum(axis=0).tolist()
    with np.errstate(invalid="ignore"):
        columns["not_positive"] = (values <= 0).sum(axis=0).tolist()
    return Statistics("wavelengths", "Spectra by wavelength", columns, units)
