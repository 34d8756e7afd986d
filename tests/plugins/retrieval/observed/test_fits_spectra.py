"""Spectra in the layouts of FITS that specutils and observatories write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np
import pytest
from astropy.io import fits
from astropy.table import QTable

from specframe.errors import InputFileError
from specframe_retrieval.observed import air_to_vacuum, read_spectrum

if TYPE_CHECKING:
    from pathlib import Path

N = 40
FLUX = np.random.default_rng(4).uniform(1.0, 2.0, N)
ERROR = 0.05 * FLUX
LINEAR = 6500.0 + 25.0 * np.arange(N)


def image(values: np.ndarray = FLUX, **keywords: Any) -> fits.PrimaryHDU:
    hdu = fits.PrimaryHDU(values)
    for key, value in keywords.items():
        hdu.header[key.replace("_", "-") if key == "DC_FLAG" else key] = value
    return hdu


WCS = {"CRVAL1": 6500.0, "CDELT1": 25.0, "CRPIX1": 1.0, "CTYPE1": "WAVE", "CUNIT1": "Angstrom"}


def test_wcs1d_with_uncertainty_and_mask(tmp_path: Path) -> None:
    """Images FLUX, STD and MASK, as specutils writes wcs1d-fits."""
    mask = (np.arange(N) == 7).astype(np.uint8)
    primary = image(BUNIT="erg / (Angstrom cm2 s)", EXTNAME="FLUX", **WCS)
    hdus = [primary, fits.ImageHDU(ERROR, name="STD"), fits.ImageHDU(mask, name="MASK")]
    fits.HDUList(hdus).writeto(tmp_path / "s.fits")
    node = read_spectrum(tmp_path / "s.fits")
    np.testing.assert_allclose(node["wavelength"], 1e-4 * LINEAR)
    np.testing.assert_allclose(node["flux"], FLUX)
    np.testing.assert_allclose(node["flux_error"], ERROR)
    assert np.flatnonzero(node["mask"]).tolist() == [7]
    assert u.Unit(node["flux"].attrs["units"]) == u.Unit("erg s-1 cm-2 AA-1")


@pytest.mark.parametrize(
    ("name", "values"), [("VAR", ERROR**2), ("IVAR", ERROR**-2.0), ("UNCERT", ERROR), ("ERR", ERROR)]
)
def test_kinds_of_uncertainty(tmp_path: Path, name: str, values: np.ndarray) -> None:
    fits.HDUList([image(**WCS), fits.ImageHDU(values, name=name)]).writeto(tmp_path / "s.fits")
    np.testing.assert_allclose(read_spectrum(tmp_path / "s.fits")["flux_error"], ERROR)


def test_iraf_without_units_is_in_angstrom(tmp_path: Path) -> None:
    image(CRVAL1=6500.0, CD1_1=25.0, CRPIX1=1.0, CTYPE1="LINEAR", WAT1_001="wtype=linear").writeto(tmp_path / "s.fits")
    np.testing.assert_allclose(read_spectrum(tmp_path / "s.fits")["wavelength"], 1e-4 * LINEAR)


def test_logarithmic_steps(tmp_path: Path) -> None:
    """DC-FLAG = 1: the axis is log10 of the wavelength, as in SDSS."""
    axis = 3.7 + 1e-3 * np.arange(N)
    image(CRVAL1=3.7, CDELT1=1e-3, DC_FLAG=1).writeto(tmp_path / "s.fits")
    np.testing.assert_allclose(read_spectrum(tmp_path / "s.fits")["wavelength"], 1e-4 * 10**axis)


def test_logarithmic_axis_of_the_standard(tmp_path: Path) -> None:
    """CTYPE WAVE-LOG of FITS paper III: w = CRVAL exp(CDELT p / CRVAL)."""
    image(CRVAL1=6500.0, CDELT1=25.0, CRPIX1=1.0, CTYPE1="WAVE-LOG", CUNIT1="Angstrom").writeto(tmp_path / "s.fits")
    expected = 0.65 * np.exp(25.0 * np.arange(N) / 6500.0)
    np.testing.assert_allclose(read_spectrum(tmp_path / "s.fits")["wavelength"], expected)


def test_wavelengths_in_air_are_converted(tmp_path: Path) -> None:
    image(**(WCS | {"CTYPE1": "AWAV"})).writeto(tmp_path / "s.fits")
    np.testing.assert_allclose(read_spectrum(tmp_path / "s.fits")["wavelength"], air_to_vacuum(1e-4 * LINEAR))
    as_vacuum = read_spectrum(tmp_path / "s.fits", medium="vacuum")
    np.testing.assert_allclose(as_vacuum["wavelength"], 1e-4 * LINEAR)


def test_tabular_fits(tmp_path: Path) -> None:
    """A table in the first extension with units, as specutils writes tabular-fits."""
    table = QTable()
    table["wavelength"], table["flux"], table["uncertainty"] = LINEAR * u.AA, FLUX * u.mJy, 1e-3 * ERROR * u.Jy
    table.write(tmp_path / "s.fits")
    node = read_spectrum(tmp_path / "s.fits")
    np.testing.assert_allclose(node["wavelength"], 1e-4 * LINEAR)
    np.testing.assert_allclose(node["flux_error"], ERROR)  # in mJy as the flux
    assert node["flux"].attrs["units"] == "mJy"


def test_tabular_fits_along_frequency(tmp_path: Path) -> None:
    table = QTable()
    table["frequency"], table["flux"] = (LINEAR * u.AA).to(u.GHz, u.spectral()), FLUX * u.mJy
    table.write(tmp_path / "s.fits")
    node = read_spectrum(tmp_path / "s.fits")
    np.testing.assert_allclose(node["wavelength"], 1e-4 * LINEAR)
    np.testing.assert_allclose(node["flux"], FLUX)


def test_frequencies_without_units_are_no_wavelengths(tmp_path: Path) -> None:
    np.savez(tmp_path / "s.npz", frequency=3.0 + np.arange(N), flux=FLUX)
    with pytest.raises(InputFileError, match="'frequency' has no unit: state wavelength_units"):
        read_spectrum(tmp_path / "s.npz")


def test_jwst_x1d(tmp_path: Path) -> None:
    """EXTRACT1D of the JWST pipeline: DQ bit 1 is do-not-use, other bits are not bad."""
    quality = np.zeros(N, np.uint32)
    quality[3], quality[5] = 1, 4
    columns = [
        fits.Column("WAVELENGTH", "D", unit="um", array=1e-4 * LINEAR),
        fits.Column("FLUX", "D", unit="Jy", array=FLUX),
        fits.Column("FLUX_ERROR", "D", unit="Jy", array=ERROR),
        fits.Column("FLUX_VAR_POISSON", "D", unit="Jy2", array=ERROR**2 / 2),
        fits.Column("SURF_BRIGHT", "D", unit="MJy/sr", array=FLUX),
        fits.Column("DQ", "J", array=quality.astype(np.int32)),
        fits.Column("BACKGROUND", "D", unit="MJy/sr", array=FLUX),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="EXTRACT1D")
    fits.HDUList([fits.PrimaryHDU(), table, fits.ImageHDU(name="ASDF")]).writeto(tmp_path / "s_x1d.fits")
    node = read_spectrum(tmp_path / "s_x1d.fits")
    np.testing.assert_allclose(node["flux"], FLUX)
    np.testing.assert_allclose(node["flux_error"], ERROR)
    assert np.flatnonzero(node["mask"]).tolist() == [3]
    assert node["flux"].attrs["units"] == "Jy"


def test_several_extensions_of_one_file_must_be_chosen(tmp_path: Path) -> None:
    """Orders of NIRISS SOSS, or sources of NIRSpec MOS."""
    tables = [
        fits.BinTableHDU.from_columns(
            [
                fits.Column("WAVELENGTH", "D", unit="um", array=1e-4 * LINEAR),
                fits.Column("FLUX", "D", unit="Jy", array=order * FLUX),
                fits.Column("FLUX_ERROR", "D", unit="Jy", array=order * ERROR),
            ],
            name="EXTRACT1D",
        )
        for order in (1.0, 2.0, 3.0)
    ]
    fits.HDUList([fits.PrimaryHDU(), *tables]).writeto(tmp_path / "s.fits")
    with pytest.raises(InputFileError, match="holds several spectra, in '2/WAVELENGTH'"):
        read_spectrum(tmp_path / "s.fits")
    node = read_spectrum(tmp_path / "s.fits", {"wavelength": "3/WAVELENGTH", "flux": "3/FLUX"})
    np.testing.assert_allclose(node["flux"], 3 * FLUX)
    np.testing.assert_allclose(node["flux_error"], 3 * ERROR)


@pytest.mark.parametrize("rows", [2, 3, 4])
def test_spex_prism(tmp_path: Path, rows: int) -> None:
    """An image of the rows wavelength, flux, error and flags, as Spextool writes it, packed."""
    values = np.array([1e-4 * LINEAR, 1e-15 * FLUX, 1e-15 * ERROR, np.zeros(N)])[:rows].astype(np.float32)
    image(values, XUNITS="um", YUNITS="ergss-1cm-2A-1").writeto(tmp_path / "s.fits.gz")
    node = read_spectrum(tmp_path / "s.fits.gz")
    np.testing.assert_allclose(node["wavelength"], 1e-4 * LINEAR, rtol=1e-6)
    np.testing.assert_allclose(node["flux"], 1e-15 * FLUX, rtol=1e-6)
    assert np.isnan(node["flux_error"]).all() == (rows == 2)
    assert u.Unit(node["flux"].attrs["units"]) == u.Unit("erg s-1 cm-2 AA-1")


def test_columns_of_an_image(tmp_path: Path) -> None:
    image(np.column_stack([1e-4 * LINEAR, FLUX, ERROR])).writeto(tmp_path / "s.fits")
    node = read_spectrum(tmp_path / "s.fits")
    np.testing.assert_allclose(node["wavelength"], 1e-4 * LINEAR)
    np.testing.assert_allclose(node["flux_error"], ERROR)


def test_several_orders_are_not_taken_for_one(tmp_path: Path) -> None:
    image(np.tile([1e-4 * LINEAR, FLUX, ERROR], (2, 1, 1))).writeto(tmp_path / "s.fits")
    with pytest.raises(InputFileError, match=r"holds 2 spectra \(orders or apertures\) of 40 pixels"):
        read_spectrum(tmp_path / "s.fits")


def test_a_table_of_one_row_of_arrays(tmp_path: Path) -> None:
    """As in the phase 3 archive of ESO."""
    columns = [
        fits.Column(name, f"{N}D", unit=unit, array=values[None])
        for name, unit, values in (("WAVE", "nm", 0.1 * LINEAR), ("FLUX", "Jy", FLUX), ("ERR", "Jy", ERROR))
    ]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "s.fits")
    node = read_spectrum(tmp_path / "s.fits")
    np.testing.assert_allclose(node["wavelength"], 1e-4 * LINEAR)
    np.testing.assert_allclose(node["flux_error"], ERROR)


def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.fits").write_text("1 2\n")
    with pytest.raises(InputFileError, match=r"text.fits: is not a whole FITS file"):
        read_spectrum(tmp_path / "text.fits")
    image(**WCS).writeto(tmp_path / "s.fits")
    whole = (tmp_path / "s.fits").read_bytes()
    (tmp_path / "cut.fits").write_bytes(whole[:3000])
    with pytest.raises(InputFileError, match="is not a whole FITS file"):
        read_spectrum(tmp_path / "cut.fits")
    fits.PrimaryHDU().writeto(tmp_path / "empty.fits")
    with pytest.raises(InputFileError, match="holds neither a table nor an image"):
        read_spectrum(tmp_path / "empty.fits")
    image(np.ones((5, N)), **WCS).writeto(tmp_path / "several.fits")
    with pytest.raises(InputFileError, match=r"'flux' has shape \(5, 40\), expected one spectrum"):
        read_spectrum(tmp_path / "several.fits")
    image(np.ones((4, N)), CTYPE1="MULTISPE", CRVAL1=1.0, CDELT1=1.0).writeto(tmp_path / "multispec.fits")
    with pytest.raises(InputFileError, match="MULTISPEC"):
        read_spectrum(tmp_path / "multispec.fits")
