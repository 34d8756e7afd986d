"""Grids of stellar intensities: found, interpolated, and refused with a reason."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from specframe.errors import DataError, InputFileError
from specframe_transit.stellar.grid import Star, open_grid, read_intensities


def test_a_star_of_the_grid_is_its_file(data_dir):
    """The numbers of the FITS file of 4250 K, log g 4.5, [M/H] 0, wavelengths in um."""
    folder = data_dir / "atlas9_limb_darkening"
    star = open_grid(folder).intensities(Star(4250.0, 4.5, 0.0))
    with fits.open(folder / "ATLAS9_4250_45_p00.fits") as hdus:
        there = np.flatnonzero(hdus[0].data[-1] > 0)
        assert np.allclose(star.intensity, hdus[0].data[:, there], rtol=1e-12)
        assert np.allclose(star.wavelength, hdus["WAVELENGTH"].data[there] / 1e4)
    assert star.mu[0] == pytest.approx(0.01)
    assert star.wavelength[[0, -1]] == pytest.approx([0.0925, 80.0], rel=1e-3)


def test_between_stars_logarithms_are_linear(data_dir):
    """The star amid all eight has the geometric mean of their light."""
    folder = data_dir / "atlas9_limb_darkening"
    between = open_grid(folder).intensities(Star(4125.0, 4.25, -0.25))
    corners = [read_intensities(path) for path in sorted(folder.glob("*.fits"))]
    assert len(corners) == 8
    at = np.searchsorted(corners[0].wavelength, 1.4)
    expected = np.prod([corner.intensity[:, at] for corner in corners], axis=0, dtype=np.longdouble) ** (1 / 8)
    there = np.searchsorted(between.wavelength, corners[0].wavelength[at] - 1e-6)
    assert np.allclose(between.intensity[:, there], expected.astype(float), rtol=1e-10)


def test_a_star_out_of_the_grid_is_told_what_the_grid_has(data_dir):
    grid = open_grid(data_dir / "atlas9_limb_darkening")
    with pytest.raises(DataError, match=r"temperature 4430 K \(the grid has 4000 to 4250\).*outside: nearest.*4250 K"):
        grid.intensities(Star(4430.0, 4.5, 0.0))
    assert grid.nearest(Star(4430.0, 4.2, -1.0)) == Star(4250.0, 4.2, -0.5)


def test_subfolders_belong_to_the_grid_and_one_value_is_enough(grid_folder):
    grid = open_grid(grid_folder)
    assert len(grid.files) == 4
    assert grid.covers() == "temperature 4000 to 5000 K, gravity 4 to 4.5 log cm/s2, metallicity 0 [M/H]"
    assert grid.intensities(Star(4500.0, 4.1, 0.0)).intensity.shape == (13, 2901)
    with pytest.raises(DataError, match=r"metallicity 0.1 \[M/H\] \(the grid has 0\)"):
        grid.intensities(Star(4500.0, 4.1, 0.1))


def test_a_hole_is_named_but_only_where_it_matters(grid_folder):
    (grid_folder / "cool" / "star_4000_4.0.fits").unlink()
    grid = open_grid(grid_folder)
    with pytest.raises(DataError, match=r"hole beside 4500 K.*4000 K, log g 4, \[M/H\] 0"):
        grid.intensities(Star(4500.0, 4.2, 0.0))
    assert grid.intensities(Star(4500.0, 4.5, 0.0)).mu[-1] == 1.0


def test_wavelengths_may_be_in_the_header(tmp_path, write_star):
    """As in the files of PHOENIX (Husser et al. 2013)."""
    write_star(tmp_path / "phoenix.fits", (4000, 4.5, 0.0), layout="header")
    star = read_intensities(tmp_path / "phoenix.fits")
    assert star.wavelength[[0, 1, -1]] == pytest.approx([0.2, 0.202, 6.0])


@pytest.mark.parametrize("content", ["not FITS", "no header", "empty", "no folder", "same star", "other mu"])
def test_what_is_no_grid_is_named(tmp_path, write_star, content):
    folder = tmp_path / "grid"
    star, message = folder / "star.fits", "star.fits"
    folder.mkdir()
    if content == "not FITS":
        star.write_text("SIMPLE?")
        message = "star.fits: not a model star"
    elif content == "no header":
        fits.PrimaryHDU(np.ones((2, 2))).writeto(star)
        message = "PHXTEFF"
    elif content == "empty":
        message = "no FITS file"
    elif content == "no folder":
        folder, message = tmp_path / "elsewhere", "expected a folder"
    elif content == "same star":
        write_star(folder / "a.fits", (4000, 4.5, 0.0))
        write_star(star, (4000, 4.5, 0.0))
        message = r"star.fits: the same star .* as a.fits"
    else:
        write_star(folder / "a.fits", (4000, 4.5, 0.0))
        write_star(star, (5000, 4.5, 0.0), mu=np.linspace(0.1, 1.0, 5))
        message = r"star.fits: its mu differs from that of a.fits"
    with pytest.raises(InputFileError, match=message):
        open_grid(folder).intensities(Star(4500.0, 4.5, 0.0))


def test_a_file_without_mu_is_named(tmp_path):
    primary = fits.PrimaryHDU(np.ones((2, 2)))
    primary.header.update(PHXTEFF=4000, PHXLOGG=4.5, PHXM_H=0.0)
    primary.writeto(tmp_path / "star.fits")
    with pytest.raises(InputFileError, match=r"star\.fits: expected intensities"):
        open_grid(tmp_path).intensities(Star(4000.0, 4.5, 0.0))
