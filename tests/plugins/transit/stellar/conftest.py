"""Grids of stars whose limb darkening is known, in the files of real ones."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from specframe.api import make_observation

_MU = np.array([0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
_WAVELENGTH = np.linspace(2000.0, 60000.0, 2901)  # Angstrom, every 0.002 um


@pytest.fixture
def write_star():
    """Write one model star with I = S (1 - u1 (1 - mu) - u2 (1 - mu)^2), S in energy per wavelength."""

    def write(path, star, u1=0.4, u2=0.2, spectrum=1.0, mu=_MU, wavelength=_WAVELENGTH, layout="extension"):
        lost = np.multiply.outer(1 - mu, np.broadcast_to(u1, wavelength.shape)) + np.multiply.outer(
            (1 - mu) ** 2, np.broadcast_to(u2, wavelength.shape)
        )
        primary = fits.PrimaryHDU(spectrum * (1 - lost))
        primary.header.update(PHXTEFF=star[0], PHXLOGG=star[1], PHXM_H=star[2])
        hdus = [primary, fits.ImageHDU(mu, name="MU")]
        if layout == "header":
            primary.header.update(CRVAL1=wavelength[0], CDELT1=wavelength[1] - wavelength[0])
        else:
            hdus.append(fits.ImageHDU(wavelength, name="WAVELENGTH"))
        path.parent.mkdir(parents=True, exist_ok=True)
        fits.HDUList(hdus).writeto(path)

    return write


@pytest.fixture
def grid_folder(tmp_path, write_star):
    """2 x 2 x 1 stars, one of them in a subfolder; u1 grows by 0.1 per 1000 K less."""
    for temperature in (4000, 5000):
        for gravity in (4.0, 4.5):
            name = f"{'cool' if temperature == 4000 else '.'}/star_{temperature}_{gravity}.fits"
            write_star(tmp_path / "grid" / name, (temperature, gravity, 0.0), u1=0.4 - (temperature - 4000) * 1e-4)
    return tmp_path / "grid"


@pytest.fixture
def light_curves():
    """One node of flat light curves; the second channel is three times as bright as the others."""

    def make(wavelength=(1.0, 1.1, 1.2), half_width=0.05, flags="", **attrs):
        import xarray as xr

        wavelength = np.asarray(wavelength, float)
        time = np.linspace(0.0, 0.2, 20)
        flux = np.ones((len(wavelength), len(time)))
        flux[1:2] *= 3.0
        grid = ("wavelength", "time")
        data = xr.Dataset(
            {
                "flux": (grid, flux, {"units": "electron"}),
                "flux_error": (grid, 1e-3 * flux, {"units": "electron"}),
                "mask": (grid, np.zeros(flux.shape, bool)),
            },
            {
                "wavelength": ("wavelength", wavelength, {"units": "um"}),
                "time": ("time", time, {"units": "d", "time_system": "TDB", "time_reference": "JD 2457000"}),
            },
            {"flags": flags} if flags else {},
        )
        if half_width is not None:
            for side, sign in (("lower", -1), ("upper", 1)):
                data[f"wavelength_{side}"] = ("wavelength", wavelength + sign * half_width, {"units": "um"})
        return make_observation("a", {"SPEC/0": data}, **attrs)

    return make
