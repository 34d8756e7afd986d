"""Reads the search space of ``tune``, and tries each of its values in the pipeline."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, cast

from specframe.config.components import ComponentReader
from specframe.config.node import ListNode, MapNode, ScalarNode, children, describe, plain
from specframe.config.problem import Problems, nearest
from specframe.config.recipe import step_id
from specframe.config.search import Dimension, put_value
from specframe.config.section import Section
from specframe.config.steps import read_steps
from specframe.config.substitution import Substitution

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from specframe.config.components import ComponentSource
    from specframe.config.node import Entry, Node
    from specframe.config.problem import Position
    from specframe.config.spec import Step

__all__ = ["SpaceReader"]

_RANGE_KEYS = ("low", "high", "step", "log")


class SpaceReader:
    """Reads the dimensions, and tries each of their values in the pipeline."""

    def __init__(
        self,
        source: MapNode,
        section: Section,
        steps: Sequence[Step],
        components: ComponentSource | None,
        check_paths: bool,
    ) -> None:
        self.source = source
        self.filled = section.node
        self.problems = section.problems
        self.steps = steps
        self.components = components
        self.check_paths = check_paths
        #: Whether the pipeline itself is right: else a value cannot be tried.
        self.sound = not section.problems and components is not None
        #: Every value of a text: to see which variables are used.
        self.texts = [text for key, node in children(source) if key != "tune" for text in _texts(node)]

    def read(self, tune: Section) -> tuple[Dimension, ...]:
        """Return the dimensions that are right."""
        node = tune.get("space")
        entry = tune.node.entries.get("space")
        if node is None or not isinstance(node, MapNode) or not node.entries:
            at = entry.at if entry else tune.at
            if not (entry and isinstance(entry.value, ScalarNode) and entry.value.spoilt):
                self.problems.add(
                    at, "tune needs a 'space': keys as --set takes them", "fit.alpha: {low: 0.01, high: 100, log: true}"
                )
            return ()
        raw = self.source.get("tune")
        unfilled = raw.get("space") if isinstance(raw, MapNode) else None
        raw_space = unfilled if isinstance(unfilled, MapNode) else node
        dimensions = []
        for key, found in node.entries.items():
            whole = next((k for k in node.entries if k != key and f"{key}.".startswith(f"{k}.")), None)
            if whole is not None:
                self.problems.add(found.at, f"{key!r} is a part of {whole!r}, which is in the space too", "remove one")
                continue
            if not self._names_something(key, found):
                continue
            dimension = self._dimension(key, found, raw_space.entries[key])
            if dimension is not None:
                dimensions.append(self._tried(dimension) if self.sound else dimension)
        return tuple(dimensions)

    def _names_something(self, key: str, entry: Entry) -> bool:
        path = key.split(".")
        items = self.filled.get("steps")
        ids = [name for name in map(step_id, items.items if isinstance(items, ListNode) else ()) if name]
        variables = self.source.get("vars")
        names = list(variables.entries) if isinstance(variables, MapNode) else []
        if path[0] == "vars":
            known = [f"vars.{name}" for name in names]
            if len(path) < 2 or path[1] not in names:
                self.problems.add(
                    entry.at, f"there is no variable {key!r}", nearest(key, known, "there are") or "state it in 'vars'"
                )
                return False
            if not any(f"${{vars.{path[1]}" in text for text in self.texts):
                self.problems.add(
                    entry.at, f"the variable {key!r} is used nowhere", f"write ${{{key}}} where it is meant"
                )
                return False
            return True
        if path[0] not in ids:
            message = f"there is no step {path[0]!r} whose parameters could be searched"
            self.problems.add(entry.at, message, nearest(path[0], [*ids, "vars"], "steps"))
            return False
        if len(path) == 1:
            self.problems.add(entry.at, f"{key!r} is a step", f"name a parameter of it: {key}.PARAM")
            return False
        return True

    def _dimension(self, key: str, entry: Entry, raw: Entry) -> Dimension | None:
        """Return what an entry of the space says; nothing when it is wrong, and then that was reported."""
        before = len(self.problems.sorted())
        if isinstance(entry.value, ListNode):
            choices: Node | None = entry.value
            raw_choices: Node | None = raw.value if isinstance(raw.value, ListNode) else entry.value
        else:
            item = Section(entry.value, key, ("choices", *_RANGE_KEYS), entry.at, self.problems)
            choices = item.get("choices")
            unfilled = raw.value.get("choices") if isinstance(raw.value, MapNode) else None
            raw_choices = unfilled if isinstance(unfilled, ListNode) else choices
            if choices is None and len(self.problems.sorted()) == before:
                return self._range(key, entry, item)
            extra = next((name for name in _RANGE_KEYS if name in item.node.entries), None)
            if extra is not None:
                self.problems.add(
                    item.node.entries[extra].at, f"{key}: choices have no {extra!r}", "remove one of them"
                )
        if len(self.problems.sorted()) != before:
            return None
        if not isinstance(choices, ListNode) or not isinstance(raw_choices, ListNode) or len(choices.items) < 2:
            at = choices.at if choices is not None else entry.at
            self.problems.add(at, f"{key}: choices must be a list of at least 2 values")
            return None
        values = tuple(plain(node) for node in raw_choices.items)
        spelled = [json.dumps(value, sort_keys=True) for value in values]
        for i, text in enumerate(spelled):
            if text in spelled[:i]:
                self.problems.add(choices.items[i].at, f"{key}: the choice {text} stands twice", "remove one")
                return None
        return Dimension(key, values, nodes=raw_choices.items, at=entry.at)

    def _range(self, key: str, entry: Entry, item: Section) -> Dimension | None:
        ends = {name: _number(item.get(name)) for name in ("low", "high", "step")}
        for name, value in ends.items():
            node = item.node.get(name)
            if value is None and (node is not None or name != "step"):
                at = node.at if node is not None else entry.at
                got = f"{name} must be a number, got {describe(node)}" if node is not None else f"needs {name!r}"
                self.problems.add(at, f"{key}: {got}", "a range is {low: 1, high: 4}, else {choices: [...]}")
                return None
        low, high, step = cast("float", ends["low"]), cast("float", ends["high"]), ends["step"]
        log_node = item.get("log")
        log = isinstance(log_node, ScalarNode) and log_node.value is True
        if log_node is not None and not (isinstance(log_node, ScalarNode) and isinstance(log_node.value, bool)):
            self.problems.add(log_node.at, f"{key}: log must be true or false, got {describe(log_node)}")
            return None
        wrong = ""
        if low >= high:
            wrong = f"low must be less than high, got {low:g} and {high:g}"
        elif log and low <= 0:
            wrong = f"a logarithmic range must be greater than 0, got low {low:g}"
        elif log and step is not None:
            wrong = "a logarithmic range has no step"
        elif step is not None and not 0 < step <= high - low:
            wrong = f"step must be greater than 0 and at most high - low, got {step:g}"
        if wrong:
            self.problems.add(entry.at, f"{key}: {wrong}")
            return None
        whole = all(isinstance(value, int) for value in (low, high, step) if value is not None)
        if not whole:
            low, high, step = float(low), float(high), None if step is None else float(step)
        if step is not None:  # the last value that the steps reach
            high = low + type(low)(math.floor((high - low) / step + 1e-9)) * step
        nodes = tuple(item.node.entries[name].value for name in ("low", "high"))
        return Dimension(key, (), low, high, step, log, nodes=nodes, at=entry.at)

    def _tried(self, dimension: Dimension) -> Dimension:
        """Report each value that the pipeline cannot have; return the dimension with what the pipeline itself says."""
        base = _parameters(self.steps)
        values = dimension.choices or (dimension.low, dimension.high)
        default, has_default = self._stated(dimension, base)
        for value, written in zip(values, dimension.nodes, strict=True):
            node = written if dimension.choices else ScalarNode(value, written.at, text=f"{value}")
            own = Problems()
            steps = self._steps(dimension, node, own)
            # what only does not go with other values may do so in a trial; that is told there
            told = [problem for problem in own.sorted() if problem.position in _positions(node, dimension)]
            for problem in told:
                self.problems.add(problem.position, f"{dimension.key}: {problem.message}", problem.hint)
            if own:
                continue
            found = _parameters(steps)
            if found and base and found[0] != base[0]:
                assert dimension.at is not None
                self.problems.add(
                    dimension.at,
                    f"{dimension.key} changes the data themselves, on which all trials are judged",
                    "search parameters of the steps behind 'load'",
                )
                break
            if dimension.choices and found == base:
                default, has_default = value, True
        return Dimension(**{**vars(dimension), "default": default, "has_default": has_default})

    def _steps(self, dimension: Dimension, node: Node, problems: Problems) -> list[Step]:
        """Return the steps of the pipeline with one value changed."""
        assert dimension.at is not None
        tree = put_value(self.source, dimension.key, node, dimension.at, problems)
        variables = tree.get("vars")
        filled = Substitution(variables if isinstance(variables, MapNode) else MapNode({}, tree.at), problems).apply(
            tree.without("tune")
        )
        assert isinstance(filled, MapNode)
        reader = ComponentReader(self.components, problems, self.check_paths)
        return read_steps(filled.entries.get("steps"), filled, reader).steps

    def _stated(self, dimension: Dimension, base: list[tuple[str, str, str]]) -> tuple[Any, bool]:
        """Return the number that the pipeline itself has for a range, and whether it has one within it."""
        if dimension.choices:
            return None, False
        path = dimension.key.split(".")
        if path[0] == "vars":
            variables = self.source.get("vars")
            assert isinstance(variables, MapNode)
            written = [plain(Substitution(variables, Problems()).apply(variables))]
        else:
            steps = self.filled.get("steps")
            items = steps.items if isinstance(steps, ListNode) else ()
            nodes = [item.get("with") for item in items if isinstance(item, MapNode) and step_id(item) == path[0]]
            written = [plain(node) for node in nodes if node is not None]
            # what is not written has its default
            written += [step.params.canonical() for step in self.steps if step.id == path[0]]
        for data in written:
            value = _within(dimension, _reached(data, path[1:]))
            # a component may have made other data of what is written
            if value is not None and _parameters(self._steps(dimension, dimension.node(value), Problems())) == base:
                return value, True
        return None, False


def _reached(data: Any, path: Sequence[str]) -> Any:
    """Return the value at a path of plain data, ``None`` when there is none."""
    for piece in path:
        if isinstance(data, dict):
            data = data.get(piece)
        elif isinstance(data, list) and piece.isascii() and piece.isdigit() and int(piece) < len(data):
            data = data[int(piece)]
        else:
            return None
    return data


def _within(dimension: Dimension, value: Any) -> float | None:
    """Return the number of a range that ``value`` is, ``None`` when it is none of it."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not dimension.low <= value <= dimension.high:
        return None
    known = dimension.values()
    if known is None:
        return float(value)
    return next((number for number in known if math.isclose(number, value, rel_tol=1e-9, abs_tol=1e-12)), None)


def _parameters(steps: Sequence[Step]) -> list[tuple[str, str, str]]:
    return [
        (step.id, step.component.qualified_name, json.dumps(step.params.canonical(), sort_keys=True)) for step in steps
    ]


def _positions(node: Node, dimension: Dimension) -> set[Position]:
    found = {node.at} | ({dimension.at} if dimension.at is not None else set())
    for _, inner in children(node):
        found |= _positions(inner, dimension)
    if isinstance(node, MapNode):
        found |= {entry.at for entry in node.entries.values()}
    return found


def _texts(node: Node) -> Iterator[str]:
    if isinstance(node, ScalarNode):
        if isinstance(node.value, str):
            yield node.value
    else:
        for _, inner in children(node):
            yield from _texts(inner)


def _number(node: Node | None) -> float | None:
    value = node.value if isinstance(node, ScalarNode) else None
    return None if isinstance(value, bool) or not isinstance(value, int | float) else value
