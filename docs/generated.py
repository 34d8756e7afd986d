"""Pages and parts of pages that are made from the code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from components import example, facts, mentions
from conformance import checks_table, minimum_table

from specframe.api import KINDS, Params
from specframe.registry import Registered, Registry

__all__ = ["bundled_components", "component_page", "components_index", "filled", "page_path", "unwritten"]

_MARKER = re.compile(r"<!-- specframe: (?P<what>\w+) (?P<name>[\w-]+) -->")
_FOLDER = "reference/components"
_DISTRIBUTION = "specframe"
_KIND_HEADINGS = {
    "loader": "Loaders",
    "calibrator": "Calibrators",
    "detrender": "Detrenders",
    "model": "Models",
    "uncertainty": "Uncertainty estimators",
    "exporter": "Exporters",
    "score": "Scores",
}
#: Of a class on a component's page only the docstring is shown.
_HIDDEN = ("members", "separate_signature", "show_bases", "show_root_heading", "show_root_toc_entry", "show_signature")
_SIGNS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
_TYPES = {"integer": "whole number", "number": "number", "boolean": "true or false", "string": "text", "null": "null"}


def filled(markdown: str) -> str:
    """Return a page's text with every marker replaced; raises ``KeyError`` for a marker that means nothing."""
    makers = {"help": help_text, "variables": variables_table, "file": root_file, "checks": checks}
    return _MARKER.sub(lambda marker: makers[marker["what"]](marker["name"]), markdown)


def checks(kind: str) -> str:
    """Return the checks of the conformance suite, or of one kind; ``minimum`` is how many must run."""
    return minimum_table() if kind == "minimum" else checks_table(kind)


def bundled_components() -> list[Registered]:
    """Return the components that come with this distribution, whatever else is installed."""
    return [c for c in Registry.discover().components() if c.distribution == _DISTRIBUTION]


def unwritten(components: list[Registered]) -> str:
    """Return why some components cannot have a page here, ``""`` when all can: their classes are imported for it."""
    reasons = dict.fromkeys(c.reason for c in components if not c.usable)
    if not reasons:
        return ""
    return (
        "The reference has a page for every component, and some cannot be imported here: "
        f"{'; '.join(reasons)}. All that the documentation needs is installed by: "
        'pip install -c constraints.txt -e ".[test,docs]"'
    )


def components_index(components: list[Registered]) -> str:
    """Return the page that lists all components by kind."""
    lines = [
        "# Components",
        "",
        "These come with specframe. `specframe plugins list` shows what is installed on your machine, other "
        "distributions' plugins included, and `specframe plugins show NAME` shows one of them.",
        "",
        "In the tables of parameters, a *quantity in s* is a number in that unit, or a text with a unit, such as "
        "`2 min`. A *path* in a YAML file is relative to that file.",
    ]
    for kind in KINDS:
        rows = [c for c in components if c.component.kind == kind]
        lines += ["", f"## {_KIND_HEADINGS[kind]}", "", "| name | what it does |", "|---|---|"]
        lines += [f"| [`{c.component.name}`]({_page_name(c)}) | {c.component.summary} |" for c in rows]
    return "\n".join(lines) + "\n"


def component_page(registered: Registered) -> str:
    """Return a component's page: what it is, how it is written in YAML and in Python, and its parameters."""
    component = registered.component
    module, _, name = component.target.partition(":")
    read_on = mentions(registered)
    lines = [
        f"# {component.name}",
        "",
        f"{component.summary}.",
        "",
        *facts(registered),
        "",
        "```yaml",
        example(registered),
        "```",
        "",
        "## Parameters",
        "",
        *parameter_table(component.params),
        "",
        "## What it does",
        "",
        f"::: {module}.{name}",
        "    options:",
        *(f"      {option}: false" for option in _HIDDEN),
    ]
    if read_on:
        lines += ["", "## Read on", "", *(f"- {link}" for link in read_on)]
    return "\n".join(lines) + "\n"


def parameter_table(params: type[Params]) -> list[str]:
    """Return the lines of a table of parameters, nested ones by their dotted names."""
    schema = params.model_json_schema()
    rows = list(_rows(schema, schema.get("$defs", {}), "", {}))
    if not rows:
        return ["It has none."]
    return ["| parameter | type | default | meaning |", "|---|---|---|---|", *rows]


def _rows(
    schema: Mapping[str, Any], definitions: Mapping[str, Any], prefix: str, told: dict[tuple[str, ...], str]
) -> Iterator[str]:
    required = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        default = "required" if name in required else f"`{_shown(field['default'])}`" if "default" in field else ""
        kind = type_of(field, definitions).replace("|", "\\|")
        meaning = " ".join(str(field.get("description", "")).split()).replace("|", "\\|")
        models = list(_nested(field, definitions))
        kinds = tuple(f"{model.get('title')}({', '.join(model['properties'])})" for model in models)
        like = told.setdefault(kinds, prefix + name) if kinds else prefix + name
        if like != prefix + name:
            meaning += f" Takes the same as `{like}`."
        yield f"| `{prefix}{name}` | {kind} | {default} | {meaning} |"
        for model in models if like == prefix + name else ():
            yield from _rows(model, definitions, f"{prefix}{name}.", told)


