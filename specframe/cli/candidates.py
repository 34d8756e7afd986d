"""What a shell offers where the Tab key is pressed: files, runs, components, parameters.

Whoever presses it is in the middle of a line: nothing here may fail, print, or take long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    import click

    from specframe.registry import Registry

__all__ = ["components", "loaders", "pipelines", "plugin_files", "runs", "scores", "settings", "steps"]

_Complete = Callable[["click.Context", "click.Parameter", str], list[CompletionItem]]
_Find = Callable[["click.Context", str], Iterable["str | tuple[str, str]"]]

#: A folder with this file is a run, or a prediction.
_MANIFEST = "manifest.json"
_KEYS = ("load", "calibrate", "detrend", "model", "uncertainty", "export")
_KINDS = dict(zip(_KEYS, ("loader", "calibrator", "detrender", "model", "uncertainty", "exporter"), strict=True))
#: Of a file that is no YAML at the moment, as it is being written: lines of a step.
_STEP_LINE = re.compile(rf"^\s*-?\s*(id|{'|'.join(_KEYS)}):\s*([\w/.-]+)\s*$")
#: Keys of a pipeline beside its steps that --set can change.
_SECTIONS = ("seed", "evaluate.bootstrap", "evaluate.cross_validation.folds", "evaluate.cross_validation.group")


def _offered(find: _Find) -> _Complete:
    """Return a function for click: candidates that begin as what is typed, none where anything goes wrong."""

    @wraps(find)
    def complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            found = [item if isinstance(item, tuple) else (item, "") for item in find(ctx, incomplete)]
        except Exception:  # in the middle of a line nobody can do anything about it; the command itself will say it
            return []
        return [CompletionItem(text, help=says or None) for text, says in found if text.startswith(incomplete)]

    return complete


@_offered
def pipelines(_ctx: click.Context, incomplete: str) -> Iterator[str]:
    """Yield pipeline files, and folders on the way to them."""
    yield from _files(incomplete, (".yaml", ".yml"))


@_offered
def plugin_files(_ctx: click.Context, incomplete: str) -> Iterator[str]:
    """Yield Python files, and folders on the way to them."""
    yield from _files(incomplete, (".py",))


@_offered
def runs(_ctx: click.Context, incomplete: str) -> Iterator[str]:
    """Yield run directories, and folders on the way to them."""
    folder, shown = _folder(incomplete)
    found = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not incomplete and (Path("runs")).is_dir():
        found = [path for path in sorted(Path("runs").iterdir()) if path.is_dir()]
        shown = "runs/"
    for path in found:
        yield f"{shown}{path.name}{'' if (path / _MANIFEST).is_file() else '/'}"


@_offered
def components(ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    """Yield the names of components, of one kind where ``--kind`` says so, and of plugins."""
    registry = _registry(ctx)
    kind = ctx.params.get("kind")
    for found in registry.components(kind):
        name = found.component.name if found.status != "clash" else found.qualified_name
        yield name, found.component.summary
    if kind is None:
        yield from {plugin.name: "plugin" for plugin in registry.plugins}.items()


@_offered
def scores(ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    """Yield the names of scores."""
    for found in _registry(ctx).components("score"):
        yield found.component.name, found.component.summary


@_offered
def loaders(ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    """Yield the names of loaders."""
    for found in _registry(ctx).components("loader"):
        yield found.component.name, found.component.summary


@_offered
def steps(ctx: click.Context, _incomplete: str) -> Iterator[str]:
    """Yield the ids of the steps of the pipeline file or run that was named."""
    yield from _steps(_named(ctx))


@_offered
def settings(ctx: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Yield ``step.param=`` of the pipeline file or run that was named."""
    known = _steps(_named(ctx))
    step, dot, _ = incomplete.partition(".")
    if not dot:
        for name in known:
            yield f"{name}.", ""
    elif step in known:
        kind, component = known[step]
        fields = _registry(ctx).resolve(kind, component).component.params.model_fields
        for name, field in fields.items():
            yield f"{step}.{name}=", str(field.description or "")
    for name in _SECTIONS:
        yield f"{name}=", ""


def _files(incomplete: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    folder, shown = _folder(incomplete)
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") and not incomplete.rpartition("/")[2].startswith("."):
            continue
        if path.is_dir():
            yield f"{shown}{path.name}/"
        elif path.suffix in suffixes:
            yield f"{shown}{path.name}"


def _folder(incomplete: str) -> tuple[Path, str]:
    """Return the folder in which what is typed goes on, and how it is written."""
    before, slash, _ = incomplete.rpartition("/")
    return Path(before + slash or ".").expanduser(), before + slash


def _named(ctx: click.Context) -> Path:
    """Return the pipeline file that the line has: of a run, the one in its folder."""
    given = (ctx.params.get(name) for name in ("pipeline", "config", "run", "path", "runs"))
    # before an option without its value, which is what is typed now, click has not told arguments apart
    named = next(value for value in (*given, ctx.args) if value)
    path = Path(named[0] if isinstance(named, tuple | list) else named)
    return path / "pipeline.yaml" if path.is_dir() else path


def _registry(ctx: click.Context) -> Registry:
    from specframe.registry import Registry

    return Registry.discover(files=tuple(ctx.params.get("plugin_files") or ()))


def _steps(path: Path) -> dict[str, tuple[str, str]]:
    """Return the kind and the component of each step by its id, as far as they can be told from the file."""
    import yaml

    text = path.read_text(encoding="utf-8")
    try:
        listed: list[dict[str, Any]] = yaml.safe_load(text)["steps"]
    except (yaml.YAMLError, KeyError, TypeError):
        listed = _steps_by_line(text)
    found = {}
    for step in listed:
        key = next((key for key in _KEYS if key in step), None)
        if key is not None:
            found[str(step.get("id", key))] = (_KINDS[key], str(step[key]))
    return found


def _steps_by_line(text: str) -> list[dict[str, Any]]:
    """Return the steps of a file that is no YAML at the moment."""
    found: list[dict[str, Any]] = []
    for line in text.splitlines():
        match = _STEP_LINE.match(line)
        if match:
            if line.lstrip().startswith("-") or not found:
                found.append({})
            found[-1][match[1]] = match[2]
    return found
