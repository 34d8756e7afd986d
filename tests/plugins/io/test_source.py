"""Named arrays from every file format, and what is said of damaged files."""

from __future__ import annotations

import zipfile

import h5py
import numpy as np
import pytest
import xarray as xr
from astropy.table import MaskedColumn
from astropy.table import Table as AstropyTable

from specframe.errors import InputFileError
from specframe_io.source import open_source

_FLUX = np.array([[1.0, 0.99, np.nan], [1.0, 0.98, 1.01]])


def _npz(path):
    np.savez(path, star=np.array(["a", "b"]), flux_1=_FLUX[:, 0], flux_2=_FLUX[:, 1], flux_3=_FLUX[:, 2])


def _compressed_npz(path):
    np.savez_compressed(path, star=np.array(["a", "b"]), **{f"flux_{i + 1}": _FLUX[:, i] for i in range(3)})


def _csv(path):
    path.write_text("star,flux_1,flux_2,flux_3\na,1.0,0.99,\n# a remark\nb,1.0,0.98,1.01\n")


def _tsv(path):
    path.write_text("star\tflux_1\tflux_2\tflux_3\na\t1.0\t0.99\tnan\nb\t1.0\t0.98\t1.01\n")


def _netcdf(path):
    columns = {f"flux_{i + 1}": ("row", _FLUX[:, i]) for i in range(3)}
    xr.Dataset({"star": ("row", ["a", "b"]), **columns}).to_netcdf(path, engine="h5netcdf")


def _hdf5(path):
    with h5py.File(path, "w") as file:
        file["star"] = ["a", "b"]
        for i in range(3):
            file[f"flux_{i + 1}"] = _FLUX[:, i]


def _ecsv(path):
    table = AstropyTable({"star": ["a", "b"], "flux_1": _FLUX[:, 0], "flux_2": _FLUX[:, 1]})
    table["flux_3"] = MaskedColumn([7.0, 1.01], mask=[True, False])
    table.write(path, format="ascii.ecsv")


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("t.npz", _npz),
        ("c.npz", _compressed_npz),
        ("t.csv", _csv),
        ("t.tsv", _tsv),
        ("t.nc", _netcdf),
        ("t.h5", _hdf5),
        ("t.ecsv", _ecsv),
    ],
)
def test_the_same_table_from_every_format(tmp_path, name, write):
    path = tmp_path / name
    write(path)
    source = open_source(path)
    assert set(source.names()) >= {"star", "flux_1", "flux_2", "flux_3"}
    np.testing.assert_array_equal(source.numbers("flux_*"), _FLUX)
    np.testing.assert_array_equal(source.numbers("flux_2"), _FLUX[:, 1])
    assert source.targets("star") == ["a", "b"]
    assert list(source.columns(["flux_[23]"])) == ["flux_2", "flux_3"]


