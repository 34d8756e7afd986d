"""The model ``flat``: a planet without an atmosphere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from specframe_linear.params import FlatParams
from specframe_linear.spectrum_model import SpectrumModel, rounding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe.api import DepthSpectra

__all__ = ["Flat"]


class Flat(SpectrumModel):
    """Predicts the measured white depth of each target at every wavelength, as if there were no atmosphere.

    The white depth is the mean over channels, weighted by ``1 / depth_error^2``. ``std`` of each output is the root
    mean square of what the training set's true spectra differ from that. It tells how much of a score a spectrum is
    worth: on depths that span a decade, flat spectra already have an R^2 of 0.997.

    Notes
    -----
    ``mean = sum_c depth_c / depth_error_c^2 / sum_c 1 / depth_error_c^2`` for every output.
    """

    name = "flat"
    Params: ClassVar[type[FlatParams]] = FlatParams
    params: FlatParams

    def _learn(
        self,
        spectra: DepthSpectra,
        labels: NDArray[np.float64],
        weight: NDArray[np.float64],
        seed: int,
    ) -> dict[str, NDArray[np.float64]]:
        square = np.average(np.square(labels - spectra.white()[:, None]), axis=0, weights=weight)
        return {"std": np.maximum(np.sqrt(square), rounding(labels))}

    def _say(
        self, spectra: DepthSpectra
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], dict[str, Any], NDArray[np.bool_]]:
        shape = spectra.depth.shape
        mean = np.broadcast_to(spectra.white()[:, None], shape)
        return mean, np.broadcast_to(self._learned["std"], shape), {}, np.zeros(shape[0], bool)
