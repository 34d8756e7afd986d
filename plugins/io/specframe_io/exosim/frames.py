"""Frames that stay in their HDF5 file until they are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from specframe.api import LazyFrames
from specframe.errors import InputFileError
from specframe_io.branch import DAMAGED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

__all__ = ["NdrFrames"]

#: Bytes of frames that are held, besides the result, while reading.
_BLOCK = 8 * 2**20


class NdrFrames(LazyFrames):
    """Some of the frames of a dataset (time, y, x).

    The dataset is read once from its beginning to its end, in blocks of whole chunks and only the part of the detector
    that is asked for, so that no chunk is decompressed twice and memory is that of the result plus about 8 MB.

    Parameters
    ----------
    path
        The file.
    dataset
        Name of the dataset in it.
    stored
        Its shape.
    dtype
        Its type.
    kept
        Indices of the frames, ascending.
    """

    def __init__(
        self, path: Path, dataset: str, stored: tuple[int, int, int], dtype: np.dtype[Any], kept: NDArray[np.intp]
    ) -> None:
        self.path = path
        self.dataset = dataset
        self.stored = stored
        self.dtype = dtype.newbyteorder("=")
        self.kept = kept
        self.shape = (len(kept), stored[1], stored[2])

    def time_series(self) -> Sequence[NDArray[Any]]:
        """Read the time series of all pixels."""
        return self.pixel_series(np.arange(self.shape[1] * self.shape[2]))

    def pixel_series(self, pixels: ArrayLike) -> Sequence[NDArray[Any]]:
        """Read the time series of some pixels, given by their indices in C order of (y, x)."""
        y, x = np.divmod(np.asarray(pixels, np.intp).ravel(), self.shape[2])
        if not len(y):
            return []
        rows, columns = slice(int(y.min()), int(y.max()) + 1), slice(int(x.min()), int(x.max()) + 1)
        series = np.empty((len(y), self.shape[0]), self.dtype)
        for place, block in self._blocks(rows, columns):
            series[:, place] = block[:, y - rows.start, x - columns.start].T
        series.flags.writeable = False
        return list(series)

    def read(self) -> NDArray[Any]:
        """Read the frames as an array of shape (time, y, x)."""
        frames = np.empty(self.shape, self.dtype)
        for place, block in self._blocks(slice(0, self.shape[1]), slice(0, self.shape[2])):
            frames[place] = block
        return frames

    def _blocks(self, rows: slice, columns: slice) -> Iterator[tuple[slice, NDArray[Any]]]:
        """Yield where in time the frames of a block belong, and the block (time, y, x)."""
        try:
            with h5py.File(self.path, "r") as file:
                data = file[self.dataset]
                if data.shape != self.stored:
                    raise InputFileError(self.path, f"{self.dataset} has changed since it was opened; load it again")
                per_block = self._frames_per_block(data, (rows.stop - rows.start) * (columns.stop - columns.start))
                for first in range(0, self.stored[0], per_block):
                    begin, end = np.searchsorted(self.kept, (first, first + per_block)).tolist()
                    if begin == end:
                        continue
                    here = self.kept[begin:end]
                    block = data[int(here[0]) : int(here[-1]) + 1, rows, columns]
                    yield slice(begin, end), block[here - here[0]]
        except DAMAGED as error:
            raise InputFileError(
                self.path, f"{self.dataset} cannot be read ({error}); the file may be damaged: get it again"
            ) from None

    def _frames_per_block(self, data: h5py.Dataset, n_pixel: int) -> int:
        chunk = data.chunks[0] if data.chunks else 1
        return max(_BLOCK // (n_pixel * self.dtype.itemsize) // chunk, 1) * chunk
