"""Student's t fitted to pulls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fitted_student"]

#: Degrees of freedom are kept between these: fewer have no mean, more are a normal distribution.
_FEWEST, _MOST = 1.1, 200.0


def fitted_student(pulls: NDArray[np.float64]) -> tuple[float, float]:
    """Return width and degrees of freedom of the t distribution about zero that is the likeliest for ``pulls``.

    NaN are left out. The width is that of the distribution, not its standard deviation.
    """
    values = np.square(pulls[np.isfinite(pulls)])
    start = np.sqrt(max(float(np.median(values)), np.finfo(float).tiny)) / 0.6745

    def surprise(parameters: NDArray[np.float64]) -> float:
        width, freedom = _bounded(parameters, start)
        constant = gammaln(0.5 * (freedom + 1)) - gammaln(0.5 * freedom) - 0.5 * np.log(np.pi * freedom) - np.log(width)
        return float(0.5 * (freedom + 1) * np.mean(np.log1p(values / (freedom * width**2))) - constant)

    found = minimize(surprise, np.array([0.0, np.log(5.0)]), method="Nelder-Mead", options={"xatol": 1e-5})
    return _bounded(found.x, start)


def _bounded(parameters: NDArray[np.float64], start: float) -> tuple[float, float]:
    width, freedom = np.exp(np.clip(parameters, [-10.0, np.log(_FEWEST)], [10.0, np.log(_MOST)]))
    return float(start * width), float(freedom)
