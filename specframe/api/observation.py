"""The Observation: everything known of one target, as an :class:`xarray.DataTree`.

The root carries ``attrs["target"]`` and, where a loader knows them, the star and the orbit as plain numbers:
``stellar_radius`` (solRad), ``stellar_mass`` (solMass), ``stellar_temperature`` (K), ``stellar_gravity`` (log10 of
cm s-2), ``stellar_metallicity`` ([M/H]), ``period`` (d), ``semi_major_axis`` (stellar radii), ``inclination`` (deg),
``eccentricity``; ``reference`` says who published it. Every node ``/<instrument>/<visit>`` (``/AIRS-CH0/0``) is at one
*level*:

``frames``
    ``frames (time, y, x)`` in adu, possibly lazy (:class:`~specframe.api.LazyFrames`), ``integration_time (time)``
    since the reset in s, and what the calibration needs, each optional: ``dark (y, x)`` in electron/s,
    ``flat (y, x)``, ``read_noise (y, x)`` in electron, ``dead (y, x)`` bool and ``linearity (coefficient, y, x)``
    from low to high order. ``attrs``: ``gain`` (adu/electron) and ``offset`` (electron), electrons = adu / gain +
    offset; optional ``full_well`` (electron), from which a read is saturated. Coordinates ``time`` and, where the
    columns disperse, ``wavelength (x)``.
``light-curves``
    ``flux (wavelength, time)``, ``flux_error`` and ``mask`` (``True``: not to be used). Coordinates ``wavelength``,
    ascending, with optional ``wavelength_lower`` and ``wavelength_upper``, and ``time``, ascending, with
    ``attrs`` ``time_system`` (``TDB``, ``UTC`` ...) and ``time_reference``, ``"JD <number>"`` where it is known from
    when the file counts (``JD 0``, ``JD 2400000.5``). Optional ``contact_time (contact)``, the four contacts, and
    ``limb_darkening (coefficient, wavelength)``. Further numbers ``(time)`` or ``(wavelength, time)`` with ``attrs``
    ``role: regressor`` and ``units`` were measured beside the light: ``x``, ``y``, ``fwhm``, ``airmass``,
    ``scan_direction``, ``orbit`` ... Optional ``attrs["exposure_time"]`` in s.
``depths``
    ``depth (wavelength)`` and ``depth_error``; usually beside the light curves, with ``model`` and
    ``detrended_flux (wavelength, time)``. Optional ``depth_covariance (wavelength, wavelength_other)``,
    ``depth_error_lower`` and ``depth_error_upper``, ``chi2_reduced``, ``beta``, ``channel_flags (wavelength)``, and
    ``attrs["quantity"]``, what a depth is.
    A fit of all instruments and visits together puts its depths into one node of its own, ``/spectrum/joint``, and
    leaves the others at level ``light-curves``, with ``model`` and ``detrended_flux``. Variables without dims
    (``white_depth``, ``duration``, ``beta``) and ``mid_transit (visit)`` describe the fit as a whole.
``spectrum``
    ``flux (wavelength)``, ``flux_error`` and ``mask``: an observed or synthetic spectrum, in the node ``/spectrum/0``
    unless instruments are told apart. Optional ``attrs["resolving_power"]`` (lambda / FWHM), and in the root's attrs
    ``distance`` (pc) and ``radius`` (Jupiter's equatorial radius, ``R_jup``).

Values of spectra and depths that hold no noise, as those of models do not, have ``attrs["noise"] = "absent"``; their
``_error`` is then the noise that an observation of them would have, and 0 where that is not known. A pipeline trains
on such values and judges by observations drawn from them.

A node may carry ``attrs["flags"]``: words separated by blanks (``saturated transit-at-edge``) that say what a user of
the target must know. A run lists them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from specframe.api.schema import Variable, breaks_lines, check_variables
from specframe.errors import ContainerError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import xarray as xr

__all__ = ["FLUX_UNITS", "LEVELS", "Level", "level_of", "make_observation", "nodes", "validate_observation"]

Level = Literal["frames", "light-curves", "depths", "spectrum"]
LEVELS: tuple[Level, ...] = get_args(Level)

_TIME_UNITS = ("d",)
#: A flux is in a unit that is convertible to one of these.
FLUX_UNITS = ("", "electron", "electron / s", "adu", "adu / s", "W m-2 um-1", "Jy", "MJy / sr", "ph s-1 m-2 um-1")
_WAVELENGTH = Variable("wavelength", ("wavelength",), ("um",), finite=True)
_TIME = Variable("time", ("time",), _TIME_UNITS, finite=True)
_EDGES = tuple(Variable(f"wavelength_{side}", ("wavelength",), ("um",), required=False) for side in ("lower", "upper"))

SCHEMA: dict[Level, tuple[Variable, ...]] = {
    "frames": (
        Variable("frames", ("time", "y", "x"), ("adu", "electron"), dtype="fiu"),
        _TIME,
        Variable("integration_time", ("time",), ("s",), finite=True),
        Variable("wavelength", ("x",), ("um",), required=False),
        Variable("dark", ("y", "x"), ("electron / s",), required=False),
        Variable("flat", ("y", "x"), ("",), required=False),
        Variable("read_noise", ("y", "x"), ("electron",), required=False),
        Variable("dead", ("y", "x"), dtype="b", required=False),
        Variable("linearity", ("coefficient", "y", "x"), required=False),
    ),
    "light-curves": (
        Variable("flux", ("wavelength", "time"), FLUX_UNITS),
        Variable("flux_error", ("wavelength", "time"), FLUX_UNITS),
        Variable("mask", ("wavelength", "time"), dtype="b"),
        _WAVELENGTH,
        *_EDGES,
        _TIME,
        Variable("contact_time", ("contact",), _TIME_UNITS, required=False, finite=True),
    ),
    "depths": (
        Variable("depth", ("wavelength",), ("",)),
        Variable("depth_error", ("wavelength",), ("",)),
        _WAVELENGTH,
        *_EDGES,
        Variable("depth_covariance", ("wavelength", "wavelength_other"), ("",), required=False),
        Variable("model", ("wavelength", "time"), FLUX_UNITS, required=False),
        Variable("detrended_flux", ("wavelength", "time"), ("",), required=False),
    ),
    "spectrum": (
        Variable("flux", ("wavelength",), FLUX_UNITS),
        Variable("flux_error", ("wavelength",), FLUX_UNITS),
        Variable("mask", ("wavelength",), dtype="b"),
        _WAVELENGTH,
        *_EDGES,
    ),
}


def make_observation(target: str, data: Mapping[str, xr.Dataset], **attrs: Any) -> xr.DataTree:
    """Build an Observation from ``{"<instrument>/<visit>": Dataset}``; further keywords become root ``attrs``."""
    import xarray as xr

    tree = xr.DataTree.from_dict({f"/{path.strip('/')}": node for path, node in data.items()})
    tree.attrs = {"target": str(target), **attrs}
    return tree


def nodes(observation: xr.DataTree) -> Iterator[tuple[str, xr.Dataset]]:
    """Yield ``("<instrument>/<visit>", Dataset)`` of every node that holds data, in the tree's order."""
    for node in observation.subtree:
        if node.parent is not None and node.has_data:
            yield node.path.strip("/"), node.to_dataset(inherit=False)


