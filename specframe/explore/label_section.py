"""The part of the page that is about labels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from specframe.explore.correlation import pearson
from specframe.explore.label_figures import (
    plot_label_boxes,
    plot_label_correlations,
    plot_label_coverage,
    plot_label_histograms,
)
from specframe.explore.labels import GridCoverage, grid_coverage, label_statistics, label_units, names_of, varying
from specframe.explore.section import Section, Statistics
from specframe.explore.spectrum_section import spectrum_section
from specframe.explore.wording import counted, listed

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["label_section"]

_STRONG = 0.5
_SHOWN_HOLES = 8


def label_section(labels: xr.DataArray | None, seed: int = 0) -> Section:
    """Return what labels are like; those that are channels of a spectrum are described as spectra.

    Parameters
    ----------
    labels
        Dims ``(target, output)``, ``None`` where there are none.
    seed
        Of samples that are drawn.
    """
    section = Section("labels", "Labels")
    if labels is None or labels.size == 0:
        section.missing.append(
            "The loader gives no labels, so nothing is said of them and nothing is coloured by them."
        )
        return section
    if "wavelength" in labels.coords and labels.sizes["output"] > 1:
        return _spectral(labels, seed)
    names, units = names_of(labels), label_units(labels)
    known = np.isfinite(labels.values)
    section.findings.append(
        f"{counted(labels.sizes['target'], 'target')} with {counted(len(names), 'label')}: {listed(names, 12)}."
    )
    if not known.all():
        without = [str(t) for t in labels["target"].values[~known.all(axis=1)]]
        section.findings.append(
            f"{counted(len(without), 'target')} {'lacks' if len(without) == 1 else 'lack'} a label: {listed(without)}."
        )
    section.tables.append(label_statistics(labels))
    constant = [name for name in names if name not in varying(labels)]
    for name in constant[:12]:
        values = labels.sel(output=name).values
        finite = values[np.isfinite(values)]
        what = f"is {finite[0]:.6g} {units[name]}".rstrip() + " for every target" if finite.size else "is never known"
        section.findings.append(f"Label {name} {what}: nothing can be learned of it.")
    if known.any():
        section.draw(
            "histograms",
            "Histograms of the labels",
            "Number of targets by label.",
            partial(plot_label_histograms, labels),
        )
        section.draw(
            "boxes",
            "Box plots of the labels",
            "Median, quartiles, whiskers of 1.5 interquartile ranges, and what lies beyond.",
            partial(plot_label_boxes, labels),
        )
    if len(varying(labels)) < 2:
        section.missing.append("Fewer than two labels vary: no correlations and no coverage.")
        return section
    _correlations(section, labels)
    section.draw(
        "coverage",
        "Coverage of the grid",
        "Targets by pairs of labels. A cross marks a combination of values that no target has; points are labels that "
        "lie on no grid.",
        partial(plot_label_coverage, labels),
    )
    coverage = grid_coverage(labels)
    if coverage is None:
        section.missing.append(
            "Fewer than two labels have few, repeated values: they span no grid, so no holes are told."
        )
    else:
        _coverage(section, coverage)
    return section


def _correlations(section: Section, labels: xr.DataArray) -> None:
    names = varying(labels)
    values = labels.sel(output=names).values.astype(float)
    matrix = pearson(values, values)
    strong = [
        f"{a} and {b} ({matrix[i, j]:.2f})"
        for i, a in enumerate(names)
        for j, b in enumerate(names[:i])
        if abs(matrix[i, j]) > _STRONG
    ]
    if strong:
        section.findings.append(f"Correlated labels, which a model may mistake for each other: {listed(strong, 8)}.")
    section.draw(
        "correlations",
        "Correlations between labels",
        "Pearson's coefficient below the diagonal, Spearman's (of ranks) above it.",
        partial(plot_label_correlations, labels),
    )


def _coverage(section: Section, coverage: GridCoverage) -> None:
    size = " x ".join(f"{len(values)} {name}" for name, values in coverage.axes.items())
    text = f"The grid of {size} has {coverage.possible} combinations; {coverage.filled} have a target"
    if coverage.missing:
        part = 100 * coverage.missing / coverage.possible
        section.findings.append(f"{text}, {coverage.missing} ({part:.3g} %) are holes.")
    else:
        section.findings.append(f"{text}: there are no holes.")
    if coverage.repeated:
        section.findings.append(
            f"{counted(coverage.repeated, 'combination')} of labels stand for more than one target."
        )
    if len(coverage.holes):
        columns = {name: [float(value) for value in coverage.holes[:, i]] for i, name in enumerate(coverage.axes)}
        first = [
            ", ".join(f"{name} {value + 0.0:.6g}" for name, value in zip(coverage.axes, hole, strict=True))
            for hole in coverage.holes[:_SHOWN_HOLES]
        ]
        more = coverage.missing - len(first)
        section.findings.append(f"Holes: {'; '.join(first)}{f' and {more} more' if more > 0 else ''}.")
        section.tables.append(Statistics("holes", "Combinations of labels without a target", columns))


def _spectral(labels: xr.DataArray, seed: int) -> Section:
    order = np.argsort(labels["wavelength"].values, kind="stable")
    values = labels.isel(output=order)
    spectra = _as_spectra(values)
    section = spectrum_section("labels", "Labels: spectra", spectra, None, None, seed=seed)
    section.findings.insert(0, "The labels are the channels of a spectrum; they are described as such.")
    section.missing.clear()
    return section


def _as_spectra(labels: xr.DataArray) -> xr.DataArray:
    import xarray as xr

    return xr.DataArray(
        labels.values,
        dims=("target", "wavelength"),
        coords={
            "target": labels["target"].values.astype(str),
            "wavelength": ("wavelength", labels["wavelength"].values, {"units": "um"}),
        },
        attrs={"units": str(labels.attrs.get("units", "")), "long_name": "label"},
    )
