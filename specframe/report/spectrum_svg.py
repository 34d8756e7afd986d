"""The spectrum of one target as SVG: sharp on paper, light or dark with the page, and shown without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np

from specframe.errors import printable
from specframe.report.gaps import without_gaps
from specframe.report.svg_axis import Axis

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe.report.predicted import Predicted

    Array = NDArray[np.float64]

__all__ = ["spectrum_svg", "spectrum_words"]

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 820, 74, 12, 14, 46
_HEIGHT, _BELOW, _GAP = 270, 100, 16
#: With more channels points are smaller.
_MANY = 60
#: Of more channels only every second, third ... is drawn, so that pages stay small.
_MOST = 1500
#: Residuals beyond so many standard errors are drawn at the edge, as triangles.
_SIGMAS = 4.0


def spectrum_words(predicted: Predicted, row: int) -> str:
    """Return in a sentence what the spectrum of a target shows, for those who do not see it."""
    quantity = predicted.quantity
    known = np.isfinite(predicted.mean[row])
    if quantity is None or predicted.wavelength is None or not known.any():
        return "No value is known."
    values, at = predicted.mean[row][known] * quantity.factor, predicted.wavelength[known]
    text = (
        f"{quantity.name} in {known.sum()} channels from {at[0]:.4g} to {at[-1]:.4g} micrometres, between "
        f"{values.min():.5g} and {values.max():.5g} {quantity.unit}".rstrip()
    )
    scores = predicted.scores
    if "error" in scores:
        text += f"; median error {scores['error'][row]:.3g} {quantity.error_unit}".rstrip()
    if "rmse" in scores and np.isfinite(scores["rmse"][row]):
        text += f"; root mean square difference from the truth {scores['rmse'][row]:.3g} {quantity.error_unit}".rstrip()
    every = _every(predicted)
    return f"{text}; one of {every} channels is drawn." if every > 1 else f"{text}."


def spectrum_svg(predicted: Predicted, row: int, identifier: str = "") -> str:
    """Return the spectrum of the target in ``row`` with its 68 % error bars and the truth, and the residual in sigma.

    Parameters
    ----------
    predicted
        Of channels with wavelengths.
    identifier
        The ``id`` of the element; ``""`` for none.
    """
    quantity = predicted.quantity
    if quantity is None or predicted.wavelength is None:
        return ""
    every = _every(predicted)
    part = slice(None, None, every)
    x = predicted.wavelength[part]
    truth = None if predicted.truth is None else predicted.truth[row][part] * quantity.factor
    has_truth = truth is not None and bool(np.isfinite(truth).any()) and predicted.std is not None
    bottom = _TOP + _HEIGHT + (_GAP + _BELOW if has_truth else 0)
    mean = predicted.mean[row][part] * quantity.factor
    lower, upper = (
        (bound[row][part] * quantity.factor for bound in predicted.bounds[0.68])
        if 0.68 in predicted.bounds
        else (mean, mean)
    )
    reach = np.concatenate([lower, upper, mean, *([truth] if truth is not None else [])])
    reach = reach[np.isfinite(reach)]
    if not reach.size:
        return ""
    across = Axis.around(float(x.min()), float(x.max()), _LEFT, _WIDTH - _RIGHT, 0.02)
    up = Axis.around(float(reach.min()), float(reach.max()), _TOP + _HEIGHT, _TOP)
    name = f' id="{identifier}"' if identifier else ""
    words = f"Target {printable(predicted.targets[row])}. {spectrum_words(predicted, row)}"
    parts = [
        f'<svg{name} class="chart" role="img" viewBox="0 0 {_WIDTH} {bottom + _BOTTOM}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(words)}</title>',
        _frame(across, up, bottom, labelled=not has_truth),
        _vertical(quantity.label, 0.5 * (up.start + up.end)),
    ]
    if every > 1:
        note = f"1 of {every} channels is drawn"
        parts.append(f'<text class="tick end" x="{_WIDTH - _RIGHT - 6}" y="{_TOP + 16}">{note}</text>')
    if 0.68 in predicted.bounds:
        parts.append(f'<path class="error" d="{_bars(x, lower, upper, across, up)}"/>')
    if truth is not None:  # above the bars, which stand close where channels are many
        parts.append(f'<path class="truth" d="{_line(x, truth, across, up)}"/>')
    parts.append(_points(x, mean, across, up))
    if has_truth and truth is not None and predicted.std is not None:
        std = predicted.std[row][part] * quantity.factor
        pull = np.divide(mean - truth, std, out=np.full(mean.size, np.nan), where=std > 0)
        below = Axis(-_SIGMAS, _SIGMAS, bottom, bottom - _BELOW)
        parts += [
            _frame(across, below, bottom, labelled=True, number=4),
            _vertical("Residual (σ)", bottom - 0.5 * _BELOW),
        ]
        parts += [
            f'<path class="level" d="M{_LEFT} {below(level):.1f}H{_WIDTH - _RIGHT}"/>' for level in (-1.0, 1.0)
        ] + [f'<path class="truth" d="M{_LEFT} {below(0):.1f}H{_WIDTH - _RIGHT}"/>']
        parts.append(_points(x, pull, across, below))
    parts.append(
        f'<text class="label middle" x="{0.5 * (_LEFT + _WIDTH - _RIGHT):.0f}" y="{bottom + 38}">Wavelength (µm)</text>'
    )
    return "".join((*parts, "</svg>"))


def _every(predicted: Predicted) -> int:
    """Return which channels are drawn: every first, second ..."""
    return -(-len(predicted.outputs) // _MOST)


def _frame(across: Axis, up: Axis, bottom: float, labelled: bool, number: int = 5) -> str:
    """Return ticks and grid of a panel, with numbers along the wavelength where it is the lowest."""
    lines = []
    for value, text in up.ticks(number):
        y = up(value)
        lines.append(f'<path class="grid" d="M{across.start} {y:.1f}H{across.end}"/>')
        lines.append(f'<text class="tick end" x="{across.start - 7}" y="{y + 4:.1f}">{text}</text>')
    for value, text in across.ticks(8):
        x = across(value)
        lines.append(f'<path class="grid" d="M{x:.1f} {up.start:.1f}V{up.end:.1f}"/>')
        if labelled:
            lines.append(f'<text class="tick middle" x="{x:.1f}" y="{bottom + 17:.1f}">{text}</text>')
    box = f"M{across.start} {up.end:.1f}H{across.end}V{up.start:.1f}H{across.start}Z"
    return "".join(lines) + f'<path class="axis" d="{box}"/>'


def _vertical(text: str, middle: float) -> str:
    return f'<text class="label middle" transform="translate(16 {middle:.0f}) rotate(-90)">{escape(text)}</text>'


def _bars(x: Array, lower: Array, upper: Array, across: Axis, up: Axis) -> str:
    return "".join(
        f"M{across(a):.1f} {up(low):.1f}V{up(high):.1f}"
        for a, low, high in zip(x, lower, upper, strict=True)
        if np.isfinite(low) and np.isfinite(high)
    )


def _line(x: Array, y: Array, across: Axis, up: Axis) -> str:
    """Return a line that is broken where the wavelengths have a gap; a channel on its own is a dash."""
    path = []
    known = np.isfinite(y)
    for part in without_gaps(x[known]):
        at, values = x[known][part], y[known][part]
        if at.size == 1:
            path.append(f"M{across(at[0]) - 5:.1f} {up(values[0]):.1f}h10")
        else:
            path.append("M" + "L".join(f"{across(a):.1f} {up(b):.1f}" for a, b in zip(at, values, strict=True)))
    return "".join(path)


def _points(x: Array, y: Array, across: Axis, up: Axis) -> str:
    """Return the points as dots; those beyond the axis as triangles at its edge."""
    size = 3.8 if x.size > _MANY else 6.8
    dots, beyond = [], []
    for a, b in zip(x, y, strict=True):
        if not np.isfinite(b):
            continue
        at = across(a)
        if up.low <= b <= up.high:
            dots.append(f"M{at:.1f} {up(b):.1f}h0")
        else:
            edge, way = (up.end, 1) if b > up.high else (up.start, -1)
            beyond.append(f"M{at - 4:.1f} {edge + 8 * way:.1f}h8l-4 {-7 * way}Z")
    triangles = f'<path class="point" d="{"".join(beyond)}"/>' if beyond else ""
    return f'<path class="dots" stroke-width="{size}" d="{"".join(dots)}"/>{triangles}'