def level_of(data: xr.Dataset) -> Level | None:
    """Return the highest level that a node's variables reach, ``None`` for none."""
    if "frames" in data.variables:
        return "frames"
    if "depth" in data.variables:
        return "depths"
    if "flux" in data.variables:
        return "light-curves" if "time" in data["flux"].dims else "spectrum"
    return None


def validate_observation(observation: Any, step: str, levels: tuple[Level, ...] = LEVELS) -> None:
    """Check an Observation at the boundary of ``step``.

    Raises
    ------
    ContainerError
        Naming the step, target, node and variable, with the expected dims and units and what was got.
    """
    import xarray as xr

    if not isinstance(observation, xr.DataTree):
        raise ContainerError(
            f"step {step!r}: expected an Observation (xarray.DataTree), got {type(observation).__name__}"
        )
    target = observation.attrs.get("target")
    if not isinstance(target, str) or not target:
        raise ContainerError(f"step {step!r}: the Observation's root has no attrs['target']")
    if breaks_lines(target):
        raise ContainerError(
            f"step {step!r}, target {printable(target)}: its name has a line break or another control character, which "
            "tables and headers cannot hold; correct it where the targets are named"
        )
    found = False
    for path, data in nodes(observation):
        found = True
        where = f"step {step!r}, target {target}, node /{path}"
        if path.count("/") != 1:
            raise ContainerError(f"{where}: nodes are named /<instrument>/<visit>")
        if breaks_lines(path):
            raise ContainerError(
                f"step {step!r}, target {target}, node /{printable(path)}: its name has a control character or half of "
                "one that is two; correct the names of instruments and visits, or of the files that they are taken from"
            )
        level = level_of(data)
        if level is None or level not in levels:
            there = ", ".join(map(str, data.variables)) or "nothing"
            raise ContainerError(f"{where}: expected {' or '.join(levels)}, got {level or 'no known level'} ({there})")
        check_variables(data, SCHEMA[level], where)
        if level == "depths" and "flux" in data.variables:
            check_variables(data, SCHEMA["light-curves"], where)
        _check_ascending(data, "wavelength", where)
        _check_ascending(data, "time", where)
    if not found:
        raise ContainerError(f"step {step!r}, target {target}: the Observation holds no data")


def _check_ascending(data: xr.Dataset, name: str, where: str) -> None:
    if name not in data.variables or data[name].dims != (name,):
        return
    values = data[name].values
    if np.any(np.diff(values) <= 0):
        at = int(np.argmax(np.diff(values) <= 0))
        raise ContainerError(
            f"{where}: {name} must ascend, but index {at} has {values[at]:g} and index {at + 1} has {values[at + 1]:g}"
        )
