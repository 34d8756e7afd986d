"""The detrender ``limb-darkening``."""

from __future__ import annotations

from math import isfinite, log10
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from specframe.api import Detrender, make_observation, nodes
from specframe.errors import DataError
from specframe_transit.cleaning.grid import channel_edges
from specframe_transit.cleaning.node import add_flags, chosen_nodes
from specframe_transit.curves import curves_of
from specframe_transit.stellar.channel import channel_profiles, read_throughput
from specframe_transit.stellar.grid import Star, open_grid
from specframe_transit.stellar.law import COEFFICIENTS, disc_mean, fit_law, steepest_limb
from specframe_transit.stellar.params import LimbDarkeningParams

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api.observation import Level
    from specframe_transit.stellar.channel import Throughput
    from specframe_transit.stellar.grid import Intensities

__all__ = ["LimbDarkening"]

#: log10 of the Sun's surface gravity in cm/s2, from the nominal G M and radius (IAU 2015 resolution B3).
_SUN_GRAVITY = 4.4380
#: A law that misses the profile by more than this, rms, in units of the disc's centre, is flagged.
_POOR = 0.01


class LimbDarkening(Detrender):
    """Gives every channel limb-darkening coefficients computed from a grid of stellar intensities.

    The intensities of the model stars around the star are interpolated (their logarithms, linearly in temperature,
    log g and [M/H]), summed over each channel with photons as weights (and a throughput, if given), and fitted by the
    law from mu_min to 1. Light curves stay as they are.

    Each node gains ``limb_darkening (coefficient, wavelength)`` and ``limb_darkening_white (coefficient)``, that of the
    white curve: channels count by their flux, as in the sum of their light curves. Their attributes say ``law``, the
    star and the grid, and how well the law fits (``rms``, in units of the disc's centre, the largest of all channels).

    Flags: ``star-outside-grid`` (outside: nearest was needed) and ``limb-darkening-poor`` (a law misses the profile
    of a channel by more than 1 % rms).

    Raises
    ------
    DataError
        When the star is not known or not in the grid, or a channel is beyond the wavelengths of the model stars.
    InputFileError
        When a file of the grid or the throughput is not as it must be.

    Notes
    -----
    ``quadratic``: ``I(mu) / I(1) = 1 - u1 (1 - mu) - u2 (1 - mu)^2``. ``nonlinear``: ``I(mu) / I(1) = 1 - sum_n c_n (1
    - mu^(n/2))``, n = 1 ... 4.

    References
    ----------
    - Claret 2000, A&A 363, 1081 (nonlinear law), bibcode:2000A&A...363.1081C
    - Claret & Bloemen 2011, A&A 529, A75, doi:10.1051/0004-6361/201116451
    - Espinoza & Jordán 2015, MNRAS 450, 1879, doi:10.1093/mnras/stv744
    - Husser et al. 2013, A&A 553, A6 (PHOENIX), doi:10.1051/0004-6361/201219058
    - Castelli & Kurucz 2003, IAU Symposium 210, A20 (ATLAS9), arXiv:astro-ph/0405087
    """

    name = "limb-darkening"
    Params: ClassVar[type[LimbDarkeningParams]] = LimbDarkeningParams
    params: LimbDarkeningParams
    consumes: ClassVar[tuple[Level, ...]] = ("light-curves",)
    produces: ClassVar[tuple[Level, ...]] = ("light-curves",)

    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        """Return the Observation with coefficients; see the class for what a node gains."""
        given = dict(nodes(observation))
        grid = open_grid(self.params.grid)
        wanted = self._star(observation.attrs)
        star = grid.nearest(wanted) if self.params.outside == "nearest" else wanted
        intensities = grid.intensities(star)
        throughput = None if self.params.throughput is None else read_throughput(self.params.throughput)
        provenance = {
            "grid": grid.folder.name,
            "stellar_temperature": star.temperature,
            "stellar_gravity": star.gravity,
            "stellar_metallicity": star.metallicity,
            "mu_min": max(self.params.fitted_from, float(intensities.mu[0])),
            "limb": self.params.limb,
            "throughput": "" if self.params.throughput is None else self.params.throughput.name,
        }
        flags = [] if star == wanted else ["star-outside-grid"]
        done = dict(given)
        for path in chosen_nodes(given, self.params.instruments):
            done[path] = self._with_coefficients(path, given[path], intensities, throughput, provenance, flags)
        attrs = {str(name): value for name, value in observation.attrs.items() if name != "target"}
        return make_observation(observation.attrs["target"], done, **attrs)

    def _with_coefficients(
        self,
        path: str,
        data: xr.Dataset,
        star: Intensities,
        throughput: Throughput | None,
        provenance: dict[str, Any],
        flags: list[str],
    ) -> xr.Dataset:
        if throughput is not None and data.sizes["wavelength"] == 1 and "wavelength_lower" not in data:
            lower, upper = throughput.wavelength[:1], throughput.wavelength[-1:]
        else:
            lower, upper = channel_edges(path, data)
        try:
            profiles = channel_profiles(star, lower, upper, throughput)
        except DataError as error:
            raise DataError(f"node /{path}: {error}") from None
        # in the sum of the light curves a channel counts by its flux, whatever the model star's is
        level = curves_of(path, data).level
        share = np.where(level > 0, level, 0.0) / disc_mean(star.mu, profiles)
        law = self.params.law
        coefficients, rms = self._fit(star.mu, profiles)
        white, white_rms = self._fit(star.mu, (share @ profiles)[None])
        attrs = {"units": "", "law": law, **provenance}
        data = data.drop_vars(["limb_darkening", "limb_darkening_white", "coefficient"], errors="ignore").assign(
            limb_darkening=(("coefficient", "wavelength"), coefficients, {**attrs, "rms": float(rms.max())}),
            limb_darkening_white=(("coefficient",), white[:, 0], {**attrs, "rms": float(white_rms[0])}),
        )
        data = data.assign_coords(coefficient=list(COEFFICIENTS[law]))
        return add_flags(data, flags + (["limb-darkening-poor"] if rms.max() > _POOR else []))

    def _fit(
        self, mu: NDArray[np.float64], profiles: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        limb = steepest_limb(mu, profiles) if self.params.limb == "steepest" else None
        return fit_law(mu, profiles, self.params.law, self.params.fitted_from, limb)

    def _star(self, attrs: Mapping[Any, Any]) -> Star:
        """Return the star of the parameters, completed by what the data say of it."""
        temperature, gravity, metallicity = self.params.temperature, self.params.gravity, self.params.metallicity
        if temperature is None:
            temperature = _number(attrs, "stellar_temperature")
        if gravity is None:
            gravity = _number(attrs, "stellar_gravity")
        if gravity is None:
            mass, radius = _number(attrs, "stellar_mass"), _number(attrs, "stellar_radius")
            if mass is not None and radius is not None and mass > 0 and radius > 0:
                gravity = _SUN_GRAVITY + log10(mass) - 2.0 * log10(radius)
        if metallicity is None:
            metallicity = _number(attrs, "stellar_metallicity") or 0.0
        if temperature is None or gravity is None:
            absent = [
                f"{name} ({unit}; the data have no {source})"
                for name, unit, source, value in (
                    ("temperature", "K", "stellar_temperature", temperature),
                    ("gravity", "log cm/s2", "stellar_gravity, nor stellar_mass and stellar_radius", gravity),
                )
                if value is None
            ]
            raise DataError(f"limb-darkening: the star is not known; set {' and '.join(absent)}")
        return Star(temperature, gravity, metallicity)


def _number(attrs: Mapping[Any, Any], name: str) -> float | None:
    value = attrs.get(name)
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not isfinite(number):
        raise DataError(f"attribute {name} of the observation must be a number, got {value!r}; correct the catalogue")
    return number
