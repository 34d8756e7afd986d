"""The model ``ridge``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from specframe_linear.linear_model import LinearModel
from specframe_linear.params import RidgeParams
from specframe_linear.shrinkage import fit_ridge

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from specframe_linear.shrinkage import RidgeFit

__all__ = ["Ridge"]


class Ridge(LinearModel):
    """Ridge regression on standardised features.

    The penalty is chosen inside ``fit`` by leave-one-out error, for each output, or given. With ``loss: huber`` single
    targets with large errors, which carry most of the squared error of light curves with stellar activity, pull less
    at the coefficients: the median error falls, and the root mean square may rise.

    Notes
    -----
    Coefficients minimise ``sum_i w_i |y_i - b - x_i beta|^2 + alpha |beta|^2``, each output by itself. With ``loss:
    huber`` the weight of a target is multiplied with ``min(1, 1.345 / z)``, z the root mean square over outputs of its
    residuals in units of their robust scatter, until weights no longer change.

    References
    ----------
    - Hoerl & Kennard 1970, Technometrics 12, 55, doi:10.1080/00401706.1970.10488634
    - Huber 1964, Annals of Mathematical Statistics 35, 73, doi:10.1214/aoms/1177703732
    """

    name = "ridge"
    Params: ClassVar[type[RidgeParams]] = RidgeParams
    params: RidgeParams

    @property
    def alpha(self) -> NDArray[np.float64]:
        """The penalty of each output, shape (n_output,)."""
        return self._kept("alpha")

    def _regress(
        self, features: NDArray[np.float64], labels: NDArray[np.float64], weight: NDArray[np.float64], seed: int
    ) -> dict[str, NDArray[Any]]:
        fit: RidgeFit = fit_ridge(features, labels, weight, self.params.alpha, self.params.loss)
        return {"coefficients": fit.coefficients, "intercept": fit.intercept, "alpha": fit.alpha}
