"""What the conformance suite runs ``transit-fit`` on: its own problem, whose orbit a user must know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["transits"]


def transits(_directory: Path) -> dict[str, Any]:
    """Return parameters for the suite's transit, which is that of a planet in front of a star without limb darkening.

    It lasts 0.12 d and has straight ingress and egress; it needs no files.
    """
    return {
        "params": {
            "orbit": {
                "period": 10.0,
                "mid_transit": {"uniform": [0.14, 0.16]},
                "duration": 0.12,
                "impact_parameter": 0.0,
            },
            "radius_ratio": {"uniform": [0.01, 0.3]},
            "limb_darkening": {"coefficients": [0.0, 0.0], "white": "fixed", "channels": "fixed"},
            "systematics": [{"term": "polynomial", "order": 2}],
        }
    }
