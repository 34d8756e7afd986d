"""What is wrong with a grid, or limits what can be learned from it: duplicates, holes, bad values, few labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api import output_units

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

__all__ = ["GridReport", "LabelRange", "duplicate_groups", "grid_report", "missing_nodes"]

#: Largest relative difference of pixels that rounding to float32, or to six digits of text, and a scale explain.
TOLERANCE = 2e-6
#: A grid is regular where its nodes are at most so many times the spectra; a scattered one has many more.
_REGULAR = 10
#: Labels with fewer values are classes rather than numbers.
_FEW = 4
#: Nodes that are missing and listed by their labels.
_LISTED = 1000


@dataclass(frozen=True)
class LabelRange:
    """How a label is distributed: its units, lowest and highest value, and how many different ones there are."""

    units: str
    lowest: float
    highest: float
    n_distinct: int
    #: The values themselves, where they are at most 50.
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class GridReport:
    """What :func:`grid_report` found.

    Parameters
    ----------
    n_spectra, n_pixels
        How many spectra, and how many pixels the first has.
    labels
        How each label is distributed.
    duplicates
        Groups of two or more targets whose spectra are the same, or the same but for a factor.
    differing
        For each group of ``duplicates`` the labels that differ in it: what cannot be told from these spectra.
    regular
        Whether the labels are the nodes of a regular grid, some of which may be missing.
    n_nodes, missing
        How many nodes a full regular grid has, and the labels of the first 1000 that are missing.
    non_finite, not_positive
        Numbers of pixels that are not finite, and not above 0, by target; those without any are left out.
    constant
        Labels that are the same for all.
    """

    n_spectra: int
    n_pixels: int
    labels: Mapping[str, LabelRange] = field(default_factory=dict)
    duplicates: tuple[tuple[str, ...], ...] = ()
    differing: tuple[tuple[str, ...], ...] = ()
    regular: bool = False
    n_nodes: int = 0
    n_missing: int = 0
    missing: tuple[Mapping[str, float], ...] = ()
    non_finite: Mapping[str, int] = field(default_factory=dict)
    not_positive: Mapping[str, int] = field(default_factory=dict)
    constant: tuple[str, ...] = ()

    def findings(self) -> list[str]:
        """Return what a user of the grid must know, one sentence each; empty for a grid without flaws."""
        said: list[str] = []
        if self.duplicates:
            n = sum(map(len, self.duplicates))
            names = sorted({name for labels in self.differing for name in labels})
            which = (
                f"; they differ in {', '.join(names)}, which no model can tell from them: group the cross-validation "
                "by duplicate"
                if names
                else "; group the cross-validation by duplicate"
            )
            first = self.duplicates[0]
            said.append(
                f"{n} of {self.n_spectra} spectra are duplicates, in {len(self.duplicates)} groups (first: "
                f"{', '.join(first[:3])}){which}"
            )
        if self.regular and self.n_missing:
            first_one = ", ".join(f"{name} {value:g}" for name, value in self.missing[0].items())
            said.append(
                f"the grid has holes: {self.n_missing} of {self.n_nodes} combinations of labels are missing (first: "
                f"{first_one})"
            )
        for what, found in (("not finite, which are masked", self.non_finite), ("0 or negative", self.not_positive)):
            if found:
                first_name = next(iter(found))
                total = sum(found.values())
                said.append(f"{len(found)} spectra have pixels that are {what} ({total} in all, first {first_name})")
        if self.constant:
            said.append(f"the same in all spectra: {', '.join(self.constant)}; it cannot be learned")
        return said

    def notes(self) -> list[str]:
        """Return what is no flaw, but good to know, one sentence each."""
        few = {name: one.values for name, one in self.labels.items() if 1 < one.n_distinct < _FEW}
        if not few:
            return []
        listed = (f"{name} ({', '.join(f'{value:g}' for value in values)})" for name, values in few.items())
        return [f"labels with few values: {'; '.join(listed)}"]


def grid_report(
    targets: Sequence[str],
    spectra: Sequence[NDArray[Any]],
    labels: xr.DataArray | None = None,
    scale: bool = True,
    noisy: bool = False,
) -> GridReport:
    """Return what is to be known of a grid.

    Parameters
    ----------
    targets
        Names (row,).
    spectra
        Values of each (pixel,), or an array (row, pixel); what is not finite is masked.
    labels
        Labels (target, output) of these targets, in their order; targets may be missing.
    scale
        Whether spectra that differ by a factor alone are duplicates.
    noisy
        Whether the spectra hold noise, so that fluxes below 0 are nothing to tell.
    """
    groups = duplicate_groups(spectra, scale=scale)
    members: dict[int, list[str]] = {}
    for target, group in zip(targets, groups.tolist(), strict=True):
        members.setdefault(group, []).append(target)
    duplicates = tuple(tuple(names) for names in members.values() if len(names) > 1)
    bad = {target: int(np.sum(~np.isfinite(values))) for target, values in zip(targets, spectra, strict=True)}
    with np.errstate(invalid="ignore"):
        low = {target: int(np.sum(values <= 0)) for target, values in zip(targets, spectra, strict=True)}
    report: dict[str, Any] = {
        "n_spectra": len(targets),
        "n_pixels": len(spectra[0]) if len(targets) else 0,
        "duplicates": duplicates,
        "non_finite": {target: n for target, n in bad.items() if n},
        "not_positive": {} if noisy else {target: n for target, n in low.items() if n},
    }
    if labels is None:
        return GridReport(**report, differing=tuple(() for _ in duplicates))
    names = [str(name) for name in labels["output"].values]
    units = output_units(labels)
    by_target = dict(zip(map(str, labels["target"].values), labels.values, strict=True))
    differing = []
    for group_names in duplicates:
        known = np.array([by_target[name] for name in group_names if name in by_target])
        differs = np.ptp(known, axis=0) > 0 if len(known) > 1 else np.zeros(len(names), bool)
        differing.append(tuple(name for name, differ in zip(names, differs, strict=True) if differ))
    values = labels.values[np.isfinite(labels.values).all(axis=1)]
    regular, n_nodes, n_missing, missing = missing_nodes(values)
    ranges = {}
    for i, name in enumerate(names):
        column = labels.values[:, i][np.isfinite(labels.values[:, i])]
        distinct = np.unique(column)
        if distinct.size:
            kept = tuple(float(value) for value in distinct) if distinct.size <= 50 else ()
            ranges[name] = LabelRange(units[i], float(distinct[0]), float(distinct[-1]), distinct.size, kept)
    return GridReport(
        **report,
        labels=ranges,
        differing=tuple(differing),
        regular=regular,
        n_nodes=n_nodes,
        n_missing=n_missing,
        missing=tuple(dict(zip(names, map(float, one), strict=True)) for one in missing),
        constant=tuple(name for name, one in ranges.items() if one.n_distinct == 1 and len(targets) > 1),
    )


def duplicate_groups(
    spectra: Sequence[ArrayLike] | NDArray[Any], scale: bool = True, tolerance: float = TOLERANCE
) -> NDArray[np.int64]:
    """Return the group of each spectrum (row,): the row of the first that is the same.

    Two spectra are the same where all pixels agree within ``tolerance``, as a fraction of their values, and the same
    pixels are not finite; with ``scale`` once each is divided by its mean absolute value. Spectra with different
    numbers of pixels are different.
    """
    rows = [np.asarray(values, float) for values in spectra]
    groups = np.arange(len(rows), dtype=np.int64)
    by_size: dict[int, list[int]] = {}
    for row, values in enumerate(rows):
        by_size.setdefault(values.size, []).append(row)
    for size, members in by_size.items():
        if size and len(members) > 1:
            index = np.array(members)
            groups[index] = index[_groups_of(np.stack([rows[row] for row in members]), scale, tolerance)]
    return groups


def missing_nodes(
    labels: ArrayLike,
) -> tuple[bool, int, int, NDArray[np.float64]]:
    """Return whether labels (row, label) are a regular grid, its nodes, how many are missing, and the first of these.

    The nodes of a regular grid are all combinations of the values that the labels have. A grid with more than ten times
    as many nodes as rows is not regular, but scattered.
    """
    values = np.asarray(labels, float)
    if values.size == 0:
        return False, 0, 0, np.empty((0, values.shape[-1] if values.ndim else 0))
    levels, codes = zip(*(np.unique(column, return_inverse=True) for column in values.T), strict=True)
    shape = tuple(len(level) for level in levels)
    n_nodes = prod(shape)
    if n_nodes > _REGULAR * len(values):
        return False, n_nodes, 0, np.empty((0, values.shape[1]))
    there = np.zeros(n_nodes, bool)
    there[np.ravel_multi_index(codes, shape)] = True
    absent = np.flatnonzero(~there)
    found = np.unravel_index(absent[:_LISTED], shape)
    return True, n_nodes, len(absent), np.column_stack([level[i] for level, i in zip(levels, found, strict=True)])


def _groups_of(values: NDArray[np.float64], scale: bool, tolerance: float) -> NDArray[np.int64]:
    """Return the first row (row,) that each of ``values`` (row, pixel) is the same as."""
    finite = np.isfinite(values)
    values = np.where(finite, values, 0.0)
    if scale:
        largest = np.abs(values).max(axis=1, keepdims=True, initial=0.0)
        values = np.divide(values, largest, out=np.zeros_like(values), where=largest > 0)  # whose sum is then finite
        mean = np.abs(values).mean(axis=1, keepdims=True)
        values = np.divide(values, mean, out=np.zeros_like(values), where=mean > 0)
    # The same spectra have the same sum, so that only neighbours in its order need be compared.
    weight = np.linspace(1.0, 2.0, values.shape[1])
    total, reach = values @ weight, tolerance * (np.abs(values) @ weight)
    order = np.argsort(total, kind="stable")
    leader = np.arange(len(values), dtype=np.int64)
    for place, row in enumerate(order):
        if leader[row] != row:
            continue
        for other in order[place + 1 :]:
            if total[other] - total[row] > reach[row] + reach[other]:
                break
            if leader[other] != other or not np.array_equal(finite[row], finite[other]):
                continue
            if np.all(np.abs(values[row] - values[other]) <= tolerance * np.abs(values[row])):
                leader[other] = row
    first = np.full(len(values), len(values), dtype=np.int64)
    np.minimum.at(first, leader, np.arange(len(values)))
    return first[leader]
