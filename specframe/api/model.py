"""The model: learns labels from collated data."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from specframe.api.state import Fitted
from specframe.errors import UsageError

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

    from specframe.api.component import Kind

__all__ = ["Model"]


class Model(Fitted):
    """Learns to predict labels. Several outputs, missing inputs, and numpy as well as xarray input are supported.

    Data come as a *collection* (:func:`~specframe.api.design_matrix` makes a matrix of it), a DataArray with a
    leading dim ``target``, or a numpy array (n_target, n_feature); labels as a DataArray ``(target, output)`` or an
    array (n_target,) or (n_target, n_output). Labels may have a coordinate ``group (target)``: a model that holds out
    targets to validate itself keeps groups whole (:func:`~specframe.api.label_groups`). ``fit`` scales inside, so that
    no scaler ever sees a test fold.

    A model that is built on others (``from:`` in a pipeline, ``learns: target``) finds their out-of-fold predictions
    in the collection's node ``predictions``: ``predictions/<step id> (target, output)`` and, where a model states its
    errors, ``predictions/<step id>_error``.
    """

    kind: ClassVar[Kind] = "model"

    def inputs(self) -> tuple[str, ...]:
        """Return which variables of the collection it reads (see :mod:`specframe.api.collection`).

        Empty means the collection's default, ``depth|flux``: the depths where the targets have any, else the fluxes. A
        model that names other variables besides can name this too.
        """
        return tuple(getattr(self.params, "inputs", None) or ())

    @abstractmethod
    def fit(
        self, X: Any, y: xr.DataArray | ArrayLike, *, sample_weight: ArrayLike | None = None, seed: int = 0
    ) -> Self:
        """Learn ``y`` from ``X`` and return self.

        ``sample_weight`` (n_target,) is relative. ``seed`` decides everything random.
        """

    @abstractmethod
    def predict(self, X: Any) -> xr.Dataset:
        """Return a Prediction for each target in ``X`` (see :mod:`specframe.api.prediction`).

        Raises :class:`~specframe.errors.NotFittedError` before ``fit``.
        """

    def draws(self, X: Any, count: int, *, source: Literal["dropout", "weights"], seed: int = 0) -> NDArray[Any]:
        """Return ``count`` predictions of ``X`` that differ as the model itself is unsure, (count, n_target, n_output).

        ``dropout``: with its dropout layers active (Gal & Ghahramani 2016). ``weights``: with weights drawn from an
        approximate posterior (e.g. Laplace's, Daxberger et al. 2021). Most models have neither and leave this as it
        is: it raises :class:`~specframe.errors.UsageError`.
        """
        self.check_draws(source)
        raise NotImplementedError

    def check_draws(self, source: Literal["dropout", "weights"]) -> None:
        """Raise :class:`~specframe.errors.UsageError` when :meth:`draws` cannot draw from ``source``.

        The parameters tell, so that a pipeline asks before anything is fitted.
        """
        if type(self).draws is Model.draws:
            raise UsageError(
                f"model {self.name!r} cannot draw from its {source}: use a model that can (cnn1d, cnn2d), or the "
                "uncertainty 'ensemble' or 'bootstrap', which take any model"
            )

    def history(self) -> xr.Dataset | None:
        """Return how training went, or ``None`` where there is nothing to tell.

        Variables on dim ``epoch``, among them ``training_loss`` and, with a validation set, ``validation_loss``;
        ``attrs["best_epoch"]`` is the epoch whose weights were kept. The pipeline saves and plots it.
        """
        return None
