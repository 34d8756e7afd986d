"""The Gaussian-process models, described."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api import Component, hookimpl
from specframe_gp.params import GaussianProcessParams, SpectrumGpParams

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["specframe_components"]


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Yield the components of this plugin."""
    yield Component(
        kind="model",
        name="gp",
        target="specframe_gp.gaussian_process:GaussianProcess",
        params=GaussianProcessParams,
        requires=("gpytorch>=1.13", "torch>=2.5"),
        summary="Exact Gaussian-process regression with kernels from YAML; predictions carry the posterior's errors",
        tags=("regression", "Gaussian process", "uncertainty", "principal components", "spectra", "robust"),
        example="specframe_gp.examples:one_start",
    )
    yield Component(
        kind="model",
        name="spectrum-gp",
        target="specframe_gp.spectrum_gp:SpectrumGp",
        params=SpectrumGpParams,
        requires=("gpytorch>=1.13", "torch>=2.5"),
        summary="A Gaussian process along wavelength, shared by all targets, takes the noise out of measured spectra",
        tags=("Gaussian process", "uncertainty", "spectra", "denoising", "covariance"),
        example="specframe_gp.examples:bands",
    )