def _nested(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the models with named fields that a field may hold."""
    if "$ref" in field:
        field = definitions[field["$ref"].rpartition("/")[2]]
    if "properties" in field:
        yield field
    for inner in field.get("anyOf", field.get("oneOf", ())):
        yield from _nested(inner, definitions)
    for inner in (field.get("items"), field.get("additionalProperties")):
        if isinstance(inner, Mapping):
            yield from _nested(inner, definitions)


def type_of(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Return the type of a parameter in words, with its bounds."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        # one that may hold itself, such as a sum of kernels, is told to the second level
        return type_of(definitions.get(name, {"type": "object"}), {n: d for n, d in definitions.items() if n != name})
    if "x-unit" in field:
        return f"quantity in {field['x-unit']}{_bounds(field)}"
    for union in ("anyOf", "oneOf"):
        if union in field:
            return " or ".join(dict.fromkeys(type_of(inner, definitions) for inner in field[union]))
    if "const" in field:
        return f"`{_shown(field['const'])}`"
    if "enum" in field:
        return " or ".join(f"`{_shown(value)}`" for value in field["enum"])
    if field.get("x-input-path") or field.get("format") == "path":
        return "path"
    kind = field.get("type")
    if kind == "array":
        if "prefixItems" in field:
            return f"[{', '.join(type_of(inner, definitions) for inner in field['prefixItems'])}]"
        items = type_of(field.get("items", {}), definitions)
        return f"list of ({items})" if " or " in items else f"list of {items}"
    if kind == "object":
        values = field.get("additionalProperties")
        return f"mapping of names to {type_of(values, definitions)}" if isinstance(values, Mapping) else "mapping"
    return _TYPES.get(str(kind), "any value") + _bounds(field)


def _bounds(field: Mapping[str, Any]) -> str:
    found = [f"{sign} {field[key]:g}" for key, sign in _SIGNS.items() if key in field]
    return f" {' and '.join(found)}" if found else ""


def _shown(value: object) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def help_text(command: str) -> str:
    """Return what ``specframe COMMAND --help`` prints; ``main`` is specframe itself, ``plugins-list`` a subcommand."""
    import click

    from specframe.cli.main import _group

    found: click.Command = _group
    path = ["specframe"]
    context = click.Context(found, info_name="specframe", terminal_width=100, **found.context_settings)
    for word in () if command == "main" else command.split("-"):
        assert isinstance(found, click.Group)
        inner = found.get_command(context, word)
        if inner is None:
            raise KeyError(f"specframe has no command {command!r}")
        found, path = inner, [*path, word]
        context = click.Context(found, info_name=word, parent=context, terminal_width=100, **found.context_settings)
    return f"```console\n$ {' '.join(path)} --help\n{found.get_help(context)}\n```"


def root_file(name: str) -> str:
    """Return a page of the repository's root, such as CONTRIBUTING, with its links as they are within ``docs``."""
    text = (Path(__file__).parents[1] / f"{name}.md").read_text(encoding="utf-8")
    return text.replace("](docs/", "](")


def variables_table(level: str) -> str:
    """Return the variables of a level of the Observation, or of a ``prediction``, as the code checks them."""
    from specframe.api import observation, prediction

    schema = prediction._SCHEMA if level == "prediction" else observation.SCHEMA[level]  # type: ignore[index]
    types = {"f": "float", "i": "integer", "iu": "integer", "b": "bool", "fiu": "float or integer", "UTO": "text"}
    lines = ["| variable | dims | units | type | |", "|---|---|---|---|---|"]
    for variable in schema:
        units = "[flux units](#flux-units)"
        if variable.units != observation.FLUX_UNITS:
            units = " or ".join(f"`{unit}`" if unit else "dimensionless" for unit in variable.units or ())
        notes = ["required" if variable.required else "optional"]
        notes += ["positive"] if variable.positive else ["finite"] if variable.finite else []
        dims = ", ".join(variable.dims)
        lines.append(f"| `{variable.name}` | `{dims}` | {units} | {types[variable.dtype]} | {', '.join(notes)} |")
    return "\n".join(lines)


def _page_name(registered: Registered) -> str:
    return f"{registered.component.kind}-{registered.component.name}.md"


def page_path(registered: Registered) -> str:
    """Return the path of a component's page below the folder of the documentation."""
    return f"{_FOLDER}/{_page_name(registered)}"
