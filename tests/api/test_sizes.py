"""What is small on disk and huge in memory is refused before it is read."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile

import h5py
import numpy as np
import pytest
from astropy.io import fits

from specframe.api.sizes import check_fits_sizes, check_hdf5_sizes, check_zip_sizes, unpacked
from specframe.errors import InputFileError

_PACK = {"gzip": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("how", _PACK)
def test_what_is_packed_is_unpacked(tmp_path, how):
    (tmp_path / "a").write_bytes(_PACK[how](b"1 2 3\n" * 1000))
    assert unpacked(tmp_path / "a") == b"1 2 3\n" * 1000


@pytest.mark.parametrize("how", _PACK)
def test_zeros_without_end_are_refused(tmp_path, how):
    (tmp_path / "a").write_bytes(_PACK[how](bytes(2**23)) * 9)  # 72 MiB
    with pytest.raises(InputFileError, match=r"a: it would take 64 MiB of memory, but the file has only"):
        unpacked(tmp_path / "a")


@pytest.mark.parametrize("how", _PACK)
def test_what_is_cut_off_is_refused(tmp_path, how):
    (tmp_path / "a").write_bytes(_PACK[how](np.random.default_rng(0).bytes(1000))[:-20])
    with pytest.raises(InputFileError, match="fetch it again"):
        unpacked(tmp_path / "a")


def test_a_zip_bomb_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", bytes(70 * 2**20))
    with zipfile.ZipFile(tmp_path / "a.npz") as archive, pytest.raises(InputFileError, match="70 MiB"):
        check_zip_sizes(tmp_path / "a.npz", archive)


def test_a_dataset_of_fill_values_and_a_link_elsewhere_are_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["small"] = np.ones(1000)
    check_hdf5_sizes(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file.create_dataset("group/x", (10**15,), "f8", chunks=(1000,))
    with pytest.raises(InputFileError, match="dataset 'group/x' would take 7,629,394,531 MiB"):
        check_hdf5_sizes(tmp_path / "a.h5")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["y"] = h5py.ExternalLink("a.h5", "/small")
    with pytest.raises(InputFileError, match=r"'y' is a link to another file \(a\.h5\)"):
        check_hdf5_sizes(tmp_path / "b.h5")


def test_a_fits_header_that_declares_too_much_is_refused(tmp_path):
    path = tmp_path / "a.fits"
    fits.HDUList([fits.PrimaryHDU(np.ones(10)), fits.ImageHDU(np.ones((3, 4)))]).writeto(path)
    whole = path.read_bytes()
    check_fits_sizes(path, io.BytesIO(whole))
    for old, new in ((b"NAXIS1  =                    4", b"NAXIS1  =        1000000000000"), (b"", b"")):
        changed = whole.replace(old, new) if old else whole[: 3 * 2880 + 40]
        with pytest.raises(InputFileError, match="not a whole FITS file: a header declares"):
            check_fits_sizes(path, io.BytesIO(changed))
    endless = whole.replace(b"NAXIS   =                    2", b"NAXIS   =          99999999999")
    with pytest.raises(InputFileError, match="NAXIS = 99999999999 in a header"):
        check_fits_sizes(path, io.BytesIO(endless))


def test_a_packed_image_of_zeros_is_as_large_as_it_says(tmp_path):
    path = tmp_path / "a.fits"
    fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(np.zeros((100, 100), np.int16))]).writeto(path)
    whole = path.read_bytes()
    check_fits_sizes(path, io.BytesIO(whole))
    old, new = b"ZNAXIS1 =                  100", b"ZNAXIS1 =            100000000"
    with pytest.raises(InputFileError, match="a packed image would take"):
        check_fits_sizes(path, io.BytesIO(whole.replace(old, new)))
