"""The model ``cnn1d``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from specframe_cnn.light_curves import Curves, as_series, light_curves
from specframe_cnn.measured import Auxiliary, Measured
from specframe_cnn.network_model import NetworkModel
from specframe_cnn.params import Cnn1dParams
from specframe_cnn.sources import DEFAULT_SPECTRA, auxiliary_of, depth_error_of, names_read, reads_errors, unit_of
from specframe_cnn.spectra import Spectra, joined_spectra, measured_spectra
from specframe_cnn.variables import Variable

if TYPE_CHECKING:
    from specframe_cnn.input_scale import ScaleOptions
    from specframe_cnn.variables import Variables

__all__ = ["Cnn1d"]


class Cnn1d(NetworkModel):
    """Convolutional network along wavelength or along time.

    Along wavelength it reads spectra, each variable a channel: depths as they are or relative to each target's own
    mean, fluxes, errors as their logarithms; several instruments are one spectrum in ascending wavelength. Along time
    it reads light curves relative to their level out of transit, minus 1: the white light curve of each instrument, or
    those of groups of wavelengths.

    References
    ----------
    - He et al. 2016, CVPR, 770 (residual blocks), doi:10.1109/CVPR.2016.90
    - Seitzer et al. 2022, ICLR (beta-NLL), arXiv:2203.09168
    - Paszke et al. 2019, NeurIPS 32 (PyTorch), arXiv:1912.01703
    """

    name = "cnn1d"
    Params: ClassVar[type[Cnn1dParams]] = Cnn1dParams
    params: Cnn1dParams

    def inputs(self) -> tuple[str, ...]:
        """Return the variables it reads, with the errors and contacts that its parameters ask for."""
        p = self.params
        if p.axis == "time":
            return names_read(p, p.inputs or ("flux",), with_errors=True)
        with_errors = reads_errors(p.augment) or p.centre == "target"
        if p.unit == "depth-error":
            return names_read(p, p.inputs or ("depth",), with_errors)
        # without anything else to name, nothing is: the collection's default
        further = bool(p.auxiliary) or with_errors
        return names_read(p, p.inputs or ((DEFAULT_SPECTRA,) if further else ()), with_errors)

    def _measure(self, given: Variables) -> Measured:
        return self._along_time(given) if self.params.axis == "time" else self._along_wavelength(given)

    def _along_time(self, given: Variables) -> Measured:
        p = self.params
        auxiliary, used = auxiliary_of(given, p.auxiliary)
        curves = light_curves(given, p.inputs, used)
        parts = [Curves.of(v, given, p.level, p.channels, None, reads_errors(p.augment)) for v in curves]
        values, errors, names = as_series(parts)
        unit, more = unit_of(given, p.unit)
        predictions = [Auxiliary.of(v) for v in given.predictions()]
        joined = Auxiliary.join([*auxiliary, *more, *predictions, Auxiliary.none(len(values))])
        return Measured(given.targets, "series", True, values, errors, names, joined, unit)

    def _along_wavelength(self, given: Variables) -> Measured:
        p = self.params
        auxiliary, used = auxiliary_of(given, p.auxiliary)
        spectra = joined_spectra(given, p.inputs, used)
        length = spectra[0].values.shape[2]
        predictions = given.predictions()
        alike = [v for v in predictions if v.values.shape[1:] == (length,)]
        spectra += [Variable(v.path, v.values[:, None], ("channel", "wavelength")) for v in alike]
        unit, more = unit_of(given, p.unit)
        channels = Spectra(spectra, depth_error_of(given), p.centre, unit, whiten=p.unit == "depth-error")
        further = [Auxiliary.of(v) for v in predictions if v not in alike]
        joined = Auxiliary.join([*auxiliary, channels.means, *more, *further, Auxiliary.none(len(unit))])
        return measured_spectra(given.targets, channels, joined, unit, reads_errors(p.augment))

    def _scale_options(self) -> ScaleOptions:
        p = self.params
        return super()._scale_options()._replace(scaling=p.scaling, rows=p.rows, transform=p.transform)
