"""The score: one number, or a few named ones, for predictions against the truth."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from specframe.api.base import BaseComponent

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api.component import Kind

__all__ = ["Score"]


class Score(BaseComponent, ABC):
    """Judges predictions. Stateless."""

    kind: ClassVar[Kind] = "score"
    #: Whether it needs ``std``; without one the score is reported as missing, with this reason.
    needs_std: ClassVar[bool] = False

    @abstractmethod
    def score(self, prediction: xr.Dataset, truth: xr.DataArray) -> float | Mapping[str, float]:
        """Return the score, or several by name. ``truth`` has the prediction's targets and outputs, in order."""

    def resampled(
        self, prediction: xr.Dataset, truth: xr.DataArray, counts: NDArray[np.float64]
    ) -> Mapping[str, NDArray[np.float64]] | None:
        """Return the score of many resamples of the targets, for its confidence interval.

        Overriding it is optional and saves time. With ``None``, as here, the score is called for every resample; a
        score that is made of sums over targets needs no more than a matrix product, ``counts @ sums``. It must return
        what :meth:`score` would.

        Parameters
        ----------
        prediction, truth
            As for :meth:`score`.
        counts
            Shape (n_resample, n_target): how often each target is in each resample.

        Returns
        -------
        Mapping of arrays (n_resample,), by the names of :meth:`score` (of a single number by that of the component).
        A number that is left out gets no interval, nor does any with an empty mapping: for what cannot be judged on a
        part of the targets.
        """
        return None
