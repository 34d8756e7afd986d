"""The same data written in other units and in another order are the same data when they are loaded."""

from __future__ import annotations

import numpy as np
import pytest

from specframe.api import nodes
from specframe_io import Table
from specframe_retrieval import ObservedSpectra


def _saved(path, wavelength, reverse, factor, level):
    rng = np.random.default_rng(1)
    shape = (3, 5, 40) if level == "light-curves" else (3, 5)
    flux = rng.normal(1.0, 1e-3, shape)
    order = slice(None, None, -1) if reverse else slice(None)
    time = np.linspace(0.0, 0.3, 40)
    np.savez(path, flux=flux[:, order], error=np.full(shape, 1e-3), wave=factor * wavelength[order], time=time * 24.0)
    return path


@pytest.mark.parametrize("level", ["light-curves", "spectrum"])
@pytest.mark.parametrize("unit", ["um", "nm", "angstrom", "m"])
@pytest.mark.parametrize("reverse", [False, True])
def test_wavelengths_in_other_units_and_descending(tmp_path, level, unit, reverse):
    factor = {"um": 1.0, "nm": 1e3, "angstrom": 1e4, "m": 1e-6}[unit]
    wavelength = np.array([1.0, 1.3, 1.7, 2.2, 2.9])
    loaded = []
    for name, own, backwards in (("plain", 1.0, False), ("other", factor, reverse)):
        path = _saved(tmp_path / f"{name}.npz", wavelength, backwards, own, level)
        wave = {"key": "wave", "units": "um" if name == "plain" else unit}
        time = {"time": {"key": "time", "units": "h"}} if level == "light-curves" else {}
        flux = {"key": "flux", "units": ""}
        loader = Table(path=str(path), level=level, flux=flux, flux_error="error", wavelength=wave, **time)
        loaded.append(dict(nodes(loader.load(loader.targets()[1])))["table/0"])
    first, second = loaded
    np.testing.assert_allclose(second["wavelength"], first["wavelength"], rtol=1e-12)
    for name in ("flux", "flux_error", "mask"):
        np.testing.assert_array_equal(second[name], first[name])


@pytest.mark.parametrize(("unit", "convert"), [("nm", lambda w: 1e3 * w), ("cm-1", lambda w: 1e4 / w)])
@pytest.mark.parametrize(("flux_unit", "factor"), [("erg s-1 cm-2 A-1", 0.1), ("W m-2 um-1", 1.0)])
def test_spectra_in_other_units(tmp_path, unit, convert, flux_unit, factor):
    """1 erg s-1 cm-2 A-1 is 10 W m-2 um-1; wavenumbers run the other way."""
    wavelength = np.linspace(1.0, 2.4, 30)
    flux = 1e-14 * (2.0 + np.sin(7.0 * wavelength))
    loaded = []
    for name, own, scale, units in (
        ("a", wavelength, 1.0, ("um", "W m-2 um-1")),
        ("b", convert(wavelength), factor, (unit, flux_unit)),
    ):
        folder = tmp_path / name
        folder.mkdir()
        np.savetxt(folder / "star.txt", np.column_stack([own, scale * flux, 0.01 * scale * flux]), fmt="%.17e")
        loader = ObservedSpectra(path=str(folder), wavelength_units=units[0], flux_units=units[1])
        loaded.append(next(iter(dict(nodes(loader.load("star"))).values())))
    first, second = loaded
    np.testing.assert_allclose(second["wavelength"], first["wavelength"], rtol=1e-12)
    to = 1.0 if second["flux"].attrs["units"] == first["flux"].attrs["units"] else 1.0 / factor
    np.testing.assert_allclose(second["flux"] * to, first["flux"], rtol=1e-12)
    np.testing.assert_allclose(second["flux_error"] * to, first["flux_error"], rtol=1e-12)
