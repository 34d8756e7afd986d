"""Columns found by address are the columns, and stay in memory as long as anybody uses them."""

from __future__ import annotations

import gc

import numpy as np
import polars as pl
import pytest

from specframe_ariel.buffers import ColumnBuffers

RNG = np.random.default_rng(1)


def table(n_row=50, n_column=7):
    return pl.DataFrame({f"c{i}": RNG.integers(0, 65536, n_row, dtype=np.uint16) for i in range(n_column)})


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t,
        lambda t: t.slice(3, 40),
        lambda t: t.slice(1, 9).tail(5),
        lambda t: pl.concat([t, t.slice(2, 5)], rechunk=False),
        lambda t: t.filter(pl.col("c0") > 1000),
        lambda t: t.select("c5", "c1"),
    ],
    ids=["whole", "slice", "slice of a slice", "two chunks", "filtered", "selected"],
)
def test_columns_are_those_of_the_table(change):
    data = change(table())
    columns = ColumnBuffers.from_table(data, np.dtype(np.uint16))
    assert len(columns) == data.width
    assert columns.length == len(data)
    assert all(np.array_equal(expected.to_numpy(), got) for expected, got in zip(data, columns, strict=True))


def test_nothing_is_copied():
    data = table()
    columns = ColumnBuffers.from_table(data, np.dtype(np.uint16))
    expected = [s.to_numpy(allow_copy=False).__array_interface__["data"][0] for s in data]
    assert columns.addresses.tolist() == expected


def test_memory_lives_as_long_as_an_array_of_it():
    data = table(200_000, 3)
    expected = data["c1"].to_numpy().copy()
    column = ColumnBuffers.from_table(data, np.dtype(np.uint16))[1]
    del data
    gc.collect()
    table(200_000, 3)  # would take the place of freed memory
    assert np.array_equal(expected, column)
    with pytest.raises(ValueError, match="read-only"):
        column[0] = 1


def test_missing_values_are_refused():
    data = table().with_columns(pl.Series("c2", [None] + [1] * 49, dtype=pl.UInt16))
    with pytest.raises(ValueError, match="1 columns have missing values"):
        ColumnBuffers.from_table(data, np.dtype(np.uint16))


def test_arrays_are_found_too():
    frames = RNG.normal(size=(6, 4))
    columns = ColumnBuffers.from_arrays(list(frames.T))  # not contiguous
    assert all(np.array_equal(expected, got) for expected, got in zip(frames.T, columns, strict=True))
    assert [c.tolist() for c in columns[1:3]] == [frames[:, 1].tolist(), frames[:, 2].tolist()]
    with pytest.raises(ValueError, match="of one length and type"):
        ColumnBuffers.from_arrays([np.zeros(3), np.zeros(4)])
