"""``specframe plugins``: what is installed, what it takes, whether it keeps its contract."""

from __future__ import annotations

import json
import sys
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from specframe.api.component import KINDS
from specframe.cli import candidates
from specframe.cli.check_table import check_table
from specframe.cli.command import Group
from specframe.cli.options import plugin_option
from specframe.cli.plugins_new import new
from specframe.cli.table import table, terminal_width
from specframe.cli.terminal import echo
from specframe.errors import printable
from specframe.progress.colours import coloured, painted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from specframe.cli.parameters import Parameter
    from specframe.registry import PluginRecord, Registered, Registry
    from specframe.testing import Report

__all__ = ["command", "plugins"]

#: Lines of text are no longer, however wide the terminal is, and where there is none.
_WIDEST = 120
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_kind_option = click.option("--kind", type=click.Choice(KINDS), help="Components of one kind only.")
_name_argument = click.argument("name", shell_complete=candidates.components)


@click.group("plugins", cls=Group)
def plugins() -> None:
    """List, show and check plugins and their components."""


plugins.add_command(new)
#: What the main group looks for.
command = plugins


@plugins.command(
    "list",
    examples=(
        ("specframe plugins list", "all components, and what keeps a plugin from being used"),
        ("specframe plugins list --kind uncertainty", "the estimators of errors alone"),
    ),
    see=("plugins show",),
)
@_json_option
@_kind_option
@plugin_option
def list_plugins(as_json: bool, kind: str | None, plugin_files: tuple[Path, ...]) -> int:
    """List all components, and plugins that cannot be used with the reason."""
    registry = _registry(plugin_files)
    if as_json:
        _print_json({"plugins": [_plugin_data(plugin, kind) for plugin in registry.plugins]})
        return 0
    components = registry.components(kind)
    rows = [("kind", "name", "plugin", "from", "summary")]
    for found in components:
        mark = "" if found.status == "ok" else f"({found.status}) "
        name = found.component.name if found.status != "clash" else found.qualified_name
        origin = f"{found.distribution} {found.version}"
        rows.append((found.component.kind, name, found.plugin, origin, mark + found.component.summary))
    _print_lines(table(rows))
    problems = [problem for problem in registry.problems() if _of_kind(problem, kind)]
    if problems:
        _print_lines(["", "cannot be used as they are:", *(line for p in problems for line in _problem(p))])
        if any(problem.status in ("broken", "clash", "incompatible-api") for problem in problems):
            _print_lines(["", "'specframe doctor' looks for what is wrong and how to mend it."])
    return 0


@plugins.command(
    "show",
    examples=(
        ("specframe plugins show ridge", "its parameters with units, bounds and defaults"),
        ("specframe plugins show transit", "everything that a plugin offers"),
    ),
    see=("plugins list", "plugins check"),
)
@_name_argument
@_json_option
@_kind_option
@plugin_option
def show(name: str, as_json: bool, kind: str | None, plugin_files: tuple[Path, ...]) -> int:
    """Show a component and its parameters, or all components of a plugin.

    NAME is a component (ridge, linear/ridge) or a plugin (linear).
    """
    registry = _registry(plugin_files)
    components = registry.find(name, kind)
    records = [plugin for plugin in registry.plugins if plugin.name == name] if not components else []
    if as_json:
        _print_json({"components": [_component_data(found, parameters=True) for found in components]})
        return 0
    for number, found in enumerate(components):
        _print_lines(([""] if number else []) + _described(found))
    for record in records:
        _print_lines(_problem(record))
    return 0


@plugins.command(
    "check",
    examples=(
        ("specframe plugins check ridge", "does it keep the contract of its kind?"),
        ("specframe plugins check mine --plugin mine.py", "a component in a file of your own"),
        ("specframe plugins check spectra --set spectra=spectra.csv", "a loader with its file"),
    ),
    see=("plugins new", "doctor"),
)
@_name_argument
@click.option(
    "--set", "settings", multiple=True, metavar="PARAM=VALUE", help="Set a parameter of the component; repeatable."
)
@click.option("-q", "--quiet", is_flag=True, help="Show only checks that failed.")
@_json_option
@_kind_option
@plugin_option
def check(
    name: str, settings: tuple[str, ...], quiet: bool, as_json: bool, kind: str | None, plugin_files: tuple[Path, ...]
) -> int:
    """Check that a component, or all of a plugin, keeps the contract of its kind.

    NAME is a component (ridge, linear/ridge) or a plugin (linear). Each check has a line: what must hold, and where it
    failed what was found and how to mend it. Exit status 1 when a check fails.
    """
    params = dict(_setting(text) for text in settings)
    registry = _registry(plugin_files)
    components = registry.find(name, kind)
    if params and len(components) > 1:
        names = ", ".join(f"{found.component.kind} {found.qualified_name}" for found in components)
        raise click.UsageError(f"--set is for one component, but {name!r} means {names}; write one name, or --kind")
    from specframe.testing import check_component

    reports = []
    for number, found in enumerate(components):
        report = check_component(found, params=params or None)
        reports.append(report)
        if not as_json:
            _print_lines([""] if number else [])
            _print_report(report, quiet)
    unusable = [plugin for plugin in registry.plugins if plugin.name == name and plugin.status != "ok"]
    if as_json:
        _print_json({"components": [report.to_data() for report in reports]})
    elif not components:
        _print_lines([line for plugin in unusable for line in _problem(plugin)])
        installed = [plugin for plugin in unusable if not plugin.distribution.endswith(".py")]
        _print_lines(["", "'specframe doctor' says how to mend it."] if installed else [])
    return 0 if reports and all(report.ok for report in reports) else 1


