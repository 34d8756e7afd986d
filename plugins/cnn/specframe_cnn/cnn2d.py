"""The model ``cnn2d``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from specframe_cnn.light_curves import Curves, as_image, light_curves
from specframe_cnn.measured import Auxiliary, Measured
from specframe_cnn.network_model import NetworkModel
from specframe_cnn.params import Cnn2dParams
from specframe_cnn.sources import auxiliary_of, names_read, reads_errors, unit_of

if TYPE_CHECKING:
    from specframe_cnn.variables import Variables

__all__ = ["Cnn2d"]


class Cnn2d(NetworkModel):
    """Convolutional network on the image of light curves, wavelength x time.

    Each wavelength's curve is divided by its level out of transit, minus 1; instruments are joined in ascending
    wavelength. Wavelengths and samples can be averaged in groups, which makes training as many times faster.

    References
    ----------
    - He et al. 2016, CVPR, 770 (residual blocks), doi:10.1109/CVPR.2016.90
    - Seitzer et al. 2022, ICLR (beta-NLL), arXiv:2203.09168
    - Paszke et al. 2019, NeurIPS 32 (PyTorch), arXiv:1912.01703
    """

    name = "cnn2d"
    Params: ClassVar[type[Cnn2dParams]] = Cnn2dParams
    params: Cnn2dParams

    def inputs(self) -> tuple[str, ...]:
        """Return the variables it reads, with the errors and contacts that its parameters ask for."""
        p = self.params
        with_errors = reads_errors(p.augment) or p.wavelength_bins is not None
        return names_read(p, p.inputs or ("flux",), with_errors)

    def _measure(self, given: Variables) -> Measured:
        p = self.params
        auxiliary, used = auxiliary_of(given, p.auxiliary)
        curves = light_curves(given, p.inputs, used)
        bins = (p.wavelength_bins, p.time_bins)
        parts = [Curves.of(v, given, p.level, *bins, reads_errors(p.augment)) for v in curves]
        values, errors, names = as_image(parts)
        unit, more = unit_of(given, p.unit)
        predictions = [Auxiliary.of(v) for v in given.predictions()]
        joined = Auxiliary.join([*auxiliary, *more, *predictions, Auxiliary.none(len(values))])
        return Measured(given.targets, "image", True, values, errors, names, joined, unit)
