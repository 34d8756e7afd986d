"""What an exploration finds: sections with sentences, tables and figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matplotlib.figure import Figure

__all__ = ["Drawing", "Section", "Statistics"]


@dataclass(frozen=True)
class Drawing:
    """A figure that is drawn when it is asked for.

    Parameters
    ----------
    name
        Of its file, without ending.
    title, caption
        What it shows, and how it is to be read.
    draw
        Makes the figure; may raise :class:`~specframe.errors.DataError` when there is nothing to draw.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[], Figure]


@dataclass(frozen=True)
class Statistics:
    """A table: columns of equal length by name, with units where they have one.

    Parameters
    ----------
    name
        Of its file, without ending.
    title
        What it holds.
    columns
        Numbers or texts, in order.
    units
        By column.
    """

    name: str
    title: str
    columns: Mapping[str, Sequence[Any]]
    units: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))


@dataclass
class Section:
    """One part of the page.

    Parameters
    ----------
    name, title
        Short name for files and links, and headline.
    findings
        What the data tell, in sentences.
    missing
        What cannot be told, and why.
    tables, drawings
        In order.
    """

    name: str
    title: str
    findings: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    tables: list[Statistics] = field(default_factory=list)
    drawings: list[Drawing] = field(default_factory=list)

    def draw(self, name: str, title: str, caption: str, draw: Callable[[], Figure]) -> None:
        """Add a figure; its name begins with the section's."""
        self.drawings.append(Drawing(f"{self.name}-{name}", title, caption, draw))
