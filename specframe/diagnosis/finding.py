"""What the diagnosis found: one fact, whether it is well, and the command that mends it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

__all__ = ["LEVELS", "Finding", "Level"]

Level = Literal["ok", "warning", "problem"]
LEVELS: tuple[Level, ...] = ("ok", "warning", "problem")


@dataclass(frozen=True)
class Finding:
    """One fact about the installation.

    Parameters
    ----------
    topic
        What it is about: ``python``, ``dependencies`` ...
    level
        ``problem`` keeps specframe from working, ``warning`` something from working well.
    text
        What was found, in plain words.
    mend
        The command, or what else to do; every problem has one.
    """

    topic: str
    level: Level
    text: str
    mend: str = ""

    def to_data(self) -> dict[str, str]:
        """Return it as plain JSON data."""
        return asdict(self)
