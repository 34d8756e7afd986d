"""What a component's parameters are, told from the JSON schema of its ``Params``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from specframe.api.params import Params

__all__ = ["Parameter", "parameters_of"]

_WORDS = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "object": "mapping",
    "array": "list",
}
_BOUNDS = {
    "minimum": ">= {}",
    "exclusiveMinimum": "> {}",
    "maximum": "<= {}",
    "exclusiveMaximum": "< {}",
    "multipleOf": "multiple of {}",
    "minLength": "length >= {}",
    "maxLength": "length <= {}",
    "pattern": "matches {}",
}


@dataclass(frozen=True)
class Parameter:
    """One parameter, nested ones with a dotted name."""

    name: str
    type: str
    required: bool
    #: ``None`` where it is required.
    default: Any
    bounds: str
    unit: str
    description: str
    #: Name of the parameter that takes the same mappings and whose fields have been told; else "".
    like: str = ""

    def written_default(self) -> str:
        """Return the default as it may be written in YAML."""
        if self.required:
            return "(required)"
        plain = isinstance(self.default, str) and self.default != ""
        return str(self.default) if plain else json.dumps(self.default, ensure_ascii=False)


def parameters_of(params: type[Params]) -> list[Parameter]:
    """Return all parameters, those of nested mappings after the first one that holds them; others say which it is."""
    schema = params.model_json_schema()
    return list(_parameters(schema, schema.get("$defs", {}), "", {}))


def _parameters(
    schema: Mapping[str, Any], defs: Mapping[str, Any], prefix: str, told: dict[tuple[str, ...], str]
) -> Iterator[Parameter]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        models = list(_models(field, defs))
        kinds = tuple(_kind_of(model) for model in models)
        like = told.setdefault(kinds, prefix + name) if kinds else prefix + name
        yield Parameter(
            prefix + name,
            _type(field, defs),
            name in required,
            None if name in required else field.get("default"),
            ", ".join(dict.fromkeys(_bounds(field, defs))),
            next(_units(field), ""),
            " ".join(str(field.get("description", "")).split()),
            "" if like == prefix + name else like,
        )
        if like != prefix + name:
            continue
        for model in models:
            # a model that holds itself has been told already
            yield from _parameters(model, {**defs, model.get("title", ""): {}}, f"{prefix}{name}.", told)


def _kind_of(model: Mapping[str, Any]) -> str:
    """Return what tells a mapping's fields from those of others."""
    return f"{model.get('title', '')}({', '.join(model.get('properties', ()))})"


def _type(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    schema = _resolved(schema, defs)
    if "x-unit" in schema:
        return "number or quantity"
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " | ".join(value if isinstance(value, str) else json.dumps(value) for value in values)
    branches = schema.get("anyOf", schema.get("oneOf"))
    if branches:
        return " | ".join(dict.fromkeys(_type(branch, defs) for branch in branches))
    if schema.get("format") == "path":
        return "path"
    kind = schema.get("type", "")
    if kind == "array" and "prefixItems" in schema:
        return f"[{', '.join(_type(item, defs) for item in schema['prefixItems'])}]"
    if kind == "array" and schema.get("items"):
        return f"list of ({inner})" if " | " in (inner := _type(schema["items"], defs)) else f"list of {inner}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"mapping of {_type(schema['additionalProperties'], defs)}"
    return _WORDS.get(kind, "anything")


def _bounds(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Iterator[str]:
    schema = _resolved(schema, defs)
    for key, text in _BOUNDS.items():
        if key in schema:
            yield text.format(schema[key])
    if schema.get("type") == "array" and "prefixItems" not in schema:
        for key, word in (("minItems", "at least"), ("maxItems", "at most")):
            if key in schema:
                yield f"{word} {schema[key]}"
        yield from (f"each {bound}" for bound in _bounds(schema.get("items", {}), defs))
    for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _bounds(branch, defs)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _bounds(schema["additionalProperties"], defs)


def _units(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "x-unit" in schema:
            yield str(schema["x-unit"])
        for value in schema.values():
            yield from _units(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _units(value)


def _models(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the nested mappings with named fields that a value may be."""
    schema = _resolved(schema, defs)
    if "properties" in schema:
        yield schema
        return
    below = [
        *schema.get("anyOf", ()),
        *schema.get("oneOf", ()),
        schema.get("items"),
        schema.get("additionalProperties"),
    ]
    for inner in below:
        if isinstance(inner, dict):
            yield from _models(inner, defs)


def _resolved(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        inner: Mapping[str, Any] = defs.get(str(schema["$ref"]).rpartition("/")[2], {})
        return {**inner, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema
