"""The same spectrum in every format is the same spectrum."""

from __future__ import annotations

import bz2
import gzip
import lzma
import socket
from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np
import pytest
import xarray as xr
from astropy.table import Table

from specframe.errors import InputFileError, UsageError
from specframe_retrieval.observed import read_spectrum

if TYPE_CHECKING:
    from pathlib import Path

WAVELENGTH = np.array([0.9, 1.0, 1.2, 1.5, 2.0])
FLUX = np.array([1e-15, 2e-15, 3.5e-15, 2.5e-15, 1.5e-15])
ERROR = 0.1 * FLUX


def check(node: xr.Dataset, units: str | None = None, errors: bool = True) -> None:
    np.testing.assert_allclose(node["wavelength"], WAVELENGTH, rtol=1e-9)
    np.testing.assert_allclose(node["flux"], FLUX, rtol=1e-6)
    if errors:
        np.testing.assert_allclose(node["flux_error"], ERROR, rtol=1e-6)
    else:
        assert np.isnan(node["flux_error"]).all()
        assert "unknown" in node["flux_error"].attrs["comment"]
    assert not node["mask"].values.any()
    if units is not None:
        assert u.Unit(node["flux"].attrs["units"]) == u.Unit(units)
    assert "noise" not in node["flux"].attrs


def rows(separator: str = " ", order: slice = slice(None), n: int = 3) -> str:
    columns = (WAVELENGTH[order], FLUX[order], ERROR[order])[:n]
    return "".join(separator.join(f"{v:.8g}" for v in row) + "\n" for row in zip(*columns, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        rows(),
        rows("\t"),
        rows(", "),
        rows(";"),
        rows(order=slice(None, None, -1)),
        "# SpeX\n# wavelength flux error\n" + rows(),
        "# wavelength (um)  flux (W/m2/um)  error\n" + rows(),
        "wavelength,flux,flux_error\n" + rows(","),
        "\ufeffWavelength_um Flux Uncertainty\n" + rows(),
        "% Lambda\n! F\n" + rows() + "\n\n",
        "flux error wavelength\n" + "".join(f"{f} {e} {w}\n" for w, f, e in zip(WAVELENGTH, FLUX, ERROR, strict=True)),
        "| name | wave | flux | err |\n".replace("|", ",").strip(", \n").replace(" ", "")
        + "\n"
        + "".join(f"a,{w},{f},{e}\n" for w, f, e in zip(WAVELENGTH, FLUX, ERROR, strict=True)),
    ],
    ids=range(12),
)
def test_text(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.txt").write_text(text, encoding="utf-8")
    check(read_spectrum(tmp_path / "s.txt"))


def many(columns: int = 2, form: str = "{:.6e}") -> str:
    """Twenty lines of numbers."""
    return "".join(" ".join([form.format(v) for v in (1 + i / 10, 2 + i, 3 + i)][:columns]) + "\n" for i in range(20))


def test_lines_of_parameters_before_the_columns(tmp_path: Path) -> None:
    """As the Sonora models have them: parameters, then units, then the spectrum."""
    preamble = " 1000.0 316.0 0.0 1.0 0.9 teff grav f_hole\n  microns  Flux (erg/cm^2/s/Hz)\n"
    (tmp_path / "sp_t1000g316nc_m0.0").write_text(preamble + many())
    node = read_spectrum(tmp_path / "sp_t1000g316nc_m0.0")
    assert node.sizes["wavelength"] == 20
    assert u.Unit(node["flux"].attrs["units"]) == u.Unit("erg cm-2 s-1 Hz-1")


def test_a_line_that_is_cut_off_in_the_middle_is_no_preamble(tmp_path: Path) -> None:
    lines = many(3).splitlines()
    lines[9] = "1.9 2"
    (tmp_path / "s.txt").write_text("\n".join(lines))
    with pytest.raises(InputFileError, match="line 10 has 2 fields, expected 3"):
        read_spectrum(tmp_path / "s.txt")


def test_exponents_of_fortran(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text("".join(line.replace("e", "D") + "\n" for line in rows().splitlines()))
    check(read_spectrum(tmp_path / "s.txt"))


def test_names_with_units_after_a_blank(tmp_path: Path) -> None:
    text = "".join(f"{1e4 * w} {f}\n" for w, f in zip(WAVELENGTH, FLUX, strict=True))
    (tmp_path / "s.txt").write_text("# Wavelength (Angstrom)   Flux [erg/s/cm2/A]\n" + text)
    check(read_spectrum(tmp_path / "s.txt"), units="erg s-1 cm-2 AA-1", errors=False)


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)])
def test_packed(tmp_path: Path, suffix: str, pack: Any) -> None:
    (tmp_path / f"s.txt{suffix}").write_bytes(pack(rows().encode()))
    check(read_spectrum(tmp_path / f"s.txt{suffix}"))


