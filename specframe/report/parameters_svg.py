"""The parameters of one target as SVG: a line for each, with its intervals on the range of all targets."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np

from specframe.errors import printable
from specframe.report.svg_axis import Axis

if TYPE_CHECKING:
    from specframe.report.predicted import Predicted

__all__ = ["parameters_svg", "parameters_words"]

_WIDTH, _LEFT, _RIGHT, _ROW = 820, 170, 24, 62


def parameters_words(predicted: Predicted, row: int) -> str:
    """Return in a sentence what is predicted of a target, for those who do not see it."""
    said, factor = [], predicted.factor
    for j, name in enumerate(predicted.outputs):
        text = f"{printable(name)} {factor * predicted.mean[row, j]:.4g}"
        if 0.68 in predicted.bounds:
            lower, upper = (factor * bound[row, j] for bound in predicted.bounds[0.68])
            text += f", 68 % between {lower:.4g} and {upper:.4g}"
        if predicted.truth is not None and np.isfinite(predicted.truth[row, j]):
            text += f", true {factor * predicted.truth[row, j]:.4g}"
        said.append(f"{text} {printable(predicted.shown_units[j])}".rstrip())
    return f"{'; '.join(said)}."


def parameters_svg(predicted: Predicted, row: int, identifier: str = "") -> str:
    """Return the intervals of the parameters of the target in ``row``: 95 % thin, 68 % thick, the truth a diamond."""
    n_output = len(predicted.outputs)
    height = 12 + _ROW * n_output
    name = f' id="{identifier}"' if identifier else ""
    words = f"Target {printable(predicted.targets[row])}. {parameters_words(predicted, row)}"
    parts = [
        f'<svg{name} class="chart" role="img" viewBox="0 0 {_WIDTH} {height}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(words)}</title>'
    ]
    parts += [_parameter(predicted, row, j, 12 + _ROW * j + 16) for j in range(n_output)]
    return "".join((*parts, "</svg>"))


def _parameter(predicted: Predicted, row: int, j: int, y: float) -> str:
    factor = predicted.factor
    value = factor * predicted.mean[row, j]
    bounds = {
        level: (factor * float(low[row, j]), factor * float(high[row, j]))
        for level, (low, high) in predicted.bounds.items()
    }
    # the range of all targets, and whatever of this one lies beyond it
    reach = [*(factor * predicted.mean[:, j]), *(bound for pair in bounds.values() for bound in pair)]
    truth = np.nan if predicted.truth is None else factor * predicted.truth[row, j]
    if predicted.truth is not None:
        reach += [*(factor * predicted.truth[:, j])]
    known = np.array(reach)[np.isfinite(reach)]
    unit, name = printable(predicted.shown_units[j]), printable(predicted.outputs[j])
    label = f"{name} ({unit})" if unit else name
    parts = [f'<text class="label end" x="{_LEFT - 14}" y="{y + 5}">{escape(label[:24])}</text>']
    if not known.size or not np.isfinite(value):
        return "".join((*parts, f'<text class="tick" x="{_LEFT}" y="{y + 5}">not known</text>'))
    across = Axis.around(float(known.min()), float(known.max()), _LEFT, _WIDTH - _RIGHT, 0.03)
    parts.append(f'<path class="axis" d="M{across.start} {y + 16}H{across.end}"/>')
    for tick, text in across.ticks(7):
        x = across(tick)
        parts.append(f'<path class="axis" d="M{x:.1f} {y + 16}v4"/>')
        parts.append(f'<text class="tick middle" x="{x:.1f}" y="{y + 33}">{text}</text>')
    for level, style in ((0.95, "error95"), (0.68, "error")):
        if level in bounds and all(map(np.isfinite, bounds[level])):
            low, high = (across(bound) for bound in bounds[level])
            parts.append(f'<path class="{style} thick" d="M{low:.1f} {y}H{high:.1f}"/>')
    parts.append(f'<circle class="point" cx="{across(value):.1f}" cy="{y}" r="5"/>')
    if np.isfinite(truth):
        x = across(truth)
        parts.append(f'<path class="truth-mark" d="M{x - 7:.1f} {y}l7 -7l7 7l-7 7Z"/>')
    return "".join(parts)
