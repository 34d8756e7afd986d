"""Parameters with which the conformance suite runs the Gaussian processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["one_start"]


def one_start(folder: Path) -> dict[str, Any]:  # noqa: ARG001 - nothing has to be written
    """Start the maximisation once: the suite fits some 40 times, and its problems have one maximum."""
    return {"params": {"restarts": 0}}
