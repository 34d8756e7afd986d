"""The columns of a table in memory, found by their addresses.

A table of raw frames has up to 11,392 columns, and making a numpy array of each takes a third of the time of reducing
them. Polars hands out all columns at once, without a copy, through the Arrow C stream interface
(https://arrow.apache.org/docs/format/CStreamInterface.html); the compiled kernel then goes from address to address.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from specframe_ariel.kernel import read_addresses

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

__all__ = ["ColumnBuffers"]


class _ArrowArray(ctypes.Structure):
    """``struct ArrowArray`` of the Arrow C data interface."""


_Release = ctypes.CFUNCTYPE(None, ctypes.POINTER(_ArrowArray))
_ArrowArray._fields_ = [
    *((name, ctypes.c_int64) for name in ("length", "null_count", "offset", "n_buffers", "n_children")),
    *((name, ctypes.c_void_p) for name in ("buffers", "children", "dictionary")),
    ("release", _Release),
    ("private_data", ctypes.c_void_p),
]


class _ArrowStream(ctypes.Structure):
    """``struct ArrowArrayStream`` of the Arrow C stream interface."""


_ArrowStream._fields_ = [
    ("get_schema", ctypes.c_void_p),
    ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_ArrowStream), ctypes.POINTER(_ArrowArray))),
    *((name, ctypes.c_void_p) for name in ("get_last_error", "release", "private_data")),
]

_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype = ctypes.c_void_p
_capsule_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


class ColumnBuffers(Sequence["NDArray[Any]"]):
    """Contiguous arrays (length,) of one type, as a sequence of read-only arrays and as ``addresses`` (n,), uint64.

    The memory lives at least as long as the instance and the arrays that it hands out.
    """

    def __init__(self, addresses: NDArray[np.uint64], length: int, dtype: np.dtype[Any], owner: object) -> None:
        self.addresses = addresses
        self.length = length
        self.dtype = dtype
        self._owner = owner

    @classmethod
    def from_table(cls, table: pl.DataFrame, dtype: np.dtype[Any]) -> ColumnBuffers:
        """Find the columns of a table, which are all of the numeric type ``dtype``.

        Raises
        ------
        ValueError
            When a column has missing values.
        """
        if table.n_chunks() > 1:
            table = table.rechunk()
        capsule = table.__arrow_c_stream__()
        address = _capsule_pointer(capsule, b"arrow_array_stream")
        stream = ctypes.cast(address, ctypes.POINTER(_ArrowStream))
        array = _ArrowArray()
        status = stream.contents.get_next(stream, ctypes.byref(array))
        if status or not array.release:
            raise ValueError(f"the table cannot be handed over (status {status})")
        buffers = cls(np.empty(table.width, np.uint64), len(table), dtype, table)
        weakref.finalize(buffers, array.release, ctypes.byref(array)).atexit = False
        if (array.length, array.n_children) != table.shape:
            raise ValueError(f"the table was handed over in parts: {array.length} of {len(table)} rows")
        missing = read_addresses(array.children, array.offset, dtype.itemsize, buffers.addresses)
        if missing:
            raise ValueError(f"{missing} columns have missing values")
        return buffers

    @classmethod
    def from_arrays(cls, arrays: Sequence[NDArray[Any]]) -> ColumnBuffers:
        """Find arrays of equal length and type; those that are not contiguous are copied."""
        owner = [np.ascontiguousarray(array) for array in arrays]
        forms = {(len(array), array.dtype) for array in owner} or {(0, np.dtype(float))}
        if len(forms) > 1:
            raise ValueError(f"expected arrays of one length and type, got {', '.join(sorted(map(str, forms)))}")
        ((length, dtype),) = forms
        addresses = np.array([array.__array_interface__["data"][0] for array in owner], np.uint64)
        return cls(addresses, length, dtype, owner)

    def __len__(self) -> int:
        return len(self.addresses)

    @overload
    def __getitem__(self, index: int) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[NDArray[Any]]: ...
    def __getitem__(self, index: int | slice) -> NDArray[Any] | Sequence[NDArray[Any]]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        memory = (ctypes.c_char * (self.length * self.dtype.itemsize)).from_address(int(self.addresses[index]))
        memory.owner = self  # type: ignore[attr-defined] # keeps the memory while the array is there
        array: NDArray[Any] = np.frombuffer(memoryview(memory).toreadonly(), self.dtype)
        return array
