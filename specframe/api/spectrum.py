"""The spectrum of one target, from the depths of all its visits and instruments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.observation import nodes
from specframe.api.visits import combine_visits, measured_visits, merged_covariance
from specframe.errors import ContainerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["SPECTRUM_VARIABLES", "measured_spectrum"]

#: Variables of nodes that a spectrum is made of, besides ``depth_covariance``.
SPECTRUM_VARIABLES = (
    "depth",
    "depth_error",
    "depth_error_lower",
    "depth_error_upper",
    "chi2_reduced",
    "beta",
    "channel_flags",
    "wavelength_lower",
    "wavelength_upper",
)
_ASYMMETRIC = ("depth_error_lower", "depth_error_upper")
_EDGES = ("wavelength_lower", "wavelength_upper")


def measured_spectrum(observation: xr.DataTree, covariance: bool = False) -> xr.Dataset | None:
    """Return the spectrum that an Observation's depths make, ``None`` where no step measured any.

    Dim ``wavelength``, ascending: ``depth``, ``depth_error`` and ``instrument``; where all instruments have them
    ``depth_error_lower`` and ``depth_error_upper`` (68 % interval, both positive) and the channels' edges
    ``wavelength_lower`` and ``wavelength_upper``; where any has them ``chi2_reduced``, ``beta`` (NaN elsewhere) and
    ``channel_flags`` (words separated by blanks). With ``covariance``, ``depth_covariance`` where any fit left one.
    ``attrs["quantity"]`` says what the depths are.

    Visits of an instrument are averaged with weights 1 / depth_error^2, their chi2_reduced and beta without weights.

    Raises :class:`~specframe.errors.ContainerError` when the visits of an instrument have different channels.
    """
    import xarray as xr

    measured = measured_visits(nodes(observation))
    if not measured:
        return None
    parts = [_of_instrument(name, visits) for name, visits in measured.items()]
    common = [name for name in (*_ASYMMETRIC, *_EDGES) if all(name in part for part in parts)]
    somewhere = [name for name in ("chi2_reduced", "beta", "channel_flags") if any(name in part for part in parts)]
    names = ["wavelength", "depth", "depth_error", "instrument", *common, *somewhere]
    joined = {name: np.concatenate([_values(part, name) for part in parts]) for name in names}
    order = np.argsort(joined["wavelength"], kind="stable")
    units = dict.fromkeys(("wavelength", *_EDGES), "um")
    wavelength = ("wavelength", joined.pop("wavelength")[order], {"units": "um"})
    variables: dict[str, Any] = {
        name: ("wavelength", values[order], {"units": units.get(name, "")} if values.dtype.kind == "f" else {})
        for name, values in joined.items()
    }
    if covariance and any("depth_covariance" in data for visits in measured.values() for data in visits):
        variables["depth_covariance"] = (
            ("wavelength", "wavelength_other"),
            merged_covariance(list(measured.values()))[np.ix_(order, order)],
            {"units": ""},
        )
    quantities = dict.fromkeys(str(data.attrs.get("quantity", "")) for visits in measured.values() for data in visits)
    return xr.Dataset(
        variables, coords={"wavelength": wavelength}, attrs={"quantity": ", ".join(filter(None, quantities))}
    )


def _of_instrument(name: str, visits: Sequence[xr.Dataset]) -> dict[str, NDArray[Any]]:
    """Return the columns of one instrument."""
    first = visits[0]
    found: dict[str, NDArray[Any]] = {
        "wavelength": first["wavelength"].values.astype(float),
        "depth": combine_visits(visits, "depth").values.astype(float),
        "depth_error": combine_visits(visits, "depth_error").values.astype(float),
        "instrument": np.full(first.sizes["wavelength"], name),
    }
    found |= {edge: first[edge].values.astype(float) for edge in _EDGES if edge in first.variables}
    if all(side in data for side in _ASYMMETRIC for data in visits):
        for side in _ASYMMETRIC:
            errors = np.stack([data[side].values.astype(float) for data in visits])
            weights = np.stack([data["depth_error"].values.astype(float) ** -2.0 for data in visits])
            weights = np.where(np.isfinite(weights), weights, 0.0)
            with np.errstate(invalid="ignore", divide="ignore"):
                found[side] = np.sqrt(np.sum(np.square(weights * np.nan_to_num(errors)), axis=0)) / weights.sum(axis=0)
    for quality in ("chi2_reduced", "beta"):
        there = [data[quality].values.astype(float) for data in visits if quality in data]
        if there and all(values.shape == found["depth"].shape for values in there):
            counted = np.isfinite(np.stack(there))
            total = np.where(counted, np.stack(there), 0.0).sum(axis=0)
            found[quality] = np.where(counted.any(axis=0), total / np.maximum(counted.sum(axis=0), 1), np.nan)
    texts = [data["channel_flags"].values.astype(str) for data in visits if "channel_flags" in data]
    if texts:
        found["channel_flags"] = np.array(
            [" ".join(dict.fromkeys(" ".join(words).split())) for words in zip(*texts, strict=True)], dtype=str
        )
    return found


def _values(part: dict[str, NDArray[Any]], name: str) -> NDArray[Any]:
    if name in part:
        return part[name]
    size = len(part["wavelength"])
    if name == "channel_flags":
        return np.full(size, "")
    if name in ("chi2_reduced", "beta"):
        return np.full(size, np.nan)
    raise ContainerError(f"a spectrum needs {name!r} of every instrument")
