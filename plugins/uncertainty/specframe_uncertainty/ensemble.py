"""The uncertainty estimator ``ensemble``."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from specframe.api import Draws
from specframe_uncertainty.combined import Combined
from specframe_uncertainty.params import EnsembleParams

__all__ = ["Ensemble"]


class Ensemble(Combined):
    """The model fitted several times; how much the members differ joins the error that they state.

    Lakshminarayanan, Pritzel & Blundell (2017, Advances in Neural Information Processing Systems 30): ``mean`` is that
    of the members, ``aleatoric`` the root mean square of their own std, ``epistemic`` their spread. What the spread
    shows is how much a single member depends on chance, so it is a cautious error of their mean.

    Members ``over: folds`` share most of their targets and differ too little. Their deviations count ``(k - 1) /
    sqrt(k)`` times, as those of a delete-a-group jackknife do (Kott 2001, J. Off. Stat. 17, 521), which is right for
    what the choice of targets does to a smooth model, and cautious for what chance in the training does.

    Notes
    -----
    ``mean = <mean_k>``, ``aleatoric^2 = <std_k^2>``, ``epistemic^2 = variance of mean_k``, ``std^2 = aleatoric^2 +
    epistemic^2``.

    References
    ----------
    - Lakshminarayanan, Pritzel & Blundell 2017, NeurIPS 30, arXiv:1612.01474
    """

    name = "ensemble"
    Params: ClassVar[type[EnsembleParams]] = EnsembleParams
    params: EnsembleParams

    def draws(self) -> Draws:
        """Ask for members."""
        return Draws(self.params.over, self.params.members)

    def _factor(self, draws: int) -> float:
        return (draws - 1.0) / np.sqrt(draws) if self.params.over == "folds" and draws else 1.0
