"""Write the list of everything public: ``python docs/surface.py > docs/reference/api-surface.md``.

A test compares the page with the code, so that nothing public appears, changes or goes unnoticed.
"""

from __future__ import annotations

import inspect
import sys
from abc import ABC
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import click

from specframe.api import Params
from specframe.api.component import Hooks

__all__ = ["commands", "page", "pipeline_keys"]

#: Packages whose ``__all__`` is public.
PACKAGES = ("specframe.api", "specframe.errors", "specframe.testing", "specframe")
#: Keys of the file under which components have parameters of their own.
_OF_COMPONENTS = "with"

_TOP = """\
# The public surface

Everything that stays as it is for as long as [API stability](api-stability.md) says, in one list: names, signatures,
hooks, commands with their options, and keys of pipeline files. What the names do stands in [Plugin API](plugin-api.md),
[Errors](errors.md), [Python API](python.md), [Commands](commands.md) and [Pipeline file](pipeline-file.md); parameters
of components stand on [their pages](components/index.md). The list is made from the code by
`python docs/surface.py > docs/reference/api-surface.md`, and a test fails where the two differ.
"""


def page() -> str:
    """Return the page."""
    parts = [_TOP]
    for package in PACKAGES:
        parts += [f"## {package}\n", _block(_package(package))]
    parts += [
        "## Hooks\n",
        "Functions that a plugin marks with `hookimpl`, in the entry point group `specframe.plugins`.\n",
    ]
    parts += [_block(f"{name}{_signature(hook, skip=('self',))}" for name, hook in _functions(Hooks))]
    parts += ["## Commands\n", "Every command has `-h` and `--help`.\n", _block(_command_lines())]
    parts += ["## Keys of pipeline files\n", _block(pipeline_keys())]
    return "\n".join(parts)


def commands() -> dict[str, click.Command]:
    """Return every command by what is typed for it, ``specframe plugins list``."""
    from specframe.cli.main import _group

    return dict(_commands("specframe", _group))


def _commands(typed: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield typed, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _commands(f"{typed} {name}", inner)


def pipeline_keys() -> list[str]:
    """Return the dotted names of all keys of a pipeline file, those of a list's entries after ``[]``."""
    from specframe.config.schema import json_schema

    nothing: Any = _NoPlugins()
    return sorted(set(_keys(json_schema(nothing), "")))


def _block(lines: Iterator[str] | list[str]) -> str:
    return "\n".join(["```text", *lines, "```", ""])


def _package(package: str) -> Iterator[str]:
    module = import_module(package)
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.isclass(value) and value.__module__.startswith("specframe"):
            yield from _class(name, value)
        elif inspect.isfunction(value) and value.__module__.startswith("specframe"):
            yield f"{name}{_signature(value)}"
        elif isinstance(value, (int, float, tuple)) and name.isupper():
            yield f"{name} = {value!r}"
        else:
            yield name


def _class(name: str, cls: type) -> Iterator[str]:
    bases = ", ".join(dict.fromkeys(_public_bases(cls)))
    yield f"class {name}{f'({bases})' if bases else ''}"
    if hasattr(cls, "__dataclass_fields__"):
        yield f"    {name}{_signature(cls)}"
    for attribute, value in _own(cls):
        if isinstance(value, property):
            yield f"    {attribute}: {_plain(inspect.signature(value.fget).return_annotation)}"  # type: ignore[arg-type]
        elif isinstance(value, (classmethod, staticmethod)):
            yield f"    {attribute}{_signature(value.__func__)}  # {type(value).__name__}"
        elif inspect.isfunction(value):
            abstract = "  # to be implemented" if getattr(value, "__isabstractmethod__", False) else ""
            yield f"    {attribute}{_signature(value)}{abstract}"
    if not issubclass(cls, Params):
        for attribute, annotation in _annotations(cls):
            yield f"    {attribute}: {_plain(annotation)}"


def _public_bases(cls: type) -> Iterator[str]:
    """Yield the names of the bases; those of a base that has no public name stand in its place."""
    for base in cls.__bases__:
        if base.__module__.startswith("specframe") and _hidden(base):
            yield from _public_bases(base)
        elif base not in (object, ABC):
            yield base.__name__


def _own(cls: type) -> Iterator[tuple[str, Any]]:
    """Yield what a class and those of its bases that have no public name define."""
    seen = set()
    for base in cls.__mro__:
        if base is cls or (base.__module__.startswith("specframe") and _hidden(base)):
            for name, value in vars(base).items():
                if (
                    not name.startswith("_")
                    and name not in seen
                    and name not in getattr(cls, "__dataclass_fields__", ())
                ):
                    seen.add(name)
                    yield name, value


def _annotations(cls: type) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for base in cls.__mro__:
        if base is cls or (base.__module__.startswith("specframe") and _hidden(base)):
            for name, annotation in inspect.get_annotations(base).items():
                if not name.startswith("_") and name not in {*getattr(cls, "__dataclass_fields__", ()), *seen}:
                    seen.add(name)
                    yield name, annotation


def _hidden(cls: type) -> bool:
    """Return whether a base class is not among the public names itself."""
    return not any(cls.__name__ in import_module(package).__all__ for package in PACKAGES)


def _functions(cls: type) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in vars(cls).items() if inspect.isfunction(value))


