"""The model ``pca-ridge``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from specframe_linear.params import PcaRidgeParams
from specframe_linear.ridge import LinearModel
from specframe_linear.shrinkage import fit_ridge

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PcaRidge"]


class PcaRidge(LinearModel):
    """Ridge regression onto the principal components of the output spectra.

    The channels of a spectrum vary together. Instead of each channel by itself, the amplitudes of a few principal
    components of the training spectra are learned, each with its own penalty; a prediction is the mean spectrum plus
    the components times their amplitudes. Noise that the components do not contain is never predicted. Outputs are
    centred, not scaled, so they should share a unit.
    """

    name = "pca-ridge"
    Params: ClassVar[type[PcaRidgeParams]] = PcaRidgeParams
    params: PcaRidgeParams

    @property
    def components(self) -> NDArray[np.float64]:
        """The principal components, orthonormal, shape (n_component, n_output)."""
        if self._space is None:
            raise self._not_fitted()
        return self._learned["components"]

    def _regress(
        self, features: NDArray[np.float64], labels: NDArray[np.float64], weight: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], dict[str, NDArray[np.float64]]]:
        from sklearn.decomposition import PCA

        wanted = self.params.n_components
        if isinstance(wanted, int):
            wanted = min(wanted, *labels.shape)
        pca = PCA(n_components=wanted, svd_solver="full").fit(labels)
        amplitudes = pca.transform(labels)
        scale = np.where(amplitudes.std(axis=0) > 0, amplitudes.std(axis=0), 1.0)
        fit = fit_ridge(features, amplitudes / scale, weight, self.params.alpha, self.params.loss)
        coefficients = (fit.coefficients * scale) @ pca.components_
        intercept = (fit.intercept * scale) @ pca.components_ + pca.mean_
        return coefficients, intercept, {"components": pca.components_, "alpha": fit.alpha}
