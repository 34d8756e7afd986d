"""The configuration of a run as flat values, named as ``--set`` names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specframe.config.spec import STEP_KEYS
from specframe.provenance.versions import Change, changes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["configuration_changes"]

#: Lists of components, which are told apart by their names.
_COMPONENTS = {"evaluate.scores": "score", "evaluate.compare": "load", "export": "export"}


def configuration_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    """Return what differs between the resolved pipelines of two manifests.

    Keys are those of ``--set``, such as ``fit.alpha``. What it cannot set has its name in brackets: ``fit (model)``,
    a step's component; ``fit (step)``, a step that only one of them has; ``steps (order)``.
    """
    steps = [{step["id"]: step for step in pipeline["steps"]} for pipeline in (before, now)]
    found = changes(dict(_top(before)), dict(_top(now)))
    for name in dict.fromkeys((*steps[0], *steps[1])):
        pair = [known.get(name) for known in steps]
        if pair[0] is None or pair[1] is None:
            found.append(Change(f"{name} (step)", *(None if step is None else _component(step) for step in pair)))
        else:
            found += changes(dict(_step(name, pair[0])), dict(_step(name, pair[1])))
    common = [" > ".join(name for name in known if name in steps[0] and name in steps[1]) for known in steps]
    found += changes({"steps (order)": common[0]}, {"steps (order)": common[1]})
    # a parameter that is not set is as good as one that is not there
    return [change for change in found if change.before is not None or change.now is not None]


def _top(pipeline: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in pipeline.items():
        if key not in ("steps", "specframe"):
            yield from _flat(key, value)


def _step(name: str, step: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in step.items():
        if key == "with":
            for parameter, inner in value.items():
                yield from _flat(f"{name}.{parameter}", inner)
        elif key in STEP_KEYS:
            yield f"{name} (component)", _component(step)
        elif key != "id":
            yield f"{name} ({key})", value


def _component(step: Mapping[str, Any]) -> str:
    return next(f"{key}: {value}" for key, value in step.items() if key in STEP_KEYS)


def _flat(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if place in _COMPONENTS:
        for entry in value:
            name, params = (entry, {}) if isinstance(entry, str) else (entry[_COMPONENTS[place]], entry.get("with", {}))
            yield f"{place} ({name})", params or "default"
    elif isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(f"{place}.{key}", inner)
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for i, inner in enumerate(value):
            yield from _flat(f"{place}.{i}", inner)
    else:
        yield place, value
