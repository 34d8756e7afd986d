"""What a report says of a pipeline's components: parameters that are not as by default, and what scores are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from specframe.config.spec import STEP_KEYS
from specframe.errors import SpecframeError
from specframe.report.diagram import PipelineStep

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from specframe.registry import Registry

__all__ = ["drawn_steps", "score_meanings"]

#: What a parameter has that must be given.
_MISSING = object()
#: A value is cut to so many letters.
_LONGEST = 60


def drawn_steps(pipeline: Mapping[str, Any], registry: Registry) -> list[PipelineStep]:
    """Return the steps of a resolved pipeline and its exporters.

    Of a component that is not installed, whose defaults nobody knows, no parameters are shown.
    """
    steps = []
    for data in pipeline["steps"]:
        key = next(key for key in STEP_KEYS if key in data)
        sources = data.get("from", [])
        steps.append(
            PipelineStep(
                id=data["id"],
                kind=STEP_KEYS[key],
                component=data[key],
                parameters=_changed(registry, STEP_KEYS[key], data[key], data.get("with", {})),
                sources=(sources,) if isinstance(sources, str) else tuple(sources),
                residual=data.get("learns") == "residual",
            )
        )
    return steps


def score_meanings(pipeline: Mapping[str, Any], scores: Iterable[str], registry: Registry) -> dict[str, str]:
    """Return what each of the ``scores`` is, as its component says; one of several numbers begins with its name."""
    summaries = {}
    for data in pipeline.get("evaluate", {}).get("scores", []):
        name = data if isinstance(data, str) else data["score"]
        try:
            component = registry.resolve("score", name).component
        except SpecframeError:
            continue
        summaries[component.name] = component.summary
    found = {}
    for score in scores:
        names = [name for name in summaries if score == name or score.startswith(f"{name}-")]
        if names:
            found[score] = summaries[max(names, key=len)]
    return found


def _changed(registry: Registry, kind: str, name: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters with other values than by default, as text; those without a default, too."""
    try:
        params = registry.resolve(kind, name).component.params
    except SpecframeError:
        return {}
    changed = {}
    for key, value in values.items():
        field = params.model_fields.get(key)
        default = (
            _MISSING if field is None or field.is_required() else _plain(field.get_default(call_default_factory=True))
        )
        if value != default and value is not None:
            changed[key] = _text(_different(value, default))
    return changed


def _different(value: Any, default: Any) -> Any:
    """Return of a mapping what is not as in the default."""
    if not isinstance(value, dict) or not isinstance(default, dict):
        return value
    return {key: _different(item, default.get(key)) for key, item in value.items() if item != default.get(key)}


def _plain(value: Any) -> Any:
    """Return a default as the data that a configuration has."""
    dumped = value.model_dump(mode="json") if hasattr(value, "model_dump") else value
    return json.loads(json.dumps(dumped, default=lambda item: item.model_dump(mode="json")))


def _text(value: Any) -> str:
    """Return a value as short text: of a file its name, of a mapping what is set in it."""
    if isinstance(value, dict):
        text = ", ".join(f"{key} {_text(item)}" for key, item in value.items() if item not in (None, [], {}))
        text = f"({text})"
    elif isinstance(value, list):
        text = f"[{', '.join(map(_text, value))}]"
    elif isinstance(value, str):
        text = value.rstrip("/").rpartition("/")[2] if value.startswith("/") else value
    else:
        text = json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
