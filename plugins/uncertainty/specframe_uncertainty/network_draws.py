"""The uncertainty estimators ``mc-dropout`` and ``laplace``, for models that can draw from themselves."""

from __future__ import annotations

from typing import ClassVar

from specframe.api import Draws
from specframe_uncertainty.combined import Combined
from specframe_uncertainty.params import LaplaceParams, McDropoutParams

__all__ = ["Laplace", "McDropout"]


class McDropout(Combined):
    """Predictions with the network's dropout left on; how much they differ joins the error that it states.

    Gal & Ghahramani (2016, Proceedings of Machine Learning Research 48, 1050). The prediction stays that of the whole
    network. The spread depends on the dropout rate, which nothing ties to the data, so calibrate it. The model must
    have dropout layers.

    Notes
    -----
    ``epistemic^2 = variance over draws of the network's mean``, units left out at random in each draw.

    References
    ----------
    - Gal & Ghahramani 2016, Proceedings of Machine Learning Research 48, 1050, arXiv:1506.02142
    """

    name = "mc-dropout"
    Params: ClassVar[type[McDropoutParams]] = McDropoutParams
    params: McDropoutParams

    def draws(self) -> Draws:
        """Ask for predictions with dropout."""
        return Draws("dropout", self.params.draws)


class Laplace(Combined):
    """Predictions with weights drawn from a normal posterior; how much they differ joins the error that it states.

    Laplace's approximation for the last layer of a network (Daxberger et al. 2021, Advances in Neural Information
    Processing Systems 34), which the model makes in its fit. The prediction stays that of the fitted weights.

    Notes
    -----
    ``weights ~ N(fitted, H^-1)`` with H the curvature of the loss by the last layer's weights; ``epistemic^2`` is the
    variance over draws of the mean.

    References
    ----------
    - Daxberger et al. 2021, NeurIPS 34, arXiv:2106.14806
    """

    name = "laplace"
    Params: ClassVar[type[LaplaceParams]] = LaplaceParams
    params: LaplaceParams

    def draws(self) -> Draws:
        """Ask for predictions with drawn weights."""
        return Draws("weights", self.params.draws)
