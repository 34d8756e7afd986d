"""Star and orbit of a planet, as attributes of an Observation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from specframe_io.curves.params import SystemParams

__all__ = ["known_system"]


def known_system(system: SystemParams) -> dict[str, float]:
    """Return what the parameters say, in the units of the Observation's root."""
    return {name: float(value) for name, value in system.model_dump().items() if value is not None}
