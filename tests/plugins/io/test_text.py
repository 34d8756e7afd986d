"""Text tables as astronomers write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from specframe.errors import InputFileError
from specframe_io.source import open_source

if TYPE_CHECKING:
    from specframe_io.text import TextSource

#: As the journals and VizieR give tables.
MACHINE_READABLE = """\
Title: Light curve of a star
Authors: Somebody
Table: Light curve
================================================================================
Byte-by-byte Description of file: table.txt
--------------------------------------------------------------------------------
   Bytes Format Units  Label   Explanations
--------------------------------------------------------------------------------
   1- 13 F13.5  d      BJD     Barycentric Julian Date
  15- 21 F7.5   ---    Flux    Relative flux
  23- 29 F7.5   ---    e_Flux  ?Error of the flux
--------------------------------------------------------------------------------
2459000.00000 1.00000 0.00100
2459000.01000 0.99000
2459000.02000 1.01000 0.00200
"""


@pytest.fixture
def write(tmp_path):
    def write(text: str | bytes, name: str = "a.txt") -> TextSource:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return open_source(path, text=True)

    return write


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1 2 3\n4 5 6\n", ["0", "1", "2"]),
        ("time flux error\n1 2 3\n4 5 6\n", ["time", "flux", "error"]),
        ("# time flux error\n1 2 3\n4 5 6\n", ["time", "flux", "error"]),
        ("# made by hand, 3 columns in all\n#time flux error\n1 2 3\n", ["time", "flux", "error"]),
        ("# radius = 9.0 px\n1 2 3\n4 5 6\n", ["0", "1", "2"]),
        ("time,flux,error\n1,2,3\n", ["time", "flux", "error"]),
        ("# time, flux, error\n1,2,3\n4,5,6\n", ["time", "flux", "error"]),
        ("time;flux;error\n1;2;3\n", ["time", "flux", "error"]),
        ("time | flux\n1 | 2\n", ["time", "flux"]),
        ("# time, flux, error\n1 2 3\n4 5 6\n", ["time", "flux", "error"]),
        ("# time flux error\n# ---- ---- -----\n# [d] [e-] [e-]\n1 2 3\n4 5 6\n", ["time", "flux", "error"]),
        ("time\tflux\n1\t2\n", ["time", "flux"]),
        ("time,1.13,1.15\n1,2,3\n4,5,6\n", ["time", "1.13", "1.15"]),
        ("1 2 TESS\n4 5 K2\n", ["0", "1", "2"]),
        ("TESS 1 2\nK2 4 5\n", ["0", "1", "2"]),
        ("name t f\nTESS 1 2\n", ["name", "t", "f"]),
        ("1 ? 3\n4 5 6\n", ["0", "1", "2"]),
        ("% matlab\n1 nan 3\n4 5 6\n", ["0", "1", "2"]),
    ],
)
def test_columns_are_named_by_the_file_or_numbered(write, text, names):
    assert write(text).names() == names


def test_numbers_and_words_are_told_apart(write):
    source = write("t f name\n1 nan A\n\n2 1e-3 B\n")
    np.testing.assert_array_equal(source.numbers("t"), [1, 2])
    np.testing.assert_array_equal(source.numbers("f"), [np.nan, 1e-3])
    assert source.raw("name").tolist() == ["A", "B"]
    assert [source.place(row) for row in (0, 1)] == ["line 2", "line 4"]


def test_empty_fields_are_missing(write):
    source = write('time,flux,"flux error"\n1,,3\n2,5,NA\n')
    assert source.names() == ["time", "flux", "flux error"]
    np.testing.assert_array_equal(source.numbers("flux"), [np.nan, 5])
    np.testing.assert_array_equal(source.numbers("flux error"), [3, np.nan])


def test_tabs_keep_empty_fields_in_tsv(write):
    source = write("time\tflux\terror\n1\t\t3\n", "a.tsv")
    np.testing.assert_array_equal(source.numbers("flux"), [np.nan])


def test_a_byte_order_mark_and_windows_lines_are_no_part_of_the_names(write):
    source = write(b"\xef\xbb\xbftime,flux\r\n1,2\r\n3,4\r\n")
    assert source.names() == ["time", "flux"]
    np.testing.assert_array_equal(source.numbers("flux"), [2, 4])


def test_machine_readable_tables_have_names_and_units(write):
    source = write(MACHINE_READABLE, "table.txt")
    assert source.names() == ["BJD", "Flux", "e_Flux"]
    assert source.units("BJD") == "d"
    np.testing.assert_array_equal(source.numbers("BJD"), [2459000.0, 2459000.01, 2459000.02])
    np.testing.assert_array_equal(source.numbers("e_Flux"), [0.001, np.nan, 0.002])


def test_ecsv_by_another_name_keeps_its_units(write):
    header = "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: time, unit: d, datatype: float64}\n"
    source = write(header + "# - {name: flux, datatype: float64}\ntime flux\n1.0 2.0\n")
    assert (source.names(), source.units("time")) == (["time", "flux"], "d")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("# nothing\n\n", "is empty"),
        ("1 2 3\n4 5\n", r"line 2 has 2 fields, but line 1 has 3"),
        ("# c\n1,2\n\n3,4,5\n", r"line 4 has 3 fields, but line 2 has 2"),
        ("time flux\n", "line 1 holds no number"),
        ("flux flux\n1 2\n", "two columns are called 'flux'"),
        ("2459000,5 1,001\n2459000,6 1,002\n", r"line 1 has decimal commas \('2459000,5'\)"),
        ("2459000,5;1,001\n2459000,6;1,002\n", r"line 1 has decimal commas \('2459000,5'\)"),
        (b"1 2\0 3\n", "is not text"),
    ],
)
def test_what_is_no_table_is_refused(write, text, message):
    with pytest.raises(InputFileError, match=message):
        write(text)


def test_a_word_among_numbers_is_told_with_its_line(write):
    source = write("# t f\n1 2\n3 4x\n5 6\n")
    with pytest.raises(InputFileError, match="'f', line 3: expected a number, got '4x'"):
        source.numbers("f")


def test_a_matrix_has_columns_along_its_shorter_axis(tmp_path):
    matrix = np.arange(12.0).reshape(3, 4)
    for name, array in (("a", matrix), ("b", matrix.T.copy())):
        np.save(tmp_path / f"{name}.npy", array)
        source = open_source(tmp_path / f"{name}.npy")
        assert source.names() == ["0", "1", "2"]
        np.testing.assert_array_equal(source.numbers("1"), matrix[1])


def test_a_structured_array_has_its_fields(tmp_path):
    array = np.array([(1.0, 2), (3.0, 4)], dtype=[("time", "f8"), ("flux", "i4")])
    np.save(tmp_path / "a.npy", array)
    source = open_source(tmp_path / "a.npy")
    assert source.names() == ["time", "flux"]
    np.testing.assert_array_equal(source.numbers("flux"), [2, 4])


@pytest.mark.parametrize("shape", [(), (4, 4), (2, 3, 4)])
def test_an_array_without_columns_is_refused(tmp_path, shape):
    np.save(tmp_path / "a.npy", np.ones(shape))
    with pytest.raises(InputFileError, match="expected columns"):
        open_source(tmp_path / "a.npy")


@pytest.mark.parametrize("name", ["a.npy", "a.pkl", "a.pickle", "a.joblib", "a.txt"])
def test_pickles_are_refused(tmp_path, name):
    path = tmp_path / name
    if name == "a.npy":
        np.save(path, np.array([{"a": 1}], object), allow_pickle=True)
    else:
        path.write_bytes(b"\x80\x04\x95\x00")
    with pytest.raises(InputFileError, match=r"pickled Python objects, which are not read since they can run any code"):
        open_source(path, text=True)


def test_a_comment_of_many_odd_characters_is_read_at_once(tmp_path):
    """Found by fuzzing: the search for rules and units took twice as long with each character."""
    (tmp_path / "a.txt").write_text("#" + "\ufffd" * 5000 + " \\ y,4\n1 2\n3 4\n")
    assert len(open_source(tmp_path / "a.txt").names()) == 2
