"""Draw which part of specframe imports which, read from the sources.

Run from the repository's root: ``python docs/figures/import_graph.py``. ``tests/test_import_graph.py`` fails when the
picture shows something else than the sources.
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT = Path(__file__).parents[2]
IMAGE = Path(__file__).parents[1] / "images" / "import-graph.svg"
_COLOURS = {"core": "#0072B2", "plugins": "#D55E00"}

#: ``specframe`` itself and ``python -m specframe`` hand on, and hide nothing.
_ENTRANCES = ("", "__main__")

When = Literal["import", "call", "types"]


@dataclass(frozen=True)
class Import:
    """A module that imports another: when it is imported itself, when a function is called, or for types only."""

    importer: str
    imported: str
    when: When


def sources(root: Path = ROOT) -> dict[str, Path]:
    """Return the modules of the core and of the bundled plugins by their names."""
    folders = [(root / "specframe", root)]
    folders += [
        (path, path.parent)
        for path in sorted((root / "plugins").glob("*/specframe_*"))
        if path.parent.name != "template"
    ]
    return {_name(path, above): path for folder, above in folders for path in sorted(folder.rglob("*.py"))}


def imports(modules: Mapping[str, Path]) -> list[Import]:
    """Return the imports among ``modules``, each once."""
    found = {
        Import(name, target, when)
        for name, path in modules.items()
        for target, when in _imported(name, path, modules)
        if target != name
    }
    return sorted(found, key=lambda entry: (entry.importer, entry.imported, entry.when))


def part(module: str) -> str:
    """Return the package of the core, or the plugin, that a module belongs to."""
    first, _, rest = module.partition(".")
    return rest.partition(".")[0] if first == "specframe" else first


def room(module: str, modules: Mapping[str, Path]) -> str:
    """Return the folder that a module lies in, as a dotted name."""
    return module if modules[module].name == "__init__.py" else module.rpartition(".")[0]


def between_parts(found: Iterable[Import]) -> dict[tuple[str, str], int]:
    """Return how many modules of a part import how many of another, by both; what is for types only is left out."""
    pairs = {(entry.importer, entry.imported) for entry in found if entry.when != "types"}
    named = ((part(a), part(b)) for a, b in pairs)
    counts = Counter((a, b) for a, b in named if a not in _ENTRANCES and b not in _ENTRANCES and a != b)
    return dict(sorted(counts.items()))


def circles(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return the groups of nodes that can be reached from each other (Tarjan 1972, SIAM J. Comput. 1, 146)."""
    following: dict[str, set[str]] = {}
    for a, b in edges:
        following.setdefault(a, set()).add(b)
        following.setdefault(b, set())
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = lowest[node] = len(order)
        path.append(node)
        for after in sorted(following[node]):
            if after not in order:
                visit(after)
                lowest[node] = min(lowest[node], lowest[after])
            elif after in path:
                lowest[node] = min(lowest[node], order[after])
        if lowest[node] == order[node]:
            group = path[path.index(node) :]
            del path[path.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(following):
        if node not in order:
            visit(node)
    return sorted(found)


def rows(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return the parts in rows: each stands on rows below it, the first row on nothing."""
    edges = list(edges)
    below = {node: {b for a, b in edges if a == node} for edge in edges for node in edge}
    height: dict[str, int] = {}
    while len(height) < len(below):
        ready = [node for node in below if node not in height and below[node] <= height.keys()]
        if not ready:
            raise ValueError(f"a circle: {circles(edges)}")
        for node in ready:
            height[node] = 1 + max((height[other] for other in below[node]), default=-1)
    return [sorted(node for node in height if height[node] == level) for level in range(max(height.values()) + 1)]


def described(edges: Iterable[tuple[str, str]]) -> str:
    """Return the arrows as the picture's description tells them."""
    return "; ".join(f"{a} imports {b}" for a, b in edges)


def draw(counts: Mapping[tuple[str, str], int], path: Path) -> None:
    """Write the graph as SVG. Arrows that others imply are thin: who imports pipeline has its errors anyway."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    mpl.rcParams.update({"svg.hashsalt": "specframe", "svg.fonttype": "path"})
    shown = {edge: count for edge, count in counts.items() if edge != OFFERED}
    levels = rows(shown)
    place = {
        node: ((i + 0.5) / len(level) + 0.03 * (-1) ** height, height)
        for height, level in enumerate(levels)
        for i, node in enumerate(level)
    }
    fig, ax = plt.subplots(figsize=(10, 7.5))
    fig.subplots_adjust(left=0.01, right=0.99, bottom=0.01, top=0.99)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.4, len(levels) - 0.6))
    ax.axis("off")
    boxes = {}
    for node, (x, y) in place.items():
        colour = _COLOURS["plugins" if node.startswith("specframe_") else "core"]
        box = {"boxstyle": "round,pad=0.4", "fc": "white", "ec": colour, "lw": 1.4}
        boxes[node] = ax.text(
            x, y, node.removeprefix("specframe_"), ha="center", va="center", fontsize=11, bbox=box, zorder=3
        )
    fig.draw_without_rendering()  # places the boxes, at which arrows end
    for (a, b), count in shown.items():
        implied = any((a, c) in shown and _reaches(c, b, shown) for c in place if c not in (a, b))
        style = {
            "arrowstyle": "-|>,head_width=0.25,head_length=0.5",
            "connectionstyle": f"arc3,rad={0.0 if place[a][1] - place[b][1] == 1 else 0.12}",
            "patchA": boxes[a].get_bbox_patch(),
            "patchB": boxes[b].get_bbox_patch(),
            "lw": 0.5 if implied else 0.8 + min(count, 40) / 16,
            "color": "#bbbbbb" if implied else _COLOURS["plugins" if a.startswith("specframe_") else "core"],
            "zorder": 1 if implied else 2,
        }
        ax.annotate("", place[b], place[a], arrowprops=style, zorder=1)
    for i, (kind, colour) in enumerate(_COLOURS.items()):
        ax.text(0.0, len(levels) - 0.85 - 0.22 * i, kind, color=colour, fontsize=11, ha="left")
    fig.savefig(path, metadata={"Date": None, "Description": described(counts)})
    # no blanks at ends of lines, which editors would remove
    path.write_text("\n".join(line.rstrip() for line in path.read_text().splitlines()) + "\n")


#: What people hold in Python offers what stands above it, and imports that when asked to.
OFFERED = ("pipeline", "tuning")


def _reaches(a: str, b: str, edges: Iterable[tuple[str, str]]) -> bool:
    return any(start == a and (end == b or _reaches(end, b, edges)) for start, end in edges)


def _name(path: Path, above: Path) -> str:
    parts = path.relative_to(above).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(name: str, path: Path, modules: Mapping[str, Path]) -> Iterator[tuple[str, When]]:
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    yield from _below(ast.parse(path.read_text(encoding="utf-8")), "import", package, modules)


def _below(node: ast.AST, when: When, package: list[str], modules: Mapping[str, Path]) -> Iterator[tuple[str, When]]:
    for child in ast.iter_child_nodes(node):
        then = when
        if when == "import" and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            then = "call"
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            then = "types"
        if isinstance(child, ast.Import):
            yield from ((alias.name, then) for alias in child.names if alias.name in modules)
        elif isinstance(child, ast.ImportFrom):
            base = package[: len(package) - child.level + 1] if child.level else []
            module = ".".join([*base, *([child.module] if child.module else [])])
            for alias in child.names:
                named = f"{module}.{alias.name}"
                if named in modules or module in modules:
                    yield (named if named in modules else module), then
        else:
            yield from _below(child, then, package, modules)


if __name__ == "__main__":
    draw(between_parts(imports(sources())), IMAGE)
