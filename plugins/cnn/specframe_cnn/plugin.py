"""The networks, described."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api import Component, hookimpl
from specframe_cnn.params import Cnn1dParams, Cnn2dParams, MlpParams

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["specframe_components"]


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Yield the components of this plugin."""
    yield Component(
        kind="model",
        name="cnn1d",
        target="specframe_cnn.cnn1d:Cnn1d",
        params=Cnn1dParams,
        requires=("torch>=2.5",),
        summary="Convolutional network along wavelength (spectra) or along time (light curves), with auxiliary values",
        tags=("network", "regression", "spectra", "light curves", "uncertainty"),
        example="specframe_cnn.examples:spectra",
    )
    yield Component(
        kind="model",
        name="cnn2d",
        target="specframe_cnn.cnn2d:Cnn2d",
        params=Cnn2dParams,
        requires=("torch>=2.5",),
        summary="Convolutional network on images of light curves, wavelength x time, with auxiliary values",
        tags=("network", "regression", "light curves", "images", "uncertainty"),
        example="specframe_cnn.examples:images",
    )
    yield Component(
        kind="model",
        name="mlp",
        target="specframe_cnn.mlp:Mlp",
        params=MlpParams,
        requires=("torch>=2.5",),
        summary="Fully connected network on principal components of spectra, or on any numbers of each target",
        tags=("network", "regression", "spectra", "uncertainty"),
        example="specframe_cnn.examples:tables",
    )
