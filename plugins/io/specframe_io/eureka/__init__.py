"""Light curves and extracted spectra of the Eureka! pipeline for JWST and HST."""

from __future__ import annotations

from specframe_io.eureka.loader import Eureka

__all__ = ["Eureka"]