def _registry(files: Sequence[Path]) -> Registry:
    from specframe.registry import Registry

    return Registry.discover(files=files)


def _setting(text: str) -> tuple[str, Any]:
    """Read ``name=value``, the value as YAML does."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise click.UsageError(f"--set {text}: expected PARAM=VALUE, for example --set alpha=0.1")
    from specframe.config.scalar import read_scalar

    if value.strip().startswith(("[", "{", '"')):
        try:
            return name.strip(), json.loads(value)
        except json.JSONDecodeError as error:
            raise click.UsageError(f"--set {text}: the value is not a list or mapping in JSON: {error}") from None
    try:
        return name.strip(), read_scalar(value.strip())
    except ValueError as error:
        raise click.UsageError(f"--set {text}: {error}") from None


def _of_kind(problem: PluginRecord | Registered, kind: str | None) -> bool:
    """Return whether a problem may concern components of a kind; a plugin that did not load may hold any."""
    from specframe.registry import Registered

    return kind is None or not isinstance(problem, Registered) or problem.component.kind == kind


def _problem(problem: PluginRecord | Registered) -> list[str]:
    from specframe.registry import Registered

    if isinstance(problem, Registered):
        what = f"{problem.component.kind} {problem.qualified_name}"
    else:
        what = f"plugin {problem.name}"
    origin = " ".join(filter(None, (problem.distribution, problem.version)))
    return [f"  {what}{f' ({origin})' if origin else ''}: {problem.status}", *_wrapped(problem.reason, "      ")]


def _described(found: Registered) -> list[str]:
    component = found.component
    facts = [
        ("plugin", f"{found.plugin}, of {found.distribution} {found.version}"),
        ("class", component.target),
        ("requires", ", ".join(component.requires)),
        ("tags", ", ".join(component.tags)),
        ("status", found.status),
        ("reason", found.reason),
    ]
    lines = [f"{component.kind} {found.qualified_name}", *_wrapped(component.summary, "  "), ""]
    lines += table([(name, value) for name, value in facts if value], "  ")
    from specframe.cli.parameters import parameters_of

    parameters = parameters_of(component.params)
    if not parameters:
        return [*lines, "", "  no parameters"]
    rows = [("parameter", "type", "default", "bounds", "unit")]
    rows += [(p.name, p.type, p.written_default(), p.bounds, p.unit) for p in parameters]
    notes = [[], *(_wrapped(_note(parameter), "      ") for parameter in parameters)]
    return [*lines, "", *table(rows, "  ", widest=36, notes=notes)]


def _note(parameter: Parameter) -> str:
    """Return the description of a parameter, and where the mapping that it takes has been told."""
    like = f"Takes the same as {parameter.like}." if parameter.like else ""
    return f"{parameter.description} {like}".strip()


def _print_report(report: Report, failures_only: bool) -> None:
    """Print the table of a report, its marks in colour on a terminal that has them."""
    width = max(min(terminal_width(), _WIDEST), 40)
    in_colour = coloured(sys.stdout)
    for mark, text, style in check_table(report, width, failures_only):
        if in_colour and style is not None:
            shown = f"{painted(mark, style)}{printable(text)}" if mark else painted(printable(text), style)
            click.echo(shown, color=True)
        else:
            echo(f"{mark}{text}")


def _wrapped(text: str, indent: str) -> list[str]:
    width = max(min(terminal_width(), _WIDEST), 40)
    paragraphs = text.splitlines()
    options = {"initial_indent": indent, "subsequent_indent": indent}
    return [
        line
        for paragraph in paragraphs
        for line in textwrap.wrap(paragraph, width, break_long_words=False, break_on_hyphens=False, **options)  # type: ignore[arg-type]
    ]


def _plugin_data(plugin: PluginRecord, kind: str | None) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "status": plugin.status,
        "reason": plugin.reason,
        "components": [_component_data(c) for c in plugin.components if kind in (None, c.component.kind)],
    }


def _component_data(found: Registered, parameters: bool = False) -> dict[str, Any]:
    component = found.component
    data: dict[str, Any] = {
        "kind": component.kind,
        "name": component.name,
        "qualified_name": found.qualified_name,
        "plugin": found.plugin,
        "distribution": found.distribution,
        "version": found.version,
        "status": found.status,
        "reason": found.reason,
        "summary": component.summary,
        "tags": list(component.tags),
        "requires": list(component.requires),
        "target": component.target,
        "api": component.api,
    }
    if parameters:
        from specframe.cli.parameters import parameters_of

        data["parameters"] = [asdict(parameter) for parameter in parameters_of(component.params)]
    return data


def _print_json(data: dict[str, Any]) -> None:
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def _print_lines(lines: Sequence[str]) -> None:
    for line in lines:
        echo(line)
