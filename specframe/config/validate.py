"""Reads a pipeline: files, variables, overrides, names and parameters, with everything that is wrong told at once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from specframe.config.components import ComponentReader, ComponentSource
from specframe.config.document import read_file
from specframe.config.extends import extended
from specframe.config.node import MapNode, ScalarNode, check_size, describe, from_data, plain
from specframe.config.origins import origins
from specframe.config.overrides import overridden
from specframe.config.problem import Problems
from specframe.config.recipe import PIPELINE_KEYS
from specframe.config.search import with_values
from specframe.config.section import Section
from specframe.config.spec import (
    BOOTSTRAP,
    INNER_FOLDS,
    CrossValidation,
    Holdout,
    Part,
    PipelineSpec,
    PluginChoice,
)
from specframe.config.steps import read_steps
from specframe.config.substitution import Substitution
from specframe.config.tuning import read_tuning
from specframe.errors import PluginError, UsageError
from specframe.registry.selection import canonical_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from specframe.api.component import Kind
    from specframe.config.node import Node
    from specframe.config.spec import Step
    from specframe.config.steps import Recipe

__all__ = ["RegistryFactory", "pipeline_from_data", "read_pipeline", "tuned_pipeline"]

#: Makes the registry from ``plugins.block`` and ``plugins.pin`` of the pipeline.
RegistryFactory: TypeAlias = Callable[[tuple[str, ...], tuple[str, ...]], ComponentSource]

#: The only version of the format so far.
FORMAT = 1


def read_pipeline(
    path: Path | str, make_registry: RegistryFactory, overrides: Sequence[str] = (), *, check_paths: bool = True
) -> PipelineSpec:
    """Return the pipeline that a YAML file describes.

    Parameters
    ----------
    path
        The file.
    make_registry
        Called once with the plugins to block and to pin; returns where components come from.
    overrides
        ``--set`` options, ``"fit.alpha=0.1"``.
    check_paths
        Whether input files and folders must exist. A fitted run is used without its training data.

    Raises
    ------
    ConfigError
        With everything that is wrong: ``file:line:column``, the source line, and what to do.
    """
    problems = Problems()
    shown, path = str(path), Path(path)
    root = read_file(path, shown, 0, problems)
    return _pipeline(root, path, shown, make_registry, overrides, check_paths, problems)


def pipeline_from_data(
    data: Mapping[str, object],
    make_registry: RegistryFactory,
    overrides: Sequence[str] = (),
    *,
    base: Path | None = None,
    check_paths: bool = True,
) -> PipelineSpec:
    """Return the pipeline that Python data describe, as they would stand in YAML.

    Relative paths are read against ``base``, by default the working directory. For the rest see :func:`read_pipeline`.
    """
    problems = Problems()
    root = from_data(data, problems, Path.cwd() if base is None else base)
    return _pipeline(root, None, "", make_registry, overrides, check_paths, problems)


def _pipeline(
    root: Node,
    path: Path | None,
    shown: str,
    make_registry: RegistryFactory,
    overrides: Sequence[str],
    check_paths: bool,
    problems: Problems,
) -> PipelineSpec:
    if not isinstance(root, MapNode):
        empty = isinstance(root, ScalarNode) and root.value is None
        message = "the pipeline is empty" if empty else f"a pipeline is a mapping, got {describe(root)}"
        problems.add(root.at, message, f"it begins with 'specframe: {FORMAT}'")
        raise problems.error()
    merged = overridden(extended(root, path, problems), overrides, problems)
    check_size(merged, problems)
    return _merged(merged, path, shown, make_registry, check_paths, problems)


def tuned_pipeline(
    spec: PipelineSpec, values: Mapping[str, Any], make_registry: RegistryFactory, *, check_paths: bool = True
) -> PipelineSpec:
    """Return the pipeline with values from the space of its ``tune`` section put in, by their keys.

    Raises
    ------
    ConfigError
        When the pipeline cannot have them together.
    """
    problems = Problems()
    tuning = spec.tuning
    if tuning is None or tuning.source is None:
        raise UsageError("the pipeline has no 'tune' section")
    source = with_values(tuning.source.without("tune"), tuning.space, values, problems)
    shown = str(spec.path) if spec.path else ""
    return _merged(source, spec.path, shown, make_registry, check_paths, problems)


def _merged(
    merged: MapNode,
    path: Path | None,
    shown: str,
    make_registry: RegistryFactory,
    check_paths: bool,
    problems: Problems,
) -> PipelineSpec:
    """Return the pipeline of a tree in which nothing is filled in yet."""
    filled = _filled(merged, problems)
    check_size(filled, problems)
    section = Section(filled, "the pipeline", [key for key in PIPELINE_KEYS if key != "extends"], filled.at, problems)
    _check_format(section)
    plugins, source = _plugins(section, make_registry)
    reader = ComponentReader(source, problems, check_paths)
    recipe = read_steps(filled.entries.get("steps"), filled, reader)
    evaluate = _evaluate(section)
    cross_validation = _cross_validation(evaluate, recipe)
    holdout = _holdout(evaluate, recipe)
    scores = _parts("score", "scores", evaluate, reader)
    written = [Part(step.component, step.params) for step in recipe.steps if _is_export(step)]
    spec = PipelineSpec(
        steps=tuple(step for step in recipe.steps if not _is_export(step)),
        seed=section.integer("seed", 0, 0),
        description=section.text("description", ""),
        cross_validation=cross_validation,
        holdout=holdout,
        inner_folds=evaluate.integer("inner_folds", INNER_FOLDS, 2),
        scores=scores,
        bootstrap=evaluate.integer("bootstrap", BOOTSTRAP, 0),
        by=evaluate.texts("by"),
        exports=(*written, *_parts("exporter", "export", section, reader)),
        compared=_parts("loader", "compare", evaluate, reader),
        predicted=_predicted(section, reader),
        plugins=plugins,
        tuning=read_tuning(merged, section, recipe.steps, scores, cross_validation is not None, source, check_paths),
        path=None if path is None else Path(os.path.abspath(path)),  # noqa: PTH100 - links stay as they are named
        origins=origins(filled, shown),
    )
    problems.raise_if_any()
    return spec


def _filled(root: MapNode, problems: Problems) -> MapNode:
    """Fill in variables; ``vars`` has then done its work."""
    variables = root.get("vars")
    if variables is not None and not isinstance(variables, MapNode):
        Section(variables, "vars", ["NAME: value"], root.entries["vars"].at, problems)
    substitution = Substitution(variables if isinstance(variables, MapNode) else MapNode({}, root.at), problems)
    return cast("MapNode", substitution.apply(root)).without("vars")


def _check_format(section: Section) -> None:
    node = section.get("specframe")
    if node is None and "specframe" not in section.node.entries:
        section.problems.add(section.at, "the pipeline does not state its format", f"write 'specframe: {FORMAT}'")
    elif node is None or not isinstance(node, ScalarNode) or node.value != FORMAT or isinstance(node.value, bool):
        node = section.node.entries["specframe"].value
        newer = isinstance(node, ScalarNode) and isinstance(node.value, int | float) and node.value > FORMAT
        hint = "a newer specframe may read it" if newer else ""
        section.problems.add(node.at, f"specframe must be {FORMAT}, the format of the file, got {describe(node)}", hint)


def _plugins(section: Section, make_registry: RegistryFactory) -> tuple[PluginChoice, ComponentSource | None]:
    entry = section.node.entries.get("plugins")
    at = entry.at if entry else section.at
    stated = Section(entry.value if entry else None, "plugins", ("block", "pin"), at, section.problems)
    choice = PluginChoice(stated.texts("block"), stated.texts("pin"))
    try:
        source = make_registry(choice.block, choice.pin)
    except PluginError as error:
        section.problems.add(at, str(error))
        return choice, None
    for node in stated.items("pin"):
        name = canonical_name(re.split(r"[\s<>=!~,]", str(plain(node)), maxsplit=1)[0])
        for plugin in source.plugins:
            names = (plugin.name, plugin.distribution, f"{plugin.distribution}:{plugin.name}")
            # Even when nothing of it is used: a pin says with what the pipeline is known to work.
            if plugin.status == "blocked" and name in map(canonical_name, names):
                section.problems.add(node.at, plugin.reason)
    return choice, source


def _is_export(step: Step) -> bool:
    return step.component.component.kind == "exporter"


def _evaluate(section: Section) -> Section:
    entry = section.node.entries.get("evaluate")
    keys = ("cross_validation", "holdout", "inner_folds", "scores", "bootstrap", "by", "compare")
    return Section(
        entry.value if entry else None, "evaluate", keys, entry.at if entry else section.at, section.problems
    )


def _cross_validation(evaluate: Section, recipe: Recipe) -> CrossValidation | None:
    folds = evaluate.get("cross_validation")
    if folds is None:
        return None
    at = evaluate.node.entries["cross_validation"].at
    inner = Section(folds, "cross_validation", ("folds", "group"), at, evaluate.problems)
    if not recipe.has_model:
        evaluate.problems.add(at, "cross-validation needs a model", "add a step '- model: ...', or remove it")
    return CrossValidation(inner.integer("folds", 5, 2), inner.text("group", "target") or "target")


def _holdout(evaluate: Section, recipe: Recipe) -> Holdout | None:
    stated = evaluate.get("holdout")
    if stated is None:
        return None
    at = evaluate.node.entries["holdout"].at
    inner = Section(stated, "holdout", ("fraction", "group"), at, evaluate.problems)
    if not recipe.has_model:
        evaluate.problems.add(at, "a hold-out needs a model", "add a step '- model: ...', or remove it")
    if evaluate.get("cross_validation") is not None:
        evaluate.problems.add(at, "targets are held out either in turn or once", "remove cross_validation or holdout")
    return Holdout(inner.fraction("fraction", 0.2), inner.text("group", "target") or "target")


def _predicted(section: Section, reader: ComponentReader) -> Part | None:
    """Return the loader of the data that the fitted pipeline is applied to."""
    stated = section.get("predict")
    if stated is None:
        return None
    at = section.node.entries["predict"].at
    inner = Section(stated, "predict", ("load", "with"), at, section.problems)
    name = inner.get("load")
    if name is None:
        if not inner.misspelt:
            section.problems.add(at, "predict names no loader", "write predict: {load: NAME, with: {path: ...}}")
        return None
    registered = reader.component("loader", name)
    if registered is None:
        return None
    own = inner.node.entries.get("with")
    params = reader.parameters(registered, own.value if own else None, own.at if own else name.at)
    return None if params is None else Part(registered, params)


def _parts(kind: Kind, key: str, section: Section, reader: ComponentReader) -> tuple[Part, ...]:
    """Return the components of a list whose items are ``name`` or, say, ``{score: name, with: {...}}``."""
    own = {"score": "score", "exporter": "export", "loader": "load"}[kind]
    parts: list[Part] = []
    for node in section.items(key):
        name: Node | None = node
        stated = None
        if isinstance(node, MapNode):
            item = Section(node, f"an item of {key}", (own, "with"), node.at, section.problems)
            name, stated = item.node.get(own), item.node.entries.get("with")
            if name is None and item.misspelt:
                continue
            if name is None:
                section.problems.add(node.at, f"an item of {key} is a name, or has {own!r} and 'with'")
                continue
        assert name is not None
        registered = reader.component(kind, name)
        if registered is None:
            continue
        params = reader.parameters(registered, stated.value if stated else None, stated.at if stated else name.at)
        if params is not None:
            parts.append(Part(registered, params))
    return tuple(parts)