def test_two_columns_have_no_errors(tmp_path: Path) -> None:
    (tmp_path / "s.dat").write_text(rows(n=2))
    check(read_spectrum(tmp_path / "s.dat"), errors=False)
    with_snr = read_spectrum(tmp_path / "s.dat", snr=50)
    np.testing.assert_allclose(with_snr["flux_error"], 2e-15 / 50)
    assert "signal-to-noise ratio of 50" in with_snr["flux_error"].attrs["comment"]
    relative = read_spectrum(tmp_path / "s.dat", relative_error=0.03)
    np.testing.assert_allclose(relative["flux_error"], 0.03 * FLUX)


def test_errors_of_the_file_are_preferred(tmp_path: Path) -> None:
    (tmp_path / "s.dat").write_text(rows())
    check(read_spectrum(tmp_path / "s.dat", snr=3))


def test_a_column_of_zeros_is_no_errors(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text("".join(f"{w} {f} 0\n" for w, f in zip(WAVELENGTH, FLUX, strict=True)))
    check(read_spectrum(tmp_path / "s.txt"), errors=False)


@pytest.mark.parametrize(
    ("units", "factor"), [("angstrom", 1e4), ("A", 1e4), ("nm", 1e3), ("micron", 1.0), ("m", 1e-6), ("um", 1.0)]
)
def test_units_of_wavelength(tmp_path: Path, units: str, factor: float) -> None:
    text = "".join(f"{factor * w:.10g} {f} {e}\n" for w, f, e in zip(WAVELENGTH, FLUX, ERROR, strict=True))
    (tmp_path / "s.txt").write_text(text)
    check(read_spectrum(tmp_path / "s.txt", wavelength_units=units))


def test_frequency_and_wavenumber_are_wavelengths(tmp_path: Path) -> None:
    for units, axis in (("GHz", 2.99792458e5 / WAVELENGTH), ("cm-1", 1e4 / WAVELENGTH)):
        text = "".join(f"{w:.12g} {f} {e}\n" for w, f, e in zip(axis, FLUX, ERROR, strict=True))
        (tmp_path / "s.txt").write_text(text)
        check(read_spectrum(tmp_path / "s.txt", wavelength_units=units))


def test_angstroms_without_a_unit_are_no_microns(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text("6450 1\n9000 1\n25500 1\n")
    with pytest.raises(InputFileError, match=r"s.txt: '0' runs from 6450 to 25500 without a unit.*wavelength_units"):
        read_spectrum(tmp_path / "s.txt")


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("erg s-1 cm-2 A-1", "erg s-1 cm-2 AA-1"),
        ("ergs/s/cm^2/A", "erg s-1 cm-2 AA-1"),
        ("erg/(s cm2 Angstrom)", "erg s-1 cm-2 AA-1"),
        ("FLAM", "erg s-1 cm-2 AA-1"),
        ("ergss-1cm-2A-1", "erg s-1 cm-2 AA-1"),  # as Spextool has it
        ("Wm-2um-1", "W m-2 um-1"),
        ("W/m2/micron", "W m-2 um-1"),
        ("mJy", "mJy"),
        ("erg s-1 cm-2 Hz-1", "erg s-1 cm-2 Hz-1"),
        ("photons/s/cm2/A", "ph s-1 cm-2 AA-1"),
        ("", ""),
    ],
)
def test_units_of_flux(tmp_path: Path, written: str, unit: str) -> None:
    (tmp_path / "s.txt").write_text(rows())
    check(read_spectrum(tmp_path / "s.txt", flux_units=written), units=unit)


def test_nothing_is_fetched_of_a_table_that_is_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: tried.append(address))
    (tmp_path / "s.ecsv").write_text("http://127.0.0.1:9/s.ecsv")
    with pytest.raises(InputFileError, match="cannot be read as ECSV"):
        read_spectrum(tmp_path / "s.ecsv")
    assert tried == []


def test_ecsv_has_its_units(tmp_path: Path) -> None:
    table = Table()
    table["wave"] = 1e3 * WAVELENGTH * u.nm
    table["flux"] = FLUX * u.Unit("W m-2 um-1")
    table["unc"] = (1e-3 * ERROR) * u.Unit("kW m-2 um-1")
    table.write(tmp_path / "s.ecsv", format="ascii.ecsv")
    check(read_spectrum(tmp_path / "s.ecsv"), units="W m-2 um-1")


def test_npz_and_netcdf(tmp_path: Path) -> None:
    np.savez(tmp_path / "s.npz", wl_obs=WAVELENGTH, flam_obs=FLUX, other=np.ones(3), sigma=ERROR)
    check(read_spectrum(tmp_path / "s.npz", {"wavelength": "wl_obs", "flux": "flam_obs"}))
    xr.Dataset(
        {"flux": ("wavelength", FLUX, {"units": "W m-2 um-1"}), "flux_error": ("wavelength", ERROR)},
        coords={"wavelength": ("wavelength", 1e4 * WAVELENGTH, {"units": "angstrom"})},
    ).to_netcdf(tmp_path / "s.nc", engine="h5netcdf")
    check(read_spectrum(tmp_path / "s.nc"), units="W m-2 um-1")


