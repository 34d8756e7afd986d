"""Orbits, transits and eclipses of planets, computed."""
