"""One name for a target, however a file stores it."""

from __future__ import annotations

import numpy as np
import pytest

from specframe_io import Table
from specframe_io.targets import rows_of, target_name


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (785834, "785834"),
        (785834.0, "785834"),
        ("785834.0", "785834"),
        (" 785834 ", "785834"),
        (b"785834.", "785834"),
        ("080", "080"),
        (1e16, "10000000000000000"),
        (1.5, "1.5"),
        ("K2-18.01", "K2-18.01"),
        (float("nan"), ""),
        ("", ""),
    ],
)
def test_names_do_not_depend_on_how_they_are_stored(value, name):
    assert target_name(value) == name


def test_rows_are_found_by_name_and_by_number_where_that_is_clear():
    assert rows_of(["081", "080", "x"], ["080", "081"]) == {"081": 1, "080": 0, "x": None}
    assert rows_of(["80", "81"], ["081", "080"]) == {"80": 1, "81": 0}
    assert rows_of(["1000000"], ["1.0e6"]) == {"1000000": 0}
    assert rows_of(["7", "007"], ["7"]) == {"7": 0, "007": None}
    assert rows_of(["7"], ["07", "007"]) == {"7": None}
    assert rows_of(["7", "007"], ["007", "7"]) == {"7": 1, "007": 0}
    assert rows_of(["star a", "nan"], ["star b", "inf"]) == {"star a": None, "nan": None}


@pytest.mark.parametrize("stored", [[f"{i:03d}" for i in range(80, 120)], list(range(80, 120))], ids=["text", "int"])
def test_leading_zeros_lose_no_labels(tmp_path, stored):
    np.savez(tmp_path / "t.npz", id=np.array(stored), flux=np.ones((40, 9)))
    rows = "".join(f"{i:03d},{i / 1000}\n" for i in reversed(range(80, 120)))
    (tmp_path / "l.csv").write_text("id,d\n" + rows)
    labels = Table(path=tmp_path / "t.npz", target="id", labels={"path": tmp_path / "l.csv", "columns": "d"}).labels()
    assert list(labels["target"].values) == [str(i) for i in stored]
    np.testing.assert_allclose(labels.values[:, 0], np.arange(80, 120) / 1000)


def test_targets_of_a_table_keep_leading_zeros(tmp_path):
    (tmp_path / "t.csv").write_text("id,f1,f2\n080,1,2\n081,1,3\n")
    loader = Table(path=tmp_path / "t.csv", level="spectrum", target="id", flux="f*", wavelength=(1.0, 2.0))
    assert loader.targets() == ["080", "081"]
