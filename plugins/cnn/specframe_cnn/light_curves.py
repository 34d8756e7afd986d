"""Light curves of many targets as channels of a series, or as rows of an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import ContainerError, DataError
from specframe_cnn.curves import Level, binned, group_starts, out_of_transit_level, relative_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_cnn.variables import Variable, Variables

__all__ = ["Curves", "as_image", "as_series", "light_curves"]

#: Targets that are normalised at a time, to bound the memory it takes.
_CHUNK = 32


@dataclass(frozen=True)
class Curves:
    """Relative flux - 1 of one variable, (n, wavelength group, time group), with its noise where it was asked for."""

    name: str
    values: NDArray[np.float32]
    errors: NDArray[np.float32] | None
    first_wavelength: float

    @classmethod
    def of(
        cls,
        variable: Variable,
        given: Variables,
        level: Level,
        groups: int | None = None,
        time_groups: int | None = None,
        with_errors: bool = False,
    ) -> Curves:
        """Divide the curves by their level, and average them in groups of wavelengths and samples.

        Raises
        ------
        DataError
            When no curve of any target has a positive level.
        """
        flux = _as_cube(variable)
        n, n_wavelength, n_time = flux.shape
        starts, time_starts = group_starts(n_wavelength, groups), group_starts(n_time, time_groups)
        beside = {name: given.beside(variable, name) for name in (f"{variable.name}_error", "contact_time")}
        flux_error, contacts = (None if found is None else found.values for found in beside.values())
        if level == "contacts" and contacts is None:
            raise ContainerError(
                f"level: contacts needs contact_time beside {variable.path or 'the array'}: put a detrender that "
                "finds the transit before, or choose another level"
            )
        level = "none" if variable.name == "detrended_flux" else level
        shape = (n, len(starts), len(time_starts))
        values = np.empty(shape, np.float32)
        errors = np.empty(shape, np.float32) if with_errors else None
        needs_errors = with_errors or len(starts) < n_wavelength
        divided = level == "none"
        for first in range(0, n, _CHUNK):
            part = slice(first, first + _CHUNK)
            chunk = np.asarray(flux[part], float)
            base = np.ones((len(chunk), n_wavelength, 1))
            if level != "none":
                base = out_of_transit_level(
                    chunk, level, variable.time, None if contacts is None else np.asarray(contacts[part], float)
                )
                positive = base > 0
                divided |= bool(positive.any())
                base = np.where(positive, base, np.nan)
            relative = chunk / base - 1.0
            noise = np.full((len(chunk), n_wavelength, 1), np.nan)
            if needs_errors:
                known = None if flux_error is None else np.asarray(_cube(flux_error[part]), float)
                noise = relative_errors(relative, base, known)
            relative, noise = binned(relative, noise, starts, 1, weigh=True)
            relative, noise = binned(relative, noise, time_starts, 2, weigh=False)
            values[part] = relative
            if errors is not None:
                errors[part] = noise
        if n and not divided:
            raise DataError(
                f"no light curve of {variable.path or 'the array'} has a positive level out of transit: give flux, "
                "or choose level: none for curves that are divided by it already"
            )
        wavelength = 0.0 if variable.wavelength is None else float(variable.wavelength.min())
        return cls(variable.name, values, errors, wavelength)


def light_curves(given: Variables, inputs: Sequence[str], used: Sequence[Variable]) -> list[Variable]:
    """Return the light curves that ``inputs`` name; without names all but what is ``used`` otherwise.

    Raises
    ------
    ContainerError
        When there is none, or one that was chosen by name is not.
    """
    named = bool(inputs) and not given.is_array
    chosen = given.chosen(inputs) if named else given.all_inputs(used)
    curves = [v for v in chosen if "time" in v.dims or (given.is_array and "" in v.dims)]
    wrong = [f"{v.path or 'the array'} ({', '.join(v.dims)})" for v in chosen if v not in curves]
    if curves and not (wrong and named):
        return curves
    raise ContainerError(
        f"expected light curves with an axis 'time', got {', '.join(wrong) or 'none'}: name some in 'inputs', "
        "spectra go with cnn1d along axis: wavelength, and single values into 'auxiliary'"
    )


def as_series(parts: Sequence[Curves]) -> tuple[NDArray[np.float32], NDArray[np.float32] | None, tuple[str, ...]]:
    """Return values, errors and names of all curves as channels, (n, channel, time)."""
    _check_alike([part.values.shape[2] for part in parts], "samples")
    ordered = sorted(parts, key=lambda part: part.first_wavelength)
    names = tuple(part.name for part in ordered for _ in range(part.values.shape[1]))
    errors = None
    if ordered[0].errors is not None:
        errors = _joined([part.errors for part in ordered if part.errors is not None])
    return _joined([part.values for part in ordered]), errors, names


def as_image(parts: Sequence[Curves]) -> tuple[NDArray[np.float32], NDArray[np.float32] | None, tuple[str, ...]]:
    """Return values, errors and names as images (n, channel, wavelength, time), a channel for each variable's name."""
    names = tuple(dict.fromkeys(part.name for part in parts))
    rows = [as_series([part for part in parts if part.name == name]) for name in names]
    _check_alike([values.shape[1] for values, _, _ in rows], "wavelengths")
    _check_alike([values.shape[2] for values, _, _ in rows], "samples")
    if len(rows) == 1:
        values, errors, _ = rows[0]
        return values[:, None], None if errors is None else errors[:, None], names
    errors = None
    if rows[0][1] is not None:
        errors = np.stack([e for _, e, _ in rows if e is not None], axis=1)
    return np.stack([values for values, _, _ in rows], axis=1), errors, names


def _as_cube(variable: Variable) -> NDArray[np.float64]:
    """Return values as (n, wavelength, time), a view where possible."""
    values = variable.values
    if "time" in variable.dims:
        values = np.moveaxis(values, 1 + variable.dims.index("time"), -1)
    return _cube(values)


def _cube(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values if values.ndim == 3 else values.reshape(len(values), -1, values.shape[-1])


def _joined(parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def _check_alike(sizes: Sequence[int], what: str) -> None:
    if len(set(sizes)) > 1:
        raise DataError(
            f"light curves that are learned from together have {', '.join(map(str, sizes))} {what}: bin them to one "
            "grid (the calibrator's bin_time, or detrend: bin), or learn from one of them"
        )