def test_npy_of_rows(tmp_path: Path) -> None:
    np.save(tmp_path / "s.npy", np.array([WAVELENGTH, FLUX, ERROR]))
    check(read_spectrum(tmp_path / "s.npy"))


def test_inverse_variance(tmp_path: Path) -> None:
    np.savez(tmp_path / "s.npz", wavelength=WAVELENGTH, flux=FLUX, ivar=ERROR**-2.0)
    check(read_spectrum(tmp_path / "s.npz"))


def test_bad_pixels_are_masked(tmp_path: Path) -> None:
    wavelength = np.append(np.linspace(1.0, 2.0, 7), np.nan)
    flux = np.array([1, np.nan, 1, 1, 1, 1, 1, 1.0])
    error = np.array([0.1, 0.1, 0.0, -1.0, np.inf, 0.1, 0.1, 0.1])
    mask = np.array([0, 0, 0, 0, 0, 4, 2, 0])
    np.savez(tmp_path / "s.npz", wavelength=wavelength, flux=flux, error=error, mask=mask)
    node = read_spectrum(tmp_path / "s.npz")
    assert node["mask"].values.tolist() == [False, True, True, True, True, True, True]
    assert read_spectrum(tmp_path / "s.npz", flags=4)["mask"].values.tolist() == [False, *[True] * 5, False]
    assert node.attrs["comment"] == "1 pixels without a wavelength were left out"


def test_air(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text("5006.843 1\n6562.801 2\n")
    node = read_spectrum(tmp_path / "s.txt", wavelength_units="angstrom", medium="air")
    np.testing.assert_allclose(node["wavelength"], [0.5008239, 0.6564614], atol=4e-7)


def test_depths(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("wavelength,depth,depth_error\n1.0,10000,100\n1.2,12000,90\n")
    node = read_spectrum(tmp_path / "s.csv", flux_units="ppm")
    np.testing.assert_allclose(node["depth"], [0.010, 0.012])
    np.testing.assert_allclose(node["depth_error"], [1e-4, 9e-5])
    assert "flux" not in node


def test_a_part_of_the_wavelengths(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text(rows())
    node = read_spectrum(tmp_path / "s.txt", wavelength_range=(1.0, 1.5), resolving_power=120)
    assert node["wavelength"].values.tolist() == [1.0, 1.2, 1.5]
    assert node.attrs["resolving_power"] == 120.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("1.0 2.0\n1.1\n", "line 2 has 1 fields, expected 2"),
        ("1.0\n1.1\n", "do not tell which is the flux"),
        ("a b c\n1 2 3\n2 3 4\n", "do not tell which is the wavelength or the flux: write columns"),
        ("1 nan\n2 nan\n", "none of its 2 pixels can be used"),
        ("1 2\n1 3\n", "1 wavelengths stand twice"),
        ("wavelength flux\n1 x\n2 y\n3 z\n", "'flux' holds text"),
        ("wavelength flux\nx y\n", "holds no number"),
    ],
)
def test_text_that_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "s.txt").write_text(text)
    with pytest.raises(InputFileError, match=f"s.txt: .*{message}"):
        read_spectrum(tmp_path / "s.txt")


def test_columns_that_are_wrong(tmp_path: Path) -> None:
    np.savez(tmp_path / "s.npz", wavelength=WAVELENGTH, flux=FLUX, err=ERROR[:3], cube=np.ones((2, 5)))
    with pytest.raises(InputFileError, match="'err' has 3 pixels, but there are 5 wavelengths"):
        read_spectrum(tmp_path / "s.npz")
    with pytest.raises(InputFileError, match=r"has no 'fluxx' .*did you mean 'flux'"):
        read_spectrum(tmp_path / "s.npz", {"flux": "fluxx"})
    with pytest.raises(InputFileError, match=r"'cube' has shape \(2, 5\).*read by spectral-library"):
        read_spectrum(tmp_path / "s.npz", {"flux": "cube"})
    with pytest.raises(UsageError, match="columns has 'fluxes'"):
        read_spectrum(tmp_path / "s.npz", {"fluxes": "flux"})


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such file"):
        read_spectrum(tmp_path / "none.txt")
    with pytest.raises(InputFileError, match="is a folder"):
        read_spectrum(tmp_path)
    (tmp_path / "s.jpg").write_bytes(b"\xff\xd8\0\0 \0")
    with pytest.raises(InputFileError, match="neither text nor a format"):
        read_spectrum(tmp_path / "s.jpg")
    (tmp_path / "s.txt.gz").write_bytes(gzip.compress(rows().encode())[:-12])
    with pytest.raises(InputFileError, match="cannot be read"):
        read_spectrum(tmp_path / "s.txt.gz")
