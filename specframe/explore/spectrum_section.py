"""The part of the page that is about a set of spectra."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe.explore.component_figures import plot_components, plot_neighbours, plot_outliers, plot_scores
from specframe.explore.components import find_outliers, principal_components
from specframe.explore.duplicates import accuracy_ceiling, find_duplicates
from specframe.explore.section import Section, Statistics
from specframe.explore.spectra import label_correlations, labels_of, pixel_statistics, scale_of, shapes, signal_to_noise
from specframe.explore.spectrum_figures import (
    plot_bad_pixels,
    plot_flux_boxes,
    plot_signal_to_noise,
    plot_spectra,
    plot_spectrum_range,
    plot_wavelength_correlations,
)
from specframe.explore.wording import counted, listed

if TYPE_CHECKING:
    import xarray as xr

    from specframe.explore.components import Components

__all__ = ["spectrum_section"]

#: Spectra that differ by less than this part of their root mean square are nearly the same.
_NEAR = 0.01
_NAMED = 8


def spectrum_section(
    name: str,
    title: str,
    spectra: xr.DataArray,
    errors: xr.DataArray | None = None,
    labels: xr.DataArray | None = None,
    color: str | None = None,
    seed: int = 0,
    grids: int = 1,
) -> Section:
    """Return what a set of spectra is like.

    Parameters
    ----------
    name, title
        Of the section.
    spectra, errors
        Dims ``(target, wavelength)``, NaN where masked.
    labels, color
        Dims ``(target, output)``, matched by name, and the label to colour by.
    seed
        Of samples that are drawn.
    grids
        How many different wavelength grids the spectra came on, before they were interpolated.
    """
    section = Section(name, title)
    if not np.isfinite(spectra.values).any():
        section.missing.append("Every pixel is masked or not finite: nothing can be shown.")
        return section
    _level(section, spectra, grids)
    whole, found = spectra, shapes(spectra)
    if found is not None:
        spectra, size = found
        errors = None if errors is None else errors / size[:, None]
        section.findings.append(
            f"Their levels differ by a factor of {float(size.max() / size.min()):.2g}: they are in different units, or "
            "normalised differently. Below, each is divided by its root mean square, so that only shapes compare."
        )
    if errors is not None:
        section.tables.append(pixel_statistics(spectra, errors))
    else:
        section.tables.append(pixel_statistics(spectra))
    unit = str(spectra.attrs.get("units", ""))
    section.draw(
        "all",
        "All spectra" if labels is None else "Spectra by label",
        "Spectra" + (" coloured by a label." if labels is not None else ".") + (f" Unit: {unit}." if unit else ""),
        partial(plot_spectra, spectra, labels, color, seed),
    )
    if spectra.sizes["target"] > 1 and spectra.sizes["wavelength"] > 1:
        section.draw(
            "range",
            "Mean and range",
            "Median and mean by wavelength, with the ranges that hold 68, 95 and 100 % of the spectra.",
            partial(plot_spectrum_range, spectra),
        )
    if spectra.sizes["target"] > 1:
        section.draw(
            "boxes",
            "Box plots by wavelength",
            "Mean of each spectrum in bins of wavelength: median, quartiles, whiskers of 1.5 interquartile ranges.",
            partial(plot_flux_boxes, spectra),
        )
    _pixels(section, spectra)
    _noise(section, spectra, errors)
    if labels is None:
        section.missing.append("There are no labels: no colours, no correlations, no ceiling on accuracy.")
    else:
        _labels(section, spectra, labels)
    try:
        components = principal_components(spectra)
    except DataError as error:
        section.missing.append(f"No principal components and no outliers: {error}.")
    else:
        _components(section, spectra, labels, components)
    _duplicates(section, whole, labels)
    return section


def _level(section: Section, spectra: xr.DataArray, grids: int) -> None:
    wavelength = spectra["wavelength"].values
    text = f"{counted(spectra.sizes['target'], 'spectrum', 'spectra')} of {counted(len(wavelength), 'wavelength')}"
    if len(wavelength) > 1:
        text += f" from {wavelength[0]:.4g} to {wavelength[-1]:.4g} µm"
    section.findings.append(f"{text}.")
    if grids > 1:
        section.findings.append(
            f"They come on {grids} different wavelength grids. For this page they were interpolated to a common one; "
            "a pipeline that learns from them needs a step that resamples them."
        )
    if scale_of(spectra) == "log":
        section.findings.append(
            "They are positive and span more than a factor of ten, so that logarithms are drawn, correlated and "
            "decomposed."
        )
    if spectra.attrs.get("noise") == "absent":
        section.findings.append("The loader says that the values hold no noise.")


def _pixels(section: Section, spectra: xr.DataArray) -> None:
    values = spectra.values
    missing = ~np.isfinite(values)
    with np.errstate(invalid="ignore"):
        negative = values <= 0
    targets = spectra["target"].values
    if missing.any():
        worst = targets[np.argsort(missing.mean(axis=1))[::-1][:3]]
        section.findings.append(
            f"{int(missing.sum())} pixels ({100 * missing.mean():.3g} %) are masked or not finite, in "
            f"{counted(int(missing.any(axis=1).sum()), 'spectrum', 'spectra')}; most in "
            f"{listed([str(t) for t in worst])}."
        )
    if negative.any():
        section.findings.append(
            f"{int(negative.sum())} pixels ({100 * negative.mean():.3g} %) are zero or negative, in "
            f"{counted(int(negative.any(axis=1).sum()), 'spectrum', 'spectra')}."
        )
    if missing.any() or negative.any():
        section.draw(
            "pixels",
            "Pixels that cannot be used",
            "Part of the spectra in which a pixel is masked or not finite, or zero or negative.",
            partial(plot_bad_pixels, spectra),
        )
    else:
        section.findings.append("Every pixel is finite and positive.")


def _noise(section: Section, spectra: xr.DataArray, errors: xr.DataArray | None) -> None:
    if errors is None:
        section.missing.append("No errors are known: no signal to noise.")
        return
    ratio = signal_to_noise(spectra, errors)
    known = np.isfinite(ratio).any(axis=1)
    if not known.any():
        section.missing.append("No error is above zero: no signal to noise.")
        return
    medians = np.nanmedian(ratio[known], axis=1)
    low, middle, high = np.percentile(medians, [0, 50, 100])
    section.findings.append(
        f"Signal to noise per pixel by the stated errors: median {middle:.3g}, from {low:.3g} to {high:.3g} by "
        "spectrum."
    )
    section.draw(
        "signal-to-noise",
        "Signal to noise",
        "Left: by wavelength, median and range of 68 % of the spectra. Right: the median of each spectrum.",
        partial(plot_signal_to_noise, spectra, errors),
    )


def _labels(section: Section, spectra: xr.DataArray, labels: xr.DataArray) -> None:
    try:
        found = label_correlations(spectra, labels)
    except DataError as error:
        section.missing.append(f"No correlations with labels: {error}.")
        return
    wavelength = spectra["wavelength"].values
    best = np.abs(np.nan_to_num(found["spearman"].values))
    rows: dict[str, list[object]] = {"label": [], "wavelength": [], "pearson": [], "spearman": []}
    for i, name in enumerate(found["output"].values):
        at = int(np.argmax(best[i]))
        rows["label"].append(str(name))
        rows["wavelength"].append(float(wavelength[at]))
        rows["pearson"].append(float(found["pearson"].values[i, at]))
        rows["spearman"].append(float(found["spearman"].values[i, at]))
    section.tables.append(
        Statistics("correlations", "The wavelength that follows each label most", rows, {"wavelength": "um"})
    )
    if len(wavelength) < 2:
        return
    section.draw(
        "correlations",
        "Correlation of wavelengths with labels",
        "Pearson's coefficient above, Spearman's (of ranks) below. It tells of each wavelength alone: a label without "
        "any may still be in the shape of spectra.",
        partial(plot_wavelength_correlations, spectra, labels),
    )


def _components(section: Section, spectra: xr.DataArray, labels: xr.DataArray | None, components: Components) -> None:
    parts = ", ".join(f"{100 * part:.3g}" for part in components.explained[:3])
    together = float(components.explained.sum())
    needed = components.needed(0.99)
    enough = f"{needed} hold 99 %" if needed <= len(components.explained) else f"more than {needed - 1} hold 99 %"
    section.findings.append(
        f"Principal components explain {parts} ... % of the variance; {enough}"
        + (f", {len(components.explained)} hold {100 * together:.4g} %." if together < 0.9999 else ".")
    )
    section.draw(
        "components",
        "Principal components",
        "Left: variance explained. Right: the first components by wavelength. Each wavelength is centred on its median "
        "and divided by its robust scatter.",
        partial(plot_components, spectra, components),
    )
    section.draw(
        "scores",
        "Scores of the first components",
        "A point per spectrum, coloured by label." if labels is not None else "A point per spectrum.",
        partial(plot_scores, spectra, labels, components),
    )
    found = find_outliers(components)
    targets = spectra["target"].values[found.rows].astype(str)
    order = np.argsort(found.distance)[::-1]
    count = int((found.distance > 1).sum())
    named = [f"{targets[i]} ({found.distance[i]:.3g})" for i in order[:_NAMED] if found.distance[i] > 1]
    section.findings.append(
        f"{counted(count, 'spectrum lies', 'spectra lie')} beyond the limit that 99.9 % of normally distributed ones "
        f"keep; farthest, in units of the limit: {', '.join(named)}."
        if named
        else "No spectrum is an outlier among the others."
    )
    if len(found.rows) < spectra.sizes["target"]:
        section.findings.append(
            f"{counted(spectra.sizes['target'] - len(found.rows), 'spectrum', 'spectra')} with less than half of the "
            "pixels known stand outside of this."
        )
    kept = order[: max(count, 20)][:500]
    section.tables.append(
        Statistics(
            "outliers",
            "Spectra by their distance from the others, farthest first; above 1 is beyond the limit",
            {
                "target": [str(targets[i]) for i in kept],
                "distance": [float(found.distance[i]) for i in kept],
                "within_components": [float(found.within[i]) for i in kept],
                "beyond_components": [float(found.beyond[i]) for i in kept],
            },
        )
    )
    section.draw(
        "outliers",
        "Outliers",
        "Robust distance of each spectrum within the space of the components, and what they leave of it, in units of "
        "limits that 99.9 % of normally distributed spectra keep. A grid of models is not distributed so: its corners "
        "lie far out and are no errors.",
        partial(plot_outliers, spectra, components),
    )


def _duplicates(section: Section, spectra: xr.DataArray, labels: xr.DataArray | None) -> None:
    try:
        found = find_duplicates(spectra)
    except DataError as error:
        section.missing.append(f"No duplicates: {error}.")
        return
    targets = [str(target) for target in spectra["target"].values]
    own = labels_of(labels, targets)
    members = sum(map(len, found.groups))
    if not found.groups:
        section.findings.append(
            "No two spectra are identical"
            + (f", but {sum(map(len, found.scaled))} are up to a factor." if found.scaled else ".")
        )
    else:
        first = [targets[i] for i in found.groups[0]]
        section.findings.append(
            f"{members} spectra are identical to another one, in {counted(len(found.groups), 'group')}; the first is "
            f"{listed(first, 4)}. Keep a group in one fold."
        )
    if own is not None:
        ceilings = accuracy_ceiling(own, found.groups)
        limited = {label: value for label, value in ceilings.items() if value < 1 - 1e-9}
        if limited:
            section.findings.append(
                "Identical spectra under different labels set a ceiling on accuracy, whatever the model: R2 at most "
                + ", ".join(f"{_ceiling(value)} for {label}" for label, value in limited.items())
                + "."
            )
        elif ceilings and found.groups:
            section.findings.append("Identical spectra have identical labels: they set no ceiling on R2.")
        elif ceilings:
            section.findings.append("Duplicates set no ceiling on the R2 of any label.")
        scaled = {k: v for k, v in accuracy_ceiling(own, found.scaled).items() if v < ceilings.get(k, 1.0) - 1e-9}
        if scaled:
            section.findings.append(
                "Where only the shape of spectra counts, more are the same, and R2 is at most "
                + ", ".join(f"{_ceiling(value)} for {label}" for label, value in scaled.items())
                + "."
            )
    finite = found.nearest[np.isfinite(found.nearest)]
    if finite.size:
        section.findings.append(
            f"{found.within(_NEAR)} of {len(finite)} spectra differ from their nearest neighbour by less than "
            f"{100 * _NEAR:g} % of their root mean square (median {100 * float(np.median(finite)):.3g} %): noise above "
            "that hides the difference."
        )
        section.draw(
            "neighbours",
            "Nearest neighbours",
            "Root mean square of the difference to the most similar other spectrum, relative to that of the spectrum.",
            partial(plot_neighbours, spectra, found),
        )
        order = np.argsort(found.nearest)[:200]
        section.tables.append(
            Statistics(
                "neighbours",
                "Spectra that resemble each other most",
                {
                    "target": [targets[i] for i in order],
                    "neighbour": [targets[int(found.neighbour[i])] for i in order],
                    "difference": [float(found.nearest[i]) for i in order],
                },
            )
        )


def _ceiling(value: float) -> str:
    """Return an R2 below 1 so that it does not read as 1."""
    return f"{value:.4f}" if value < 0.99995 else f"1 - {1 - value:.1e}"
