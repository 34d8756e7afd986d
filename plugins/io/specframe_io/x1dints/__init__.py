"""Time series of extracted spectra (x1dints) of the JWST pipeline."""

from __future__ import annotations

from specframe_io.x1dints.loader import JwstX1dints

__all__ = ["JwstX1dints"]
