"""Durations and rates, as people say them."""

from __future__ import annotations

__all__ = ["clock", "duration"]

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0


def duration(seconds: float) -> str:
    """Return ``0.4 s``, ``41 s``, ``6 min``, ``1 h 20 min`` or ``2 d 3 h``: two digits, as an estimate deserves."""
    if seconds < 9.95:
        return f"{seconds:.1f} s" if seconds >= 0.0995 else f"{seconds:.2g} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 99.5 * _MINUTE:
        return f"{seconds / _MINUTE:.0f} min"
    if seconds < _DAY:
        hours, minutes = divmod(round(seconds / _MINUTE), 60)
        return f"{hours} h {minutes} min"
    days, hours = divmod(round(seconds / _HOUR), 24)
    return f"{days} d {hours} h"


def clock(seconds: float) -> str:
    """Return ``0:41`` or ``1:20:05``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
