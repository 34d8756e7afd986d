"""Networks: models of spectra and depths from light curves, images of light curves, and of parameters from spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_cnn.cnn1d import Cnn1d
    from specframe_cnn.cnn2d import Cnn2d
    from specframe_cnn.mlp import Mlp

__getattr__, __dir__ = lazy_names(__name__, {"cnn1d": ("Cnn1d",), "cnn2d": ("Cnn2d",), "mlp": ("Mlp",)})

__all__ = ["Cnn1d", "Cnn2d", "Mlp"]
