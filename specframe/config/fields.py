"""What the JSON schema of a component's parameters says about a place in them: names, descriptions, input paths."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic.errors import PydanticUserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from specframe.api.params import Params

__all__ = ["Fields", "fields_of"]

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}

Place = tuple[str | int, ...]


@lru_cache(maxsize=128)
def fields_of(params: type[Params]) -> Fields:
    """Return the fields of parameters, made once: a search tries every value of its space in the whole pipeline."""
    return Fields(params)


class Fields:
    """Looks up places of a value in the schema that pydantic gives for ``params``.

    A schema that pydantic cannot make (a type without one) counts as a schema that allows anything.
    """

    def __init__(self, params: type[Params]) -> None:
        try:
            self.schema: dict[str, Any] = params.model_json_schema()
        except PydanticUserError:
            self.schema = {}

    def names(self, value: Any, place: Sequence[str | int]) -> list[str]:
        """Return the names that the mapping at a place may have."""
        return [name for schema in self._at(value, place) for name in schema.get("properties", {})]

    def tags(self, value: Any, place: Sequence[str | int]) -> list[str]:
        """Return the words that say which of several mappings stands at a place (``term: polynomial``)."""
        return [tag for schema in self._at(value, place) for tag in schema.get("discriminator", {}).get("mapping", ())]

    def tag_name(self, value: Any, place: Sequence[str | int]) -> str:
        """Return the name of the key under which such a word stands, or nothing."""
        return next((s["discriminator"]["propertyName"] for s in self._at(value, place) if "discriminator" in s), "")

    def description(self, value: Any, place: Sequence[str | int]) -> str:
        """Return what is said about a place, or nothing."""
        found = list(self._at(value, place[:-1])) if place else []
        field: Mapping[str, Any] = next(
            (s["properties"][place[-1]] for s in found if place[-1] in s.get("properties", {})), {}
        )
        return str(field.get("description", ""))

    def input_paths(self, value: Any) -> Iterator[Place]:
        """Yield the place of every text in ``value`` that states the path of an input."""
        yield from self._paths(self.schema, value, ())

    def _paths(self, schema: Mapping[str, Any], value: Any, place: Place) -> Iterator[Place]:
        for branch in self._branches(schema, value):
            if branch.get("x-input-path") and isinstance(value, str):
                yield place
                return
            for key, inner, within in _children(branch, value):
                yield from self._paths(inner, within, (*place, key))

    def _at(self, value: Any, place: Sequence[str | int]) -> Iterator[Mapping[str, Any]]:
        """Yield the schemas that describe a place, following the branches that the value fits."""
        schemas = list(self._branches(self.schema, value))
        for piece in place:
            below = [
                (inner, within) for schema in schemas for key, inner, within in _children(schema, value) if key == piece
            ]
            schemas = [branch for inner, within in below for branch in self._branches(inner, within)]
            value = below[0][1] if below else None
        yield from schemas

    def _branches(self, schema: Mapping[str, Any], value: Any) -> Iterator[Mapping[str, Any]]:
        """Yield the schema, and those parts of its unions that apply to the value."""
        if "$ref" in schema:
            name = str(schema["$ref"]).rpartition("/")[2]
            yield from self._branches(self.schema.get("$defs", {}).get(name, {}), value)
        yield schema
        for inner in schema.get("allOf", ()):
            yield from self._branches(inner, value)
        union = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        fitting = [inner for inner in union if self._fits(inner, value)]
        # A mapping with a misspelt key fits no branch, but its names are still those of a mapping.
        alike = fitting[:1] or [inner for inner in union if self._fits(inner, value, loosely=True)]
        for inner in alike:
            yield from self._branches(inner, value)

    def _fits(self, schema: Mapping[str, Any], value: Any, *, loosely: bool = False) -> bool:
        if "$ref" in schema:
            name = str(schema["$ref"]).rpartition("/")[2]
            return self._fits(self.schema.get("$defs", {}).get(name, {}), value, loosely=loosely)
        for union in ("anyOf", "oneOf"):
            if union in schema:
                return any(self._fits(inner, value, loosely=loosely) for inner in schema[union])
        if "const" in schema:
            return bool(schema["const"] == value)
        if "enum" in schema:
            return value in schema["enum"]
        kinds = _TYPES.get(schema.get("type", ""), (object,))
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds and object not in kinds):
            return False
        if isinstance(value, dict) and "properties" in schema and not loosely:
            properties = schema["properties"]
            if any(name not in value for name in schema.get("required", ())):
                return False
            if schema.get("additionalProperties") is False and any(name not in properties for name in value):
                return False
            return all(self._fits(properties[name], item) for name, item in value.items() if name in properties)
        if isinstance(value, dict) and loosely:
            # of mappings that a word tells apart (term: polynomial) only the one that was meant
            words = {name: field for name, field in schema.get("properties", {}).items() if "const" in field}
            return all(self._fits(field, value[name]) for name, field in words.items() if name in value)
        return True


def _children(schema: Mapping[str, Any], value: Any) -> Iterator[tuple[str | int, Mapping[str, Any], Any]]:
    """Yield key, schema and value of what stands directly within a value."""
    if isinstance(value, dict):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        for key, item in value.items():
            inner = properties.get(key, others)
            if isinstance(inner, dict):
                yield key, inner, item
    elif isinstance(value, list):
        first, others = schema.get("prefixItems", ()), schema.get("items")
        for index, item in enumerate(value):
            inner = first[index] if index < len(first) else others
            if isinstance(inner, dict):
                yield index, inner, item
