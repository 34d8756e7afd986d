"""Detector frames that stay in their file until they are needed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["LazyFrames"]


class LazyFrames(NDArrayOperatorsMixin, ABC):
    """Frames ``(time, y, x)`` that a loader promises and a calibrator reads.

    A duck array: xarray keeps it as it is (``node["frames"].data``), and any numpy operation reads it. Nothing is
    cached, so that memory is held only by whoever reads. Instances are small and picklable: they hold paths, no data.
    """

    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    ndim = 3

    @abstractmethod
    def time_series(self) -> Sequence[NDArray[Any]]:
        """Read the frames as one contiguous time series per pixel.

        Returns y * x arrays of shape (time,), in C order of (y, x), possibly views of a file's own buffers: read-only.
        This is how the files of the Ariel challenge are laid out, and it reads them without a copy.
        """

    def pixel_series(self, pixels: ArrayLike) -> Sequence[NDArray[Any]]:
        """Read the time series of some pixels only, given by their indices in C order of (y, x), in that order.

        A file that stores its pixels apart overrides this and reads no others.
        """
        series = self.time_series()
        return [series[pixel] for pixel in np.asarray(pixels).ravel()]

    def read(self) -> NDArray[Any]:
        """Read the frames as an array of shape (time, y, x)."""
        frames = np.empty(self.shape, self.dtype)
        flat = frames.reshape(self.shape[0], -1)
        for pixel, series in enumerate(self.time_series()):
            flat[:, pixel] = series
        return frames

    @property
    def size(self) -> int:
        """Number of samples."""
        return int(np.prod(self.shape))

    def __getitem__(self, key: Any) -> Any:
        return self.read()[key]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self.read().astype(dtype or self.dtype, copy=False)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: ArrayLike, **kwargs: Any) -> Any:
        return getattr(ufunc, method)(*(_in_memory(i) for i in inputs), **kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return func(*(_in_memory(a) for a in args), **{k: _in_memory(v) for k, v in kwargs.items()})

    def __repr__(self) -> str:
        return f"{type(self).__name__}(shape={self.shape}, dtype={self.dtype})"


def _in_memory(value: Any) -> Any:
    if isinstance(value, LazyFrames):
        return value.read()
    if isinstance(value, (list, tuple)):
        return type(value)(_in_memory(v) for v in value)
    return value
