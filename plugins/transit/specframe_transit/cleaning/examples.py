"""What the conformance suite runs ``bin`` on: its own problem, for which a user must say how to bin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["bins"]


def bins(_directory: Path) -> dict[str, Any]:
    """Return parameters that bin the suite's light curves both ways; it needs no files."""
    return {"params": {"channels": 3, "time_samples": 2}}
