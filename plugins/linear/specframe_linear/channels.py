"""The channels of measured spectra that the labels are of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from specframe.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe.api import DepthSpectra, Outputs

__all__ = ["Channels"]


@dataclass(frozen=True)
class Channels:
    """Which measured channel is which output.

    A single output of a spectrum with several channels is its mean depth: then every channel measures it, and
    ``index`` is all of them.
    """

    n_channel: int
    index: NDArray[np.int64]
    single: bool

    @classmethod
    def match(cls, spectra: DepthSpectra, outputs: Outputs, model: str) -> Self:
        """Find the channel of every output by wavelength, or by position where there are none.

        Raises
        ------
        DataError
            When an output has no channel within half the outputs' spacing, or there are no wavelengths and the
            numbers differ.
        """
        n_channel, n_output = spectra.depth.shape[1], len(outputs.names)
        if n_output == 1:
            return cls(n_channel, np.arange(n_channel), True)
        if spectra.wavelength is None or outputs.wavelength is None:
            if n_channel != n_output:
                raise DataError(
                    f"{model}: {n_channel} channels were measured and {n_output} outputs are to be learned; without "
                    "wavelengths of both it cannot be told which is which"
                )
            return cls(n_channel, np.arange(n_output), False)
        wanted = np.asarray(outputs.wavelength)
        index = np.abs(spectra.wavelength[None, :] - wanted[:, None]).argmin(axis=1)
        gap = np.abs(spectra.wavelength[index] - wanted)
        if np.any(gap > np.median(np.diff(np.sort(wanted))) / 2):
            at = int(gap.argmax())
            raise DataError(
                f"{model}: output {outputs.names[at]!r} is at {wanted[at]:g} um, but the nearest depth was measured "
                f"at {spectra.wavelength[index[at]]:g} um; this model needs a depth at every output"
            )
        return cls(n_channel, index, False)

    def select(self, spectra: DepthSpectra, model: str) -> DepthSpectra:
        """Return the spectra on these channels; raise :class:`DataError` when they have others."""
        if spectra.depth.shape[1] != self.n_channel:
            raise DataError(
                f"{model}: the spectra have {spectra.depth.shape[1]} channels, but it was fitted with "
                f"{self.n_channel}: bring the data to the wavelengths of the training set"
            )
        return spectra.on_channels(self.index)

    def state(self) -> dict[str, np.ndarray]:
        """Return arrays to be saved; :meth:`from_state` is the inverse."""
        return {"n_channel": np.array(self.n_channel), "index": self.index, "single": np.array(self.single)}

    @classmethod
    def from_state(cls, arrays: dict[str, np.ndarray]) -> Self:
        """Take what :meth:`state` returned."""
        return cls(int(arrays["n_channel"]), arrays["index"], bool(arrays["single"]))
