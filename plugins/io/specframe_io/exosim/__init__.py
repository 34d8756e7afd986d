"""Non-destructive reads (NDRs) of ExoSim 2, the community's simulator of Ariel."""

from __future__ import annotations

from specframe_io.exosim.loader import ExosimNdr

__all__ = ["ExosimNdr"]
