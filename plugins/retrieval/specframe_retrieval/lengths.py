"""Lengths by which spectra of models and of observations differ."""

from __future__ import annotations

from math import pi

__all__ = ["PARSEC_IN_RJUP"]

#: One parsec (648000 / pi au, IAU 2015 resolution B2) in nominal equatorial radii of Jupiter (7.1492e7 m, B3).
PARSEC_IN_RJUP = 648000.0 / pi * 149_597_870_700.0 / 7.1492e7
