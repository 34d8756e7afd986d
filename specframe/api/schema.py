"""Check xarray objects against a documented list of variables; errors say where, what was expected, what was got."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import ContainerError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr

__all__ = ["Variable", "breaks_lines", "check_units", "check_variables"]

#: Unicode's categories of control characters and of halves of characters, which no name may have.
_NO_NAME = {"Cc", "Cs", "Zl", "Zp"}


@dataclass(frozen=True)
class Variable:
    """One variable (or coordinate) of a container.

    Parameters
    ----------
    name, dims
        As in xarray; ``dims`` in order.
    units
        Units of which the variable's ``attrs["units"]`` must be convertible to one (``""`` is dimensionless);
        ``None`` when no units are asked for.
    dtype
        numpy kinds that are accepted: ``"f"`` float, ``"iu"`` integers, ``"b"`` bool ...
    required
        Whether it must be there.
    finite, positive
        Whether every value must be finite, or positive and finite.
    """

    name: str
    dims: tuple[str, ...]
    units: tuple[str, ...] | None = None
    dtype: str = "f"
    required: bool = True
    finite: bool = False
    positive: bool = False

    def describe(self) -> str:
        """Return ``name(dims) [units]``."""
        units = "" if self.units is None else f" [{' or '.join(u or 'dimensionless' for u in self.units)}]"
        return f"{self.name}({', '.join(self.dims)}){units}"


def check_variables(data: xr.Dataset, variables: Iterable[Variable], where: str) -> None:
    """Check that ``data`` holds ``variables``; raise :class:`ContainerError` with all that is wrong."""
    problems = [p for variable in variables for p in _problems(data, variable)]
    if problems:
        raise ContainerError(f"{where}: " + "; ".join(problems))


def _problems(data: xr.Dataset, variable: Variable) -> list[str]:
    if variable.name not in data.variables:
        if not variable.required:
            return []
        there = ", ".join(map(str, data.variables)) or "nothing"
        return [f"{variable.describe()} is missing (there: {there})"]
    array = data[variable.name]
    if array.dims != variable.dims:
        got = ", ".join(map(str, array.dims))
        return [f"expected {variable.describe()}, got dims ({got})"]
    problems = []
    if array.dtype.kind not in variable.dtype:
        problems.append(f"{variable.name} has dtype {array.dtype}, expected one of kind {variable.dtype!r}")
    if variable.units is not None:
        problems += check_units(variable.name, array.attrs.get("units"), variable.units)
    if array.dtype.kind == "f" and (variable.finite or variable.positive):
        bad = ~np.isfinite(array.values)
        if variable.positive:
            bad |= ~(array.values > 0)
        if bad.any():
            first = tuple(int(i) for i in np.argwhere(bad)[0])
            wanted = "positive and finite" if variable.positive else "finite"
            problems.append(
                f"{variable.name} must be {wanted}, {int(bad.sum())} of {bad.size} values are not (first at {first})"
            )
    return problems


def check_units(name: str, got: object, accepted: tuple[str, ...]) -> list[str]:
    """Return what is wrong with the units ``got`` of a variable, if anything."""
    wanted = " or ".join(repr(u) for u in accepted)
    if got is None:
        return [f"{name} has no units (attrs['units']), expected {wanted}"]
    if got in accepted:
        return []
    convertible = _convertible(str(got), accepted)
    if convertible is None:
        return [f"{name} has units {got!r}, which astropy cannot read; expected {wanted}"]
    return [] if convertible else [f"{name} has units {got!r}, expected {wanted}"]


@lru_cache(maxsize=1024)  # astropy takes a millisecond for what every target of a run has
def _convertible(got: str, accepted: tuple[str, ...]) -> bool | None:
    """Return whether units are convertible to one of those accepted; ``None`` when astropy cannot read them."""
    from astropy import units

    try:
        unit = units.Unit(got)
    except ValueError:
        return None
    return any(unit.is_equivalent(units.Unit(u)) for u in accepted)


def breaks_lines(name: str) -> bool:
    """Return whether a name has a line break or another control character, which tables and headers cannot hold."""
    return not name.isprintable() and any(unicodedata.category(character) in _NO_NAME for character in name)
