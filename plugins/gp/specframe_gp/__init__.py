"""Gaussian processes that learn from many targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_gp.gaussian_process import GaussianProcess
    from specframe_gp.spectrum_gp import SpectrumGp

__getattr__, __dir__ = lazy_names(__name__, {"gaussian_process": ("GaussianProcess",), "spectrum_gp": ("SpectrumGp",)})

__all__ = ["GaussianProcess", "SpectrumGp"]
