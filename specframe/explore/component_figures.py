"""Figures of principal components, of neighbours and of outliers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import DataError
from specframe.explore.axes import colour_bar, label_text, log_axis, panels, short, wavelength_text
from specframe.explore.components import Components, find_outliers, principal_components
from specframe.explore.duplicates import find_duplicates
from specframe.explore.labels import label_units, varying
from specframe.explore.spectra import labels_of
from specframe.report.canvas import PALETTE, clean, legend_above, new_figure, styled
from specframe.report.gaps import without_gaps

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from specframe.explore.duplicates import Duplicates

__all__ = ["plot_components", "plot_neighbours", "plot_outliers", "plot_scores"]

_DRAWN, _MOST_PANELS, _NAMED = 4, 6, 5


@styled
def plot_components(spectra: xr.DataArray, components: Components | None = None) -> Figure:
    """Draw the variance that principal components explain, and the first four as spectra.

    Parameters
    ----------
    spectra
        Dims ``(target, wavelength)``, NaN where masked.
    components
        Those of these spectra, where they are known already; see
        :func:`~specframe.explore.principal_components`.

    Raises
    ------
    DataError
        When there are fewer than three spectra or two wavelengths.
    """
    found = principal_components(spectra) if components is None else components
    fig = new_figure(7.6, 3.4)
    left, right = fig.subplots(1, 2, width_ratios=[1, 2])
    number = np.arange(1, len(found.explained) + 1)
    left.bar(number, 100 * found.explained, color=PALETTE["sky"], label="each")
    left.plot(number, 100 * np.cumsum(found.explained), "o-", ms=3, color=PALETTE["vermillion"], label="together")
    left.set(xlabel="Component", ylabel="Explained variance (%)", ylim=(0, 104))
    left.legend(loc="center right")
    wavelength = spectra["wavelength"].values[found.columns]
    size = 1.35 * float(np.ptp(found.vectors[:_DRAWN], axis=1).max())
    # centred: a component that is the same everywhere is a change of brightness
    shown = found.vectors[:_DRAWN] - np.median(found.vectors[:_DRAWN], axis=1, keepdims=True)
    for i, (vector, colour) in enumerate(
        zip(found.vectors[:_DRAWN], ("blue", "vermillion", "green", "purple"), strict=False)
    ):
        zero = -np.median(vector) - i * size
        if abs(zero + i * size) < 0.6 * size:
            right.axhline(zero, color="0.8", lw=0.7)
        for part in without_gaps(wavelength):
            marker = "o" if len(part) == 1 else None
            right.plot(wavelength[part], shown[i][part] - i * size, color=PALETTE[colour], lw=1.1, marker=marker, ms=3)
        text = f"{i + 1}: {100 * found.explained[i]:.3g} %"
        right.text(0.99, (0.3 - i) * size, text, transform=right.get_yaxis_transform(), ha="right", fontsize=8.5)
    right.set(xlabel=wavelength_text(spectra), ylabel="Component", ylim=((0.4 - len(shown)) * size, 0.6 * size))
    right.set_yticks([])
    clean(left, right)
    return fig


@styled
def plot_scores(
    spectra: xr.DataArray, labels: xr.DataArray | None = None, components: Components | None = None
) -> Figure:
    """Draw the scores of the first two principal components, a panel coloured by each label that varies (up to six).

    Parameters
    ----------
    spectra, components
        As :func:`plot_components`.
    labels
        Dims ``(target, output)``, matched by name.

    Raises
    ------
    DataError
        When there are fewer than three spectra or two wavelengths.
    """
    found = principal_components(spectra) if components is None else components
    x = found.scores[:, 0]
    y = found.scores[:, 1] if found.scores.shape[1] > 1 else np.zeros_like(x)
    own = labels_of(labels, [str(target) for target in spectra["target"].values[found.rows]])
    names: list[str] = [] if own is None else varying(own)[:_MOST_PANELS]
    size = float(np.clip(60 / np.sqrt(len(x)), 1.5, 5.0)) ** 2
    fig, axes = panels(max(len(names), 1), width=2.9, height=2.5, most_columns=3, sharex=True, sharey=True)
    for ax, name in zip(axes, names, strict=False):
        assert own is not None
        values = own.sel(output=name).values
        known = np.isfinite(values)
        ax.scatter(x[~known], y[~known], s=size, color="0.8", lw=0, rasterized=True)
        image = ax.scatter(x[known], y[known], s=size, c=values[known], cmap="viridis", lw=0, rasterized=True)
        colour_bar(fig, image, ax, label_text(name, label_units(own)[name]))
    if not names:
        axes[0].scatter(x, y, s=size, color=PALETTE["blue"], lw=0, rasterized=True)
    fig.supxlabel("Score of component 1", fontsize=10)
    fig.supylabel("Score of component 2", fontsize=10)
    clean(*axes)
    return fig


@styled
def plot_outliers(spectra: xr.DataArray, components: Components | None = None) -> Figure:
    """Draw how far spectra lie from the others, within the space of components and beyond it, and name the farthest.

    Takes and raises the same as :func:`plot_components`; see :func:`~specframe.explore.find_outliers`.
    """
    found = find_outliers(principal_components(spectra) if components is None else components)
    fig = new_figure(6.4, 4.0)
    ax = fig.subplots()
    outlying = found.distance > 1
    for chosen, colour, name in ((~outlying, "blue", "within the limits"), (outlying, "vermillion", "outlying")):
        if chosen.any():
            ax.plot(
                found.within[chosen].clip(1e-3),
                found.beyond[chosen].clip(1e-3),
                "o",
                ms=3,
                mew=0,
                alpha=0.7,
                color=PALETTE[colour],
                label=f"{name} ({int(chosen.sum())})",
                rasterized=True,
            )
    ax.axvline(1, color="0.5", lw=0.8, ls=":")
    ax.axhline(1, color="0.5", lw=0.8, ls=":")
    targets = spectra["target"].values[found.rows]
    width, height = (float(np.ptp(np.log10(np.append(v, 1.0).clip(1e-3)))) for v in (found.within, found.beyond))
    places: list[tuple[float, float]] = []
    for i in np.argsort(found.distance)[::-1][: 4 * _NAMED]:
        place = (np.log10(found.within[i].clip(1e-3)), np.log10(found.beyond[i].clip(1e-3)))
        # names of points beside each other would hide each other
        alone = all(abs(place[1] - y) > 0.04 * height or abs(place[0] - x) > 0.3 * width for x, y in places)
        if outlying[i] and alone and len(places) < _NAMED:
            places.append(place)
            ax.annotate(
                short(str(targets[i]), 24),
                (found.within[i].clip(1e-3), found.beyond[i].clip(1e-3)),
                xytext=(-5, 3),
                textcoords="offset points",
                ha="right",
                fontsize=7.5,
            )
    for values, limits in ((found.within, ax.set_xlim), (found.beyond, ax.set_ylim)):
        low, high = max(float(values.min()), 1e-3), max(float(values.max()), 1.0)
        limits(low / 1.4, high * 1.6)
    log_axis(ax, "x")
    log_axis(ax, "y")
    ax.set(xlabel="Distance in the components / limit", ylabel="What components leave / limit")
    legend_above(ax)
    clean(ax)
    return fig


@styled
def plot_neighbours(spectra: xr.DataArray, duplicates: Duplicates | None = None) -> Figure:
    """Draw how much each spectrum differs from the nearest other one, relative to its root mean square.

    Parameters
    ----------
    spectra
        Dims ``(target, wavelength)``, NaN where masked.
    duplicates
        What :func:`~specframe.explore.find_duplicates` found, where it is known already.

    Raises
    ------
    DataError
        When there are fewer than two spectra.
    """
    found = find_duplicates(spectra) if duplicates is None else duplicates
    nearest = found.nearest[np.isfinite(found.nearest)]
    if not nearest.size:
        raise DataError("neighbours: no two spectra have a pixel in common")
    fig = new_figure(6.4, 3.0)
    ax = fig.subplots()
    shown = 100 * nearest.clip(1e-8)
    low, high = np.floor(np.log10(shown.min())), np.ceil(np.log10(shown.max() * 1.0001))
    ax.hist(shown, bins=np.logspace(low, max(high, low + 1), 60).tolist(), color=PALETTE["blue"])
    ax.set_xlim(10**low, 10.0 ** max(high, low + 1))
    log_axis(ax, "x")
    ax.set(xlabel="Difference to the nearest spectrum (% of its rms)", ylabel="Spectra")
    clean(ax)
    return fig