def test_columns_of_a_pattern_are_sorted_by_their_numbers(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,wl_2,wl_10,wl_1\n1,2.0,10.0,1.0\n")
    np.testing.assert_array_equal(open_source(path).numbers("wl_*"), [[1.0, 2.0, 10.0]])
    assert open_source(path).matching(["wl_10", "wl_?"]) == ["wl_10", "wl_1", "wl_2"]
    path.write_text("f_1.3um,f_0.9um,f_1.25um\n1,2,3\n")
    assert open_source(path).matching(["f_*"]) == ["f_0.9um", "f_1.25um", "f_1.3um"]


def test_groups_and_units_of_netcdf(tmp_path):
    path = tmp_path / "t.nc"
    with h5py.File(path, "w") as file:
        file["visit/flux"] = [1.0, 2.0]
        file["visit/flux"].attrs["units"] = "electron"
        file["counts"] = [3, 4]
    source = open_source(path)
    np.testing.assert_array_equal(source.numbers("visit/flux"), [1.0, 2.0])
    assert source.units("visit/flux") == "electron"
    assert source.units("counts") is None


def test_fill_values_of_netcdf_are_nan(tmp_path):
    path = tmp_path / "t.nc"
    data = xr.Dataset({"flux": ("t", [1.0, np.nan, 3.0])})
    data.to_netcdf(path, engine="h5netcdf", encoding={"flux": {"dtype": "int16", "_FillValue": -999}})
    np.testing.assert_array_equal(open_source(path).numbers("flux"), [1.0, np.nan, 3.0])


def test_units_of_ecsv(tmp_path):
    path = tmp_path / "t.ecsv"
    table = AstropyTable({"wave": [1.0, 2.0]})
    table["wave"].unit = "nm"
    table.write(path, format="ascii.ecsv")
    assert open_source(path).units("wave") == "nm"


@pytest.mark.parametrize(
    "values",
    [np.array([785834, 7]), np.array([785834.0, 7.0]), np.array(["785834", " 7 "]), np.array(["785834.0", "7.00"])],
    ids=["integers", "floats", "text", "text of floats"],
)
def test_names_of_targets_do_not_depend_on_how_numbers_are_stored(tmp_path, values):
    np.savez(tmp_path / "t.npz", planet=values)
    assert open_source(tmp_path / "t.npz").targets("planet") == ["785834", "7"]


def test_large_numbers_keep_all_digits(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("planet,depth\n9007199254740993,0.1\n,0.2\n")
    with pytest.raises(InputFileError, match="row 2: the target has no name"):
        open_source(path).targets("planet")
    path.write_text("planet,depth\n9007199254740993,0.1\n12,0.2\n")
    assert open_source(path).targets("planet") == ["9007199254740993", "12"]


def test_names_that_are_not_numbers_stay_as_they_are(tmp_path):
    names = ["WASP-39 b", "K2-18.01", "1.5e3", "007"]
    np.savez(tmp_path / "t.npz", planet=np.array(names))
    assert open_source(tmp_path / "t.npz").targets("planet") == names


def test_duplicates_and_gaps_among_names_are_errors(tmp_path):
    np.savez(tmp_path / "t.npz", planet=[3, 4, 3], other=[1.0, np.nan, 2.0], matrix=np.ones((3, 2)))
    source = open_source(tmp_path / "t.npz")
    with pytest.raises(InputFileError, match=r"t\.npz: 'planet': target 3 stands twice, in rows 1 and 3"):
        source.targets("planet")
    with pytest.raises(InputFileError, match=r"'other', row 2: the target has no name"):
        source.targets("other")
    with pytest.raises(InputFileError, match=r"'matrix' has shape \(3, 2\), expected one name per target"):
        source.targets("matrix")


def test_missing_names_give_the_nearest_one(tmp_path):
    np.savez(tmp_path / "t.npz", white=[1.0], planet_id=[1])
    source = open_source(tmp_path / "t.npz")
    with pytest.raises(InputFileError, match=r"has no 'whit' \(there: white, planet_id\); did you mean 'white'\?"):
        source.numbers("whit")
    with pytest.raises(InputFileError, match=r"has no 'wl_\*' \(there: white, planet_id\)"):
        source.numbers("wl_*")


def test_text_where_numbers_belong_is_told_with_its_row(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("planet,depth\n1,0.1\n2,0.2\n3,deep\n")
    with pytest.raises(InputFileError, match=r"t\.csv: 'depth', row 3: expected a number, got 'deep'"):
        open_source(path).numbers("depth")


def test_python_objects_are_never_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("sprung").write_text, ("sprung",))

    with np.load(_saved_objects(tmp_path / "t.npz", Trap()), allow_pickle=False) as archive:
        assert archive.files == ["flux"]
    with pytest.raises(InputFileError, match=r"'flux' holds Python objects, which are not read"):
        open_source(tmp_path / "t.npz").numbers("flux")
    assert not (tmp_path / "sprung").exists()


def _saved_objects(path, value):
    np.savez(path, flux=np.array([value], object))
    return path


@pytest.mark.parametrize(("name", "write"), [("t.npz", _npz), ("t.nc", _netcdf), ("t.h5", _hdf5), ("t.ecsv", _ecsv)])
def test_truncated_files_are_refused(tmp_path, name, write):
    path = tmp_path / name
    write(path)
    whole = path.read_bytes()
    for part in (0.3, 0.6, 0.95):
        path.write_bytes(whole[: int(part * len(whole))])
        with pytest.raises(InputFileError, match=name):
            open_source(path).numbers("flux_*")


def test_wrong_files_are_refused(tmp_path):
    ragged = tmp_path / "ragged.csv"
    ragged.write_text("a,b\n1,2\n1,2,3\n")
    with pytest.raises(InputFileError, match=r"ragged\.csv: cannot be read as a table"):
        open_source(ragged)
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    with pytest.raises(InputFileError, match=r"empty\.csv: cannot be read as a table"):
        open_source(empty)
    text = tmp_path / "text.npz"
    text.write_text("not an archive")
    with pytest.raises(InputFileError, match=r"text\.npz: cannot be read as \.npz"):
        open_source(text)
    single = tmp_path / "single.npz"
    with single.open("wb") as file:
        np.save(file, np.arange(3))
    with pytest.raises(InputFileError, match=r"single\.npz: cannot be read as \.npz"):
        open_source(single)
    with zipfile.ZipFile(tmp_path / "notes.npz", "w") as archive:
        archive.writestr("notes.txt", "hello")
    with pytest.raises(InputFileError, match=r"'notes\.txt' is not an array"):
        open_source(tmp_path / "notes.npz").numbers("notes.txt")
    with pytest.raises(InputFileError, match="no such file"):
        open_source(tmp_path / "absent.npz")
    with pytest.raises(InputFileError, match="is a folder, expected a file"):
        open_source(tmp_path)
    other = tmp_path / "data.parquet"
    other.write_text("")
    with pytest.raises(InputFileError, match=r"unknown format '\.parquet', expected one of \.npz, .*\.csv"):
        open_source(other)


@pytest.mark.parametrize("content", [bytes(100), b"", b"PK and no more", b"x" + b"PK" * 50], ids=repr)
def test_what_is_no_archive_is_not_called_pickled(tmp_path, content):
    path = tmp_path / "t.npz"
    path.write_bytes(content)
    with pytest.raises(InputFileError, match=r"t\.npz: cannot be read as \.npz: it is not an npz archive") as told:
        open_source(path)
    assert "pickle" not in str(told.value)


def test_an_archive_behind_other_bytes_is_not_called_pickled(tmp_path):
    path = tmp_path / "t.npz"
    _npz(path)
    path.write_bytes(b"HTTP/1.1 200 OK\n" + path.read_bytes())
    with pytest.raises(InputFileError, match="it is not an npz archive"):
        open_source(path)


def test_many_missing_columns_are_counted(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("planet,star\n1,2\n")
    message = r"has no 'wl_1', 'wl_2', 'wl_3', 'wl_4', 'wl_5' and 278 more \(there: planet, star\)"
    with pytest.raises(InputFileError, match=message):
        open_source(path).columns(["star", *(f"wl_{i}" for i in range(1, 284))])
    path.write_text(",".join(f"wl_{i}" for i in range(1, 284)) + "\n" + ",".join("1" * 283) + "\n")
    with pytest.raises(InputFileError, match=r"has no 'star' \(there: wl_1, .*, wl_12 and 271 more\)"):
        open_source(path).columns(["star"])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.csv", "id,a,b\n1,1,1\n2,2\n", "row 2 has 2 of 3 fields: the file may be cut off"),
        ("t.csv", "id,a,b\r\n1,1,1\r\n# remark\r\n2,2,2\r\n3", "row 3 has 1 of 3 fields: the file may be cut off"),
        ("t.csv", "\n# remark\nid,a,b\n1\n2,2,2\n", "row 1 has 1 of 3 fields"),
        ("t.csv", 'id,a,b\n"x\ny, z",1,1\n"x\ny, z",1\n', "row 2 has 2 of 3 fields"),
        ("t.csv", "id,a,b\n1,1,1\n\n2,2,2\n", "row 2 has 0 of 3 fields: take out the empty line"),
        ("t.tsv", "id\ta\tb\n1\t1,5\n", "row 1 has 2 of 3 fields"),
    ],
)
def test_a_row_without_its_last_fields_is_refused(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_bytes(text.encode())
    with pytest.raises(InputFileError, match=rf"t\.[ct]sv: {message}"):
        open_source(path)


def test_rows_with_empty_or_quoted_fields_are_whole(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('\nid,a,b\n"x, ""y""\nz",,\n# a remark\n"d",1,2', encoding="utf-8-sig")
    source = open_source(path)
    assert source.targets("id") == ['x, "y"\nz', "d"]
    np.testing.assert_array_equal(source.numbers("b"), [np.nan, 2.0])
    path.write_text("a\n1\n\n3\n")
    np.testing.assert_array_equal(open_source(path).numbers("a"), [1.0, np.nan, 3.0])


def test_arrays_that_were_read_cannot_be_changed(tmp_path):
    _npz(tmp_path / "t.npz")
    with pytest.raises(ValueError, match="read-only"):
        open_source(tmp_path / "t.npz").numbers("flux_1")[0] = 5.0