def _signature(function: Any, skip: tuple[str, ...] = ("self", "cls")) -> str:
    signature = inspect.signature(function)
    parameters = [p for name, p in signature.parameters.items() if name not in skip]
    shown, marked = [], False
    for p in parameters:
        if p.kind is p.KEYWORD_ONLY and not marked:
            shown.append("*")
        marked = marked or p.kind in (p.KEYWORD_ONLY, p.VAR_POSITIONAL)
        star = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
        annotation = "" if p.annotation is p.empty else f": {_plain(p.annotation)}"
        default = "" if p.default is p.empty else f" = {_default(p.default)}"
        shown.append(f"{star}{p.name}{annotation}{default}")
    returned = "" if signature.return_annotation is signature.empty else f" -> {_plain(signature.return_annotation)}"
    return f"({', '.join(shown)}){returned}"


def _default(value: Any) -> str:
    return value.__name__ if inspect.isfunction(value) else repr(value)


def _plain(annotation: Any) -> str:
    for text in (annotation, getattr(annotation, "__forward_arg__", None), getattr(annotation, "__name__", None)):
        if isinstance(text, str):
            return text
    return str(annotation)


def _command_lines() -> Iterator[str]:
    for typed, command in commands().items():
        arguments = [p.make_metavar(click.Context(command)) for p in command.params if isinstance(p, click.Argument)]
        yield " ".join([typed, *arguments])
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                flags = "/".join((*option.opts, *option.secondary_opts))
                yield f"    {flags}{'' if option.is_flag else f' {_value(option)}'}"


def _value(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return "|".join(map(str, option.type.choices))
    return option.metavar or option.type.name.upper()


def _keys(schema: Mapping[str, Any], prefix: str, definitions: Mapping[str, Any] | None = None) -> Iterator[str]:
    definitions = schema.get("$defs", {}) if definitions is None else definitions
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = definitions[name]
    for name, inner in schema.get("properties", {}).items():
        yield f"{prefix}{name}"
        if name != _OF_COMPONENTS:
            yield from _keys(inner, f"{prefix}{name}.", definitions)
    for word in ("anyOf", "oneOf", "allOf"):
        for inner in schema.get(word, ()):
            yield from _keys(inner, prefix, definitions)
    for word in ("then", "else"):
        if word in schema:
            yield from _keys(schema[word], prefix, definitions)
    if isinstance(schema.get("items"), Mapping):
        yield from _keys(schema["items"], f"{prefix.removesuffix('.')}[].", definitions)
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from _keys(schema["additionalProperties"], f"{prefix}<name>.", definitions)


class _NoPlugins:
    """Offers no component, so that only the file's own keys are left."""

    def components(self, kind: str | None = None) -> list[Any]:
        """Return nothing."""
        return []


if __name__ == "__main__":
    sys.stdout.write(page())
