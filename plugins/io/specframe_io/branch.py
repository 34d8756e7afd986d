"""A group of an HDF5 file that knows where it stands, so that errors name file and dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from specframe.errors import InputFileError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["DAMAGED", "Branch"]

#: What h5py raises on damaged files and broken links.
DAMAGED = (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError, IndexError, MemoryError)


class Branch:
    """A group of a file that ``writer`` made.

    Every method raises :class:`~specframe.errors.InputFileError` for what is missing or wrong.
    """

    def __init__(self, path: Path, group: h5py.Group, writer: str = "ExoSim") -> None:
        self.path = path
        self.group = group
        self.writer = writer

    def wrong(self, name: str, message: str) -> InputFileError:
        """Return the error that the group or dataset ``name`` is wrong."""
        return InputFileError(self.path, f"{self.place(name)}: {message}")

    def place(self, name: str) -> str:
        """Return the place of ``name`` in the file."""
        return f"{self.group.name.rstrip('/')}/{name}".lstrip("/")

    def names(self) -> list[str]:
        """Return the names in the group."""
        return list(self.group)

    def find(self, name: str) -> Any:
        """Return a group or dataset, ``None`` where there is none."""
        try:
            return self.group.get(name)
        except DAMAGED as error:
            raise self.wrong(name, f"cannot be read ({error})") from None

    def branch(self, name: str) -> Branch:
        """Return a group."""
        found = self.find(name)
        if not isinstance(found, h5py.Group):
            got = "missing" if found is None else "a dataset"
            raise self.wrong(name, f"expected a group, as {self.writer} writes it; it is {got}")
        return Branch(self.path, found, self.writer)

    def dataset(self, name: str) -> h5py.Dataset:
        """Return a dataset, unread."""
        found = self.find(name)
        if not isinstance(found, h5py.Dataset):
            got = "missing" if found is None else "a group"
            raise self.wrong(name, f"expected a dataset, as {self.writer} writes it; it is {got}")
        return found

    def array(self, name: str) -> NDArray[Any]:
        """Read a dataset of numbers or of records."""
        dataset = self.dataset(name)
        try:
            array = np.asarray(dataset[()])
        except DAMAGED as error:
            raise self.wrong(name, f"cannot be read ({error}); the file may be damaged: get it again") from None
        if array.dtype.kind not in "fiubV":
            raise self.wrong(name, f"expected numbers, got {array.dtype}")
        return array

    def attribute(self, name: str, *keys: str) -> str | None:
        """Return the first of the attributes ``keys`` that a dataset has, as text, ``None`` where it has none."""
        attributes = self.dataset(name).attrs
        return next((_decoded(attributes[key]).strip() for key in keys if key in attributes), None)

    def text(self, name: str) -> str | None:
        """Read a text, ``None`` where there is none."""
        if self.find(name) is None:
            return None
        value = np.asarray(self.dataset(name)[()]).ravel()
        if value.size != 1 or not isinstance(value[0], str | bytes):
            raise self.wrong(name, f"expected a text, got {value.dtype} of {value.size} values")
        return value[0].decode("utf-8", "replace") if isinstance(value[0], bytes) else str(value[0])

    def quantity(self, name: str, unit: str, bare: str | None = None) -> NDArray[np.float64]:
        """Read numbers as ExoSim writes them, bare or as a group of ``value`` and ``unit``; convert them to ``unit``.

        Their own unit stands beside ``value`` as ``unit``, or beside a bare dataset as ``<name>_units`` or in its
        attributes; numbers that state none are in ``bare``, or refused.
        """
        found = self.find(name)
        if isinstance(found, h5py.Group):
            inner = Branch(self.path, found, self.writer)
            values = inner.array("value")
            stated = inner.text("unit") if inner.find("unit") is not None else inner.text("units")
        else:
            values = self.array(name)
            attribute = self.dataset(name).attrs.get("units", self.dataset(name).attrs.get("unit"))
            stated = self.text(f"{name}_units") if attribute is None else _decoded(attribute)
        if values.dtype.kind == "V":
            raise self.wrong(name, "expected numbers, got a table")
        stated = bare if stated is None else stated
        if stated is None:
            raise self.wrong(name, f"has no unit; expected one convertible to {unit!r} in {name}_units")
        return values.astype(float) * self._factor(name, stated, unit)

    def number(self, name: str, unit: str, bare: str | None = None) -> float:
        """Read a single finite number, in ``unit``."""
        values = self.quantity(name, unit, bare)
        if values.size != 1 or not np.isfinite(values).all():
            shown = f"{values.size} values" if values.size != 1 else str(values.item())
            raise self.wrong(name, f"expected a finite number, got {shown}")
        return float(values.item())

    def _factor(self, name: str, stated: str, unit: str) -> float:
        if stated == unit:
            return 1.0
        from astropy import units as u

        # ExoSim counts electrons in ct, and some of its quantities are plain numbers
        wanted = u.Unit(unit)
        same = [
            (u.ct, u.electron),
            (u.adu / u.ct, u.adu / u.electron),
            (u.dimensionless_unscaled, u.adu / u.electron),
        ]
        try:
            return float(u.Unit(stated).to(wanted, equivalencies=same))
        except (ValueError, TypeError) as error:
            reason = str(error).partition("  If this is meant")[0]
            raise self.wrong(name, f"expected a unit convertible to {unit!r}, got {stated!r} ({reason})") from None


def _decoded(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
