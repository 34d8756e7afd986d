"""Which variables a network reads besides its series or image, and what is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import ContainerError
from specframe_cnn.measured import Auxiliary
from specframe_cnn.spectra import median_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from specframe_cnn.params import Cnn1dParams, Cnn2dParams
    from specframe_cnn.training.params import AugmentationParams
    from specframe_cnn.variables import Variable, Variables

__all__ = ["DEFAULT_SPECTRA", "auxiliary_of", "depth_error_of", "errors_of", "names_read", "reads_errors", "unit_of"]

#: What is read along wavelength where no inputs are named.
DEFAULT_SPECTRA = "depth|flux"
_DEPTH_ERRORS = ("spectrum/depth_error", "depth_error")


def names_read(params: Cnn1dParams | Cnn2dParams, inputs: Sequence[str], with_errors: bool) -> tuple[str, ...]:
    """Return all names of variables to be collated, with the errors of flux and depth where asked for."""
    names = [*inputs, *params.auxiliary, *(errors_of(inputs) if with_errors else ())]
    if params.level == "contacts":
        for name in inputs:
            node, slash, variable = name.rpartition("/")
            if variable != "depth" and name != DEFAULT_SPECTRA:
                names.append(f"{node}{slash}contact_time")
    if params.unit == "depth-error":
        names.append("depth_error")
    return tuple(dict.fromkeys(names))


def errors_of(inputs: Sequence[str]) -> list[str]:
    """Return the names of the errors of those that are fluxes or depths."""
    return [
        "depth_error|flux_error" if name == DEFAULT_SPECTRA else f"{name}_error"
        for name in inputs
        if name == DEFAULT_SPECTRA or name.rpartition("/")[2] in ("flux", "depth")
    ]


def reads_errors(augment: AugmentationParams) -> bool:
    """Return whether an augmentation is asked for that must know the noise of the inputs."""
    return bool(augment.noise or augment.depth_scaling)


def auxiliary_of(given: Variables, names: Sequence[str]) -> tuple[list[Auxiliary], list[Variable]]:
    """Return the auxiliary values that are named, and the variables that these are."""
    chosen = given.chosen(names)
    return [Auxiliary.of(variable) for variable in chosen], chosen


def depth_error_of(given: Variables) -> Variable | None:
    """Return the errors of the merged depths, if they were read."""
    return next((given.found[path] for path in _DEPTH_ERRORS if path in given.found), None)


def unit_of(given: Variables, unit: str) -> tuple[NDArray[np.float64], list[Auxiliary]]:
    """Return what labels of each target are counted in (n,), and its logarithm as an auxiliary value.

    Raises
    ------
    ContainerError
        When this is the depth's error, and there is none.
    """
    n = len(given.targets)
    if unit == "training":
        return np.ones(n), []
    error = depth_error_of(given)
    if error is None:
        raise ContainerError(
            "unit: depth-error needs spectrum/depth_error: learn from a collection with measured depths, or choose "
            "unit: training"
        )
    values = median_error(error)
    return values, [Auxiliary(np.log10(values)[:, None], np.zeros(1, bool))]
