"""Spectra to parameters: grids of model spectra, observed spectra, and how one is compared with the other."""

from __future__ import annotations

from specframe.api.lazy import lazy_names

__getattr__, __dir__ = lazy_names(__name__, {})

__all__: list[str] = []
