"""The uncertainty estimators ``bootstrap`` and ``input-bootstrap``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from specframe.api import Draws
from specframe_uncertainty.combined import Combined
from specframe_uncertainty.params import BootstrapParams, InputBootstrapParams

if TYPE_CHECKING:
    from typing import Literal

__all__ = ["Bootstrap", "InputBootstrap"]


class Bootstrap(Combined):
    """The model fitted on training sets drawn anew; how much predictions differ joins the error that they state.

    Groups of targets are drawn with replacement (Efron & Tibshirani 1993, An Introduction to the Bootstrap, ch. 6), so
    that targets that belong together are drawn together. The spread is the error of the fit for want of more targets,
    not that of a new label: ``aleatoric`` must come from the model or from an estimator before this one. The prediction
    stays that of the model fitted on all targets.

    Notes
    -----
    ``epistemic^2 = variance over draws b of mean_b(x)``, model b fitted to groups drawn with replacement.

    References
    ----------
    - Efron & Tibshirani 1993, An Introduction to the Bootstrap, doi:10.1201/9780429246593
    """

    name = "bootstrap"
    Params: ClassVar[type[BootstrapParams]] = BootstrapParams
    params: BootstrapParams

    def draws(self) -> Draws:
        """Ask for fits on targets drawn with replacement."""
        return Draws("targets", self.params.draws)


class InputBootstrap(Combined):
    """The prediction repeated with inputs drawn within their errors; how much it differs is the data's part.

    Independent normal errors are added to every input that states them, and the model predicts again, as TelescopeML
    does with observed spectra (Gharib-Nezhad et al. 2024, J. Open Source Softw. 9, 6346). The spread is what noise in
    the inputs does to the prediction; to first order it is linear propagation of errors without covariances: where
    errors of inputs move together, the spread of what a model averages over them is too small. It belongs to models
    trained on data without that noise, such as grids of model spectra. One that learned from noisy inputs has it in
    its residuals already: give those with ``combine: maximum``, or leave it to an estimator that learns from residuals.
    The prediction stays that of the inputs as they were measured.

    Notes
    -----
    ``aleatoric^2 = variance over draws of mean(x + e)``, ``e ~ N(0, input error^2)``.

    References
    ----------
    - Gharib-Nezhad et al. 2024, Journal of Open Source Software 9, 6346, doi:10.21105/joss.06346
    """

    name = "input-bootstrap"
    Params: ClassVar[type[InputBootstrapParams]] = InputBootstrapParams
    params: InputBootstrapParams
    part: ClassVar[Literal["epistemic", "aleatoric"]] = "aleatoric"

    def draws(self) -> Draws:
        """Ask for predictions from inputs drawn within their errors."""
        return Draws("inputs", self.params.draws)
