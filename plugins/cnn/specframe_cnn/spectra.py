"""Spectra of many targets as channels of a series along wavelength."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from specframe.errors import ContainerError, DataError
from specframe_cnn.measured import Auxiliary, Measured, depth_like, logarithmic
from specframe_cnn.variables import Variable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_cnn.variables import Variables

__all__ = ["Spectra", "joined", "joined_spectra", "measured_spectra", "median_error"]


class Spectra:
    """Channels ``values`` (n, channel, wavelength), NaN where missing, with the ``errors`` of depths and fluxes.

    ``names (channel,)`` are those of the variables, ``noise_free (channel,)`` says which hold no noise, and ``means``
    is what was subtracted of each target. Depths are in units of ``unit`` (n,), and with ``whiten``, where they are
    relative to their own mean, of their errors.
    """

    def __init__(
        self,
        spectra: Sequence[Variable],
        error: Variable | None,
        centre: Literal["training", "target"],
        unit: NDArray[np.float64],
        whiten: bool = False,
    ) -> None:
        self.means = Auxiliary.none(len(unit))
        sigma = None if error is None else np.asarray(error.values, float)[:, None, :]
        values, names, errors = [], [], []
        noise_free: list[bool] = []
        for variable in spectra:
            channels = np.asarray(variable.values, float)
            noise = np.zeros_like(channels)
            if variable.name.endswith("_error"):
                # what an error is of its target's unit, which is an auxiliary value itself
                channels = logarithmic(channels / unit[:, None, None])
            elif depth_like(variable):
                if sigma is not None and sigma.shape[-1] == channels.shape[-1]:
                    noise = np.broadcast_to(sigma, channels.shape)
                divisor = unit[:, None, None]
                if centre == "target":
                    mean = _weighted_mean(channels, noise)
                    channels = channels - mean[:, :, None]
                    self.means = Auxiliary.join([self.means, Auxiliary(mean, np.ones(mean.shape[1], bool))])
                    if whiten:  # so that noise is the same at all wavelengths
                        divisor = np.where(np.isfinite(noise) & (noise > 0), noise, divisor)
                channels = channels / divisor
                noise = noise / divisor
                noise = np.where(np.isfinite(noise), noise, 0.0)
            elif variable.errors is not None:
                noise = np.nan_to_num(np.asarray(variable.errors, float), nan=0.0, posinf=0.0, neginf=0.0)
            values.append(channels)
            errors.append(noise)
            names += [variable.name] * channels.shape[1]
            noise_free += [variable.noise_free] * channels.shape[1]
        self.values = np.concatenate(values, axis=1, dtype=np.float32)
        known = sigma is not None or any(variable.errors is not None for variable in spectra)
        self.errors = np.concatenate(errors, axis=1, dtype=np.float32) if known else None
        self.names = tuple(names)
        self.noise_free = np.array(noise_free, bool)


def measured_spectra(
    targets: list[str], spectra: Spectra, auxiliary: Auxiliary, unit: NDArray[np.float64], with_errors: bool
) -> Measured:
    """Return spectra as inputs of a network, with their errors where these are asked for or hold what is not there."""
    noise_free = spectra.noise_free if spectra.errors is not None else np.zeros_like(spectra.noise_free)
    errors = spectra.errors if with_errors or noise_free.any() else None
    return Measured(targets, "series", False, spectra.values, errors, spectra.names, auxiliary, unit, noise_free)


def joined_spectra(given: Variables, inputs: Sequence[str], used: Sequence[Variable]) -> list[Variable]:
    """Return the spectra that ``inputs`` name, each (n, channel, wavelength), with the errors that stand beside them.

    Those of one name are joined along wavelength. Without names it is all spectra but what is ``used`` otherwise. The
    errors of depths are a matter of their own (:func:`~specframe_cnn.sources.depth_error_of`).

    Raises
    ------
    ContainerError
        When something else was named, or there is none.
    DataError
        When variables are of other numbers of wavelengths.
    """
    named = bool(inputs) and not given.is_array
    all_chosen = given.chosen(inputs) if named else given.all_inputs(used)
    chosen = [v for v in all_chosen if "time" not in v.dims and ("wavelength" in v.dims or given.is_array)]
    if not chosen or (named and len(chosen) < len(all_chosen)):
        wrong = [f"{v.path or 'the array'} ({', '.join(v.dims)})" for v in all_chosen if v not in chosen]
        raise ContainerError(
            f"expected spectra with an axis 'wavelength' and none of time, got {', '.join(wrong) or 'none'}: name some "
            "in 'inputs', e.g. [depth]; light curves go with axis: time, and single values into 'auxiliary'"
        )
    names = list(dict.fromkeys(v.name for v in chosen))
    spectra = [joined([v for v in chosen if v.name == name], given) for name in names]
    lengths = {v.name: v.values.shape[2] for v in spectra}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise DataError(f"spectra that are channels of one series must have as many wavelengths, got {told}")
    return spectra


def median_error(error: Variable) -> NDArray[np.float64]:
    """Return the median error of each target (n,), NaN of those without any."""
    values = np.asarray(error.values, float).reshape(len(error.values), -1)
    good = np.isfinite(values) & (values > 0)
    return np.array([np.median(row[use]) if use.any() else np.nan for row, use in zip(values, good, strict=True)])


def joined(parts: Sequence[Variable], given: Variables) -> Variable:
    """Return spectra of one name as one along wavelength, (n, channel, wavelength), with their errors.

    Raises
    ------
    DataError
        When they differ in more than their wavelengths.
    """
    arrays = [_channels(part) for part in parts]
    errors = _errors(parts, arrays, given)
    if len({array.shape[1] for array in arrays}) > 1:
        shapes = ", ".join(f"{part.path} {part.values.shape[1:]}" for part in parts)
        raise DataError(f"parts of one spectrum must be alike but for their wavelengths, got {shapes}")
    values = arrays[0] if len(arrays) == 1 else np.concatenate(arrays, axis=2)
    noise = None if errors is None else np.concatenate(errors, axis=2)
    wavelengths = [part.wavelength for part in parts if part.wavelength is not None]
    wavelength = np.concatenate(wavelengths) if len(wavelengths) == len(parts) else None
    if wavelength is not None and len(parts) > 1:
        order = np.argsort(wavelength, kind="stable")
        values, wavelength = values[:, :, order], wavelength[order]
        noise = None if noise is None else noise[:, :, order]
    noise_free = all(part.noise_free for part in parts)
    return Variable(parts[0].path, values, ("channel", "wavelength"), wavelength, noise_free=noise_free, errors=noise)


def _errors(
    parts: Sequence[Variable], arrays: Sequence[NDArray[np.float64]], given: Variables
) -> list[NDArray[np.float64]] | None:
    """Return the errors of each part, 0 where a part has none; ``None`` where none has any, and of depths."""
    if any(depth_like(part) or part.name.endswith("_error") for part in parts):
        return None
    beside = [given.beside(part, f"{part.name}_error") for part in parts]
    if all(error is None for error in beside):
        return None
    return [
        np.zeros_like(array) if error is None else _channels(error) for error, array in zip(beside, arrays, strict=True)
    ]


def _channels(variable: Variable) -> NDArray[np.float64]:
    values = np.asarray(variable.values, float)
    if "wavelength" in variable.dims:
        values = np.moveaxis(values, 1 + variable.dims.index("wavelength"), -1)
    return values.reshape(len(values), -1, values.shape[-1])


def _weighted_mean(values: NDArray[np.float64], errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over wavelength (n, channel), with weights 1 / error^2 of targets with errors."""
    finite = np.isfinite(values)
    known = np.isfinite(errors) & (errors > 0)
    weight = np.where(known, 1.0 / np.square(np.where(known, errors, 1.0)), 0.0)
    weight = np.where(known.any(axis=2, keepdims=True), weight, 1.0) * finite
    total = weight.sum(axis=2)
    mean = (weight * np.where(finite, values, 0.0)).sum(axis=2) / np.where(total > 0, total, 1.0)
    return np.where(total > 0, mean, np.nan)
