"""Arrays with names, as a file of any format holds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from specframe.errors import InputFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["NamedArrays", "listed"]

#: Names that an error message lists.
_LISTED = 12


@dataclass(frozen=True)
class NamedArrays:
    """What a file holds.

    Parameters
    ----------
    path
        The file.
    arrays
        Arrays by name, in the file's order. They are shared: read-only.
    units
        Units that the file states, by name.
    dims
        Names of the arrays' dimensions, where the format has them (NetCDF).
    attrs
        What the file says of itself: keywords of a header, attributes.
    named
        Whether the names are the file's own; columns of a bare table of numbers are called ``"0"``, ``"1"`` ...
    """

    path: Path
    arrays: Mapping[str, NDArray[Any]]
    units: Mapping[str, str] = field(default_factory=dict)
    dims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attrs: Mapping[str, Any] = field(default_factory=dict)
    named: bool = True

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self.arrays:
            raise self.missing(name)
        return self.arrays[name]

    def numbers(self, name: str) -> NDArray[Any]:
        """Return an array of numbers; anything else is an :class:`~specframe.errors.InputFileError`."""
        array = self[name]
        if array.dtype.kind in "fiub":
            return array
        text = next((str(value) for value in array.ravel() if not _is_number(str(value))), "")
        raise InputFileError(self.path, f"{name!r} holds text ({text!r}), expected numbers")

    def missing(self, name: str) -> InputFileError:
        """Return the error that there is no such array, with what is there and the nearest name."""
        there = listed(map(repr, self.arrays), _LISTED) or "nothing"
        near = get_close_matches(name.lower(), [one.lower() for one in self.arrays], 1)
        spelled = {one.lower(): one for one in self.arrays}
        hint = f"; did you mean {spelled[near[0]]!r}?" if near else ""
        return InputFileError(self.path, f"has no {name!r} (there: {there}){hint}")


def listed(names: Iterable[str], most: int = 5) -> str:
    """Return names for a message, the first few of many."""
    names = list(names)
    if len(names) <= most + 1:  # one more name is as short as "and 1 more"
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
