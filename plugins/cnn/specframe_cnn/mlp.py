"""The model ``mlp``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from specframe_cnn.measured import Auxiliary, Measured
from specframe_cnn.network_model import NetworkModel
from specframe_cnn.params import MlpParams
from specframe_cnn.sources import DEFAULT_SPECTRA, auxiliary_of, depth_error_of, errors_of, reads_errors
from specframe_cnn.spectra import Spectra, joined, measured_spectra
from specframe_cnn.variables import Variable

if TYPE_CHECKING:
    from specframe_cnn.input_scale import ScaleOptions
    from specframe_cnn.variables import Variables

__all__ = ["Mlp"]


class Mlp(NetworkModel):
    """Fully connected network on spectra, or on any numbers of each target.

    Spectra are scaled wavelength by wavelength, and the network reads their principal components; values of any other
    kind are standardised each by itself. Several instruments are one spectrum in ascending wavelength, and several
    variables of as many wavelengths are read together. A plain array (n_target, n_feature) counts as spectra.

    References
    ----------
    - Seitzer et al. 2022, ICLR (beta-NLL), arXiv:2203.09168
    - Paszke et al. 2019, NeurIPS 32 (PyTorch), arXiv:1912.01703
    """

    name = "mlp"
    Params: ClassVar[type[MlpParams]] = MlpParams
    params: MlpParams
    _some_dropout = "dropout: 0.1"

    def inputs(self) -> tuple[str, ...]:
        """Return the variables it reads, with the errors that its parameters ask for."""
        p = self.params
        further = bool(p.auxiliary) or reads_errors(p.augment)
        names = list(p.inputs or ((DEFAULT_SPECTRA,) if further else ()))
        names += errors_of(names) if reads_errors(p.augment) else ()
        return tuple(dict.fromkeys([*names, *p.auxiliary]))

    def _measure(self, given: Variables) -> Measured:
        p = self.params
        n = len(given.targets)
        auxiliary, used = auxiliary_of(given, p.auxiliary)
        chosen = given.chosen(p.inputs) if p.inputs and not given.is_array else given.all_inputs(used)
        along = [v for v in chosen if _is_spectrum(v, given)]
        names = list(dict.fromkeys(v.name for v in along))
        spectra = [joined([v for v in along if v.name == name], given) for name in names]
        predictions = [v for v in given.predictions() if v not in chosen]
        length = spectra[0].values.shape[2] if spectra else 0
        alike = [v for v in predictions if v.values.shape[1:] == (length,)]
        channels = [v for v in spectra if v.values.shape[2] == length]
        channels += [Variable(v.path, v.values[:, None], ("channel", "wavelength")) for v in alike]
        others = [v for v in spectra if v not in channels] + [v for v in chosen if v not in along]
        others += [v for v in predictions if v not in alike]
        further = [*auxiliary, *(Auxiliary.of(v) for v in others), Auxiliary.none(n)]
        unit = np.ones(n)
        if not channels:
            values = np.zeros((n, 0, 0), np.float32)
            return Measured(given.targets, "series", False, values, None, (), Auxiliary.join(further), unit)
        read = Spectra(channels, depth_error_of(given), "training", unit)
        return measured_spectra(given.targets, read, Auxiliary.join(further), unit, reads_errors(p.augment))

    def _scale_options(self) -> ScaleOptions:
        p = self.params
        given = super()._scale_options()._replace(scaling=p.scaling, rows=p.rows, transform=p.transform)
        return given._replace(components=p.components, whitening=p.whitening)


def _is_spectrum(variable: Variable, given: Variables) -> bool:
    """Return whether a variable is one along wavelength, or a matrix."""
    if given.is_array:
        return len(variable.dims) == 1
    return "wavelength" in variable.dims and "time" not in variable.dims
