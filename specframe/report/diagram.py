"""A pipeline as a diagram: a box for each step, lines for what goes from one to the next, and the same as text."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import wrap
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from specframe.errors import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["PipelineStep", "diagram_svg", "diagram_text", "step_layers"]

_WIDTH = 760
_GAP = 26
_MARGIN = 10
_LINE = 17
_PAD = 12
#: Pixels that a letter of the parameters takes, of 12.5 px; a little more than it does.
_LETTER = 7.1
#: Lines of parameters in a box; the configuration below the report has all.
_MOST_LINES = 4
#: On the right, lines pass the boxes that they skip.
_LANE = 14


@dataclass(frozen=True)
class PipelineStep:
    """A step as it is drawn."""

    id: str
    #: ``loader``, ``calibrator``, ``detrender``, ``model``, ``uncertainty`` or ``exporter``.
    kind: str
    component: str
    #: Parameters that are not as they are by default, as text by name.
    parameters: Mapping[str, str] = field(default_factory=dict)
    #: Ids of the steps that it builds on; empty: the one before it.
    sources: tuple[str, ...] = ()
    #: Whether it learns what its source leaves of the labels.
    residual: bool = False


@dataclass(frozen=True)
class _Box:
    step: PipelineStep
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]


def step_layers(steps: Sequence[PipelineStep]) -> tuple[list[list[PipelineStep]], list[tuple[str, str]]]:
    """Return the steps in layers, those of a layer side by side, and the links between them as pairs of ids.

    Up to the last step before the models each step builds on the one before it. A model without ``sources`` reads what
    came out there; one with ``sources`` builds on these; one that learns a residual on both, its source being the model
    before it where none is named. Every other step builds on the one before it.
    """
    links: list[tuple[str, str]] = []
    depth: dict[str, int] = {}
    products = ""
    previous: PipelineStep | None = None
    for step in steps:
        if step.kind == "model":
            named = [source for source in step.sources if source in depth]
            if not named and step.residual and previous is not None and previous.kind == "model":
                named = [previous.id]
            found = named if named and not step.residual else [*named, *({products} - {*named, ""})]
        else:
            found = [previous.id] if previous is not None else []
            if step.kind in ("loader", "calibrator", "detrender"):
                products = step.id
        links += [(source, step.id) for source in found]
        depth[step.id] = 1 + max((depth[source] for source in found), default=-1)
        previous = step
    layers: list[list[PipelineStep]] = [[] for _ in range(1 + max(depth.values(), default=-1))]
    for step in steps:
        layers[depth[step.id]].append(step)
    return layers, links


def diagram_text(steps: Sequence[PipelineStep]) -> list[str]:
    """Return the diagram as sentences, a step each."""
    _, links = step_layers(steps)
    lines = []
    for step in steps:
        sources = [source for source, to in links if to == step.id]
        text = f"{step.id}: {step.kind} {step.component}"
        if sources:
            text += f", {'learns what is left by' if step.residual else 'builds on'} {' and '.join(sources)}"
        if step.parameters:
            text += "; " + ", ".join(f"{name} = {value}" for name, value in step.parameters.items())
        lines.append(printable(text))
    return lines


def diagram_svg(steps: Sequence[PipelineStep]) -> str:
    """Return the diagram as an SVG element ``pipeline-diagram``; colours are those of the page's style.

    Text is escaped. ``""`` without steps.
    """
    if not steps:
        return ""
    layers, links = step_layers(steps)
    boxes = _boxes(layers)
    height = max(box.y + box.height for box in boxes.values()) + _MARGIN
    summary = " → ".join(" and ".join(f"{step.kind} {step.component}" for step in layer) for layer in layers)
    title = f"Pipeline of {len(steps)} steps: {printable(summary)}"
    residual = {step.id for step in steps if step.residual}
    parts = [
        f'<svg id="pipeline-diagram" class="diagram" role="img" viewBox="0 0 {_WIDTH} {height:.0f}" '
        f'aria-labelledby="diagram-title" xmlns="http://www.w3.org/2000/svg">',
        f'<title id="diagram-title">{escape(title)}</title>',
    ]
    lane = 0
    for source, to in links:
        first, second = boxes[source], boxes[to]
        skips = any(
            first.y + first.height < box.y < second.y and abs(_middle(box) - _middle(first)) < 0.5 * box.width
            for box in boxes.values()
        )
        lane += skips
        parts.append(_link(first, second, _WIDTH - _LANE * lane + 4 if skips else None, to in residual))
    parts += [_box(box) for box in boxes.values()]
    return "".join((*parts, "</svg>"))


def _middle(box: _Box) -> float:
    return box.x + 0.5 * box.width


def _boxes(layers: Sequence[Sequence[PipelineStep]]) -> dict[str, _Box]:
    room = _WIDTH - 2 * _MARGIN - 3 * _LANE
    boxes: dict[str, _Box] = {}
    y = float(_MARGIN)
    for layer in layers:
        width = (room - (len(layer) - 1) * _GAP) / len(layer)
        lines = [_lines(step, width) for step in layer]
        height = 2 * _PAD + _LINE * (1 + max(map(len, lines))) + (_LINE if len(layer) > 1 else 0)
        for i, step in enumerate(layer):
            boxes[step.id] = _Box(step, _MARGIN + i * (width + _GAP), y, width, height, lines[i])
        y += height + _GAP
    return boxes


def _lines(step: PipelineStep, width: float) -> tuple[str, ...]:
    """Return the parameters in lines that fit into the box."""
    text = " · ".join(f"{name} {value}" for name, value in step.parameters.items())
    lines = wrap(printable(text), max(int((width - 2 * _PAD) / _LETTER), 10), break_on_hyphens=False)
    return tuple([*lines[: _MOST_LINES - 1], "…"] if len(lines) > _MOST_LINES else lines)


def _box(box: _Box) -> str:
    step, x, y = box.step, box.x + _PAD, box.y + _PAD + 12
    several = box.width < 0.5 * _WIDTH
    letters = max(int((box.width - 2 * _PAD) / 8.2), 8)
    name = _cut(step.component, letters if several else letters - len(step.kind) - len(step.id) - 6)
    head = (
        f'<text x="{x:.1f}" y="{y:.1f}"><tspan class="kind">{escape(step.kind)}</tspan> '
        f'<tspan class="id">{escape(_cut(step.id, 16))}</tspan></text>'
        f'<text x="{x:.1f}" y="{y + _LINE:.1f}" class="component">{escape(name)}</text>'
        if several
        else f'<text x="{x:.1f}" y="{y:.1f}"><tspan class="kind">{escape(step.kind)}</tspan>  '
        f'<tspan class="component">{escape(name)}</tspan></text>'
        f'<text x="{box.x + box.width - _PAD:.1f}" y="{y:.1f}" class="id end">{escape(_cut(step.id, 24))}</text>'
    )
    start = y + (2 if several else 1) * _LINE
    lines = "".join(
        f'<text x="{x:.1f}" y="{start + i * _LINE:.1f}" class="parameters">{escape(line)}</text>'
        for i, line in enumerate(box.lines)
    )
    return (
        f"<g class={quoteattr(f'step {step.kind}')}>"
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="6"/>'
        f'<rect class="stripe" x="{box.x:.1f}" y="{box.y:.1f}" width="5" height="{box.height:.1f}" rx="2.5"/>'
        f"{head}{lines}</g>"
    )


def _link(first: _Box, second: _Box, lane: float | None, residual: bool) -> str:
    """Return the line from one box to another, past the boxes between them where there are such."""
    x1, y1, x2, y2 = _middle(first), first.y + first.height, _middle(second), second.y
    if lane is None:
        half = 0.5 * (y1 + y2) if y2 - y1 < 2 * _GAP else y2 - 0.5 * _GAP
        path = f"M{x1:.1f} {y1:.1f}" + (f"V{half:.1f}H{x2:.1f}" if abs(x1 - x2) > 0.5 else "") + f"V{y2 - 6:.1f}"
        label = f'<text x="{x2 + 8:.1f}" y="{y2 - 8:.1f}" class="note">residual</text>' if residual else ""
    else:
        side1, side2 = first.x + first.width, second.x + second.width
        y1, y2 = first.y + 0.5 * first.height, second.y + 0.5 * second.height
        path = f"M{side1:.1f} {y1:.1f}H{lane:.1f}V{y2:.1f}H{side2 + 6:.1f}"
        arrow = f"M{side2 + 8:.1f} {y2 - 4:.1f}L{side2 + 1:.1f} {y2:.1f}L{side2 + 8:.1f} {y2 + 4:.1f}Z"
        return f'<path class="link" d="{path}"/><path class="arrow" d="{arrow}"/>'
    arrow = f"M{x2 - 4:.1f} {y2 - 8:.1f}L{x2:.1f} {y2 - 1:.1f}L{x2 + 4:.1f} {y2 - 8:.1f}Z"
    return f'<path class="link{" residual" if residual else ""}" d="{path}"/><path class="arrow" d="{arrow}"/>{label}'


def _cut(text: str, letters: int) -> str:
    text = printable(text)
    return text if len(text) <= letters else f"{text[: max(letters - 1, 1)]}…"
