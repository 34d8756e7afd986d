"""The model ``measured``: the fitted depths as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from specframe_linear.params import MeasuredParams
from specframe_linear.spectrum_model import SpectrumModel, rounding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe.api import DepthSpectra

__all__ = ["Measured"]

#: A target with more of its channels missing than this is mostly guessed.
_MAX_MISSING = 0.5


class Measured(SpectrumModel):
    """Predicts the depths that the detrender measured, with ``depth_error`` as ``std``.

    With it the fitted spectra are scored as any model is, and another model can learn what they miss (``learns:
    residual``). A channel that was not measured gets the target's white depth, with the root mean square that the
    training set's spectra differ from their white depth as ``std``. Where there are no errors at all, ``std`` is the
    root mean square residual of the training set. A single output, the mean depth, is the weighted mean of all
    channels, its error that of the mean of independent channels.
    """

    name = "measured"
    Params: ClassVar[type[MeasuredParams]] = MeasuredParams
    params: MeasuredParams

    def _learn(
        self,
        spectra: DepthSpectra,
        labels: NDArray[np.float64],
        weight: NDArray[np.float64],
        seed: int,
    ) -> dict[str, NDArray[np.float64]]:
        least = rounding(labels)
        from_white = np.average(np.square(labels - spectra.white()[:, None]), axis=0, weights=weight)
        counts = np.where(spectra.known, weight[:, None], 0.0)
        square = (counts * np.square(np.where(spectra.known, spectra.depth - labels, 0.0))).sum(axis=0)
        total = counts.sum(axis=0)
        residual = np.where(total > 0, square / np.where(total > 0, total, 1.0), from_white)
        return {"from_white": np.maximum(np.sqrt(from_white), least), "residual": np.maximum(np.sqrt(residual), least)}

    def _say(
        self, spectra: DepthSpectra
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], dict[str, Any], NDArray[np.bool_]]:
        white = spectra.white()[:, None]
        known = spectra.known
        error = self._learned["residual"] if spectra.error is None else spectra.error
        error = np.broadcast_to(error, known.shape)
        beyond = (~known).mean(axis=1) > _MAX_MISSING
        assert self._channels is not None
        if self._channels.single:
            precision = np.where(known, np.square(1.0 / np.where(known, error, 1.0)), 0.0).sum(axis=1, keepdims=True)
            # All channels have the same label then, so that ``from_white`` is what the mean depth is off.
            std = 1.0 / np.sqrt(precision) if spectra.error is not None else self._learned["from_white"][None, :]
            return np.broadcast_to(white, known.shape), np.broadcast_to(std, known.shape), {}, beyond
        mean = np.where(known, spectra.depth, white)
        return mean, np.where(known, error, self._learned["from_white"]), {}, beyond
