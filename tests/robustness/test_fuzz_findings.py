"""What fuzzing and campaigns found: each was an exception that named no file, a hang, or a wrong answer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
import xarray as xr

from specframe.api import validate_observation
from specframe.errors import ContainerError, InputFileError
from specframe_ariel.parquet import read_columns, read_image
from specframe_ariel.simulate.params import SimulatedParams
from specframe_ariel.simulate.spectra import given_planets
from specframe_retrieval.files.text import read_text
from specframe_retrieval.library.checks import duplicate_groups
from specframe_retrieval.splat.examples import splat_library
from specframe_retrieval.splat.library import SplatLibrary
from specframe_transit.cleaning.grid import make_grid
from specframe_transit.cleaning.params import GridParams
from specframe_transit.stellar.channel import read_throughput
from specframe_transit.stellar.grid import open_grid

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("column", ["QUALITY_FLAG", "INSTRUMENT", "PUBLISHED"])
def test_a_library_whose_table_lacks_a_column(tmp_path: Path, column: str) -> None:
    """KeyError; found by benchmarks/fuzz.py --what text."""
    params = splat_library(tmp_path)["params"]
    for table in (tmp_path / "db").iterdir() if (tmp_path / "db").is_dir() else tmp_path.rglob("*.txt"):
        table.write_text(table.read_text().replace(column, "ANOTHER"))
    with pytest.raises(InputFileError, match=f"has no '{column}'"):
        SplatLibrary(**params).targets()


@pytest.mark.parametrize("values", [[{"a": 1.0}], ["1.0"], [True]])
def test_times_that_are_no_numbers(tmp_path: Path, values: list[object]) -> None:
    """ValueError of xarray."""
    pl.DataFrame({"t": values}).write_parquet(tmp_path / "axis_info.parquet")
    with pytest.raises(InputFileError, match=r"column 't' holds .*, expected numbers"):
        read_columns(tmp_path / "axis_info.parquet", ["t"])


def test_an_image_with_a_column_of_dates(tmp_path: Path) -> None:
    """DTypePromotionError."""
    frame = pl.DataFrame({"a": [True, False], "b": [0, 1]}).with_columns(pl.col("b").cast(pl.Date))
    frame.write_parquet(tmp_path / "dead.parquet")
    with pytest.raises(InputFileError, match="expected true or false without gaps, got Boolean, Date"):
        read_image(tmp_path / "dead.parquet", (2, 2), boolean=True)


def test_a_planet_whose_number_has_very_many_digits(tmp_path: Path) -> None:
    """ValueError: Exceeds the limit (4300 digits) for integer string conversion."""
    names = ",".join(f"wl_{i}" for i in range(1, 284))
    (tmp_path / "labels.csv").write_text(f"planet_id,{names}\n{'1' * 5000},{','.join(['0.01'] * 283)}\n")
    with pytest.raises(InputFileError, match="planet_id must be whole numbers"):
        given_planets(SimulatedParams(labels=tmp_path / "labels.csv"))


def test_a_throughput_that_is_not_finite(tmp_path: Path) -> None:
    """RuntimeWarning: invalid value encountered in subtract."""
    (tmp_path / "t.txt").write_text("1e400 1\n1e400 1\n")
    with pytest.raises(InputFileError, match="ascending wavelengths"):
        read_throughput(tmp_path / "t.txt")


@pytest.mark.parametrize("leads", ["nowhere", "a.fits", "pipe.fits"])
def test_a_grid_of_stars_with_a_broken_link_or_a_pipe(tmp_path: Path, leads: str) -> None:
    """FileNotFoundError, OSError, and a pipe was waited for."""
    if leads == "pipe.fits":
        os.mkfifo(tmp_path / leads)
    else:
        (tmp_path / "a.fits").symlink_to(leads)
    with pytest.raises(InputFileError, match=r"fits: "):
        open_grid(tmp_path)


@pytest.mark.parametrize("read", [read_throughput, lambda path: _bins(path)])
def test_a_table_that_is_a_pipe_or_a_device(tmp_path: Path, read: object) -> None:
    """It was waited for, or read without end."""
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    for name in ("pipe.csv", "zero.csv"):
        with pytest.raises(InputFileError, match="is a device or pipe, expected a file"):
            read(tmp_path / name)  # type: ignore[operator]


def test_an_empty_cell_of_a_table_of_bins_is_not_zero(tmp_path: Path) -> None:
    """The bin that a masked cell hid began at whatever was in memory."""
    (tmp_path / "edges.csv").write_text("wavelength_lower,wavelength_upper\n1.0,1.5\n,2.0\n")
    with pytest.raises(InputFileError, match="row 1 runs from nan to 2"):
        _bins(tmp_path / "edges.csv")


def _bins(path: Path) -> None:
    import xarray as xr

    wavelength = xr.Dataset(coords={"wavelength": ("wavelength", np.linspace(1.0, 2.0, 5), {"units": "um"})})
    make_grid("a/0", wavelength, GridParams.validate_data({"edges": {"path": path}}))


def test_a_key_of_a_library_that_stands_twice(tmp_path: Path) -> None:
    """Two targets had one name."""
    params = splat_library(tmp_path)["params"]
    (table,) = tmp_path.rglob("spectral_data.csv")
    head, *rows = table.read_text().splitlines(keepends=True)
    table.write_text("".join([head, *rows, *rows]))
    with pytest.raises(InputFileError, match="DATA_KEY 10001 stands 2 times, expected once"):
        SplatLibrary(**params).targets()


def test_a_column_of_a_fits_table_whose_name_is_a_number(tmp_path: Path) -> None:
    """AssertionError of astropy."""
    from astropy.io import fits

    from specframe_retrieval.files.reader import read_arrays

    fits.BinTableHDU.from_columns([fits.Column("flux", "D", array=np.ones(3))]).writeto(tmp_path / "a.fits")
    content = (tmp_path / "a.fits").read_bytes()
    card = next(content[at : at + 80] for at in range(0, len(content), 80) if content[at:].startswith(b"TTYPE1"))
    (tmp_path / "b.fits").write_bytes(content.replace(card, b"TTYPE1  =                    3".ljust(80)))
    with pytest.raises(InputFileError, match="is not a whole FITS file"):
        read_arrays(tmp_path / "b.fits")


def test_a_word_of_very_many_letters_is_refused_before_every_row_has_room_for_it(tmp_path: Path) -> None:
    """Ran for minutes: a pattern of numbers tried each digit as the end of its first part."""
    rows = [f"{i},{i}.5" for i in range(2000)]
    (tmp_path / "grid.csv").write_text("\n".join(["teff,flux", *rows[:7], f"{'1' * 200_000}x,1.0", *rows[7:]]) + "\n")
    with pytest.raises(InputFileError, match="column 'teff' has a word of 200001 letters"):
        read_text(tmp_path / "grid.csv")


def test_spectra_near_the_largest_number_are_compared_without_overflow() -> None:
    """RuntimeWarning: their sum is infinite."""
    spectrum = np.linspace(1e307, 1.7e308, 40)
    library = np.stack([spectrum, spectrum[::-1], spectrum * 1e-300])
    np.testing.assert_array_equal(duplicate_groups(library), [0, 1, 0])


def test_an_instrument_whose_name_is_no_text() -> None:
    """UnicodeEncodeError as the result was stored; the name was that of a file."""
    flux = (("wavelength", "time"), np.ones((2, 3)), {"units": "adu"})
    data = xr.Dataset({"flux": flux}, {"time": ("time", np.arange(3.0), {"units": "d"})})
    tree = xr.DataTree.from_dict({"/\udcff/0": data})
    tree.attrs["target"] = "a"
    with pytest.raises(ContainerError, match=r"node /\\udcff/0: its name has a control character or half of"):
        validate_observation(tree, "load")
