"""Checks of loaders."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.observation import validate_observation
from specframe.api.prediction import validate_labels
from specframe.errors import SpecframeError
from specframe.testing.case import Case, Check, CheckFailed, Skip, expect, refused, unchanged

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LOADER_CHECKS", "LoaderCase"]

#: Targets that are loaded; the others are only listed.
MOST_LOADED = 3


class LoaderCase(Case[None]):
    """A loader; what it loads is decided by its parameters."""

    example_type = "nothing (give params)"

    def reference(self) -> Sequence[None]:
        """Return one example; it is empty, since a loader brings its own data."""
        return [None]

    def exercise(self, component: Any, example: None) -> Any:
        """Load the first targets, the labels and the catalogue."""
        targets = component.targets()
        loaded = {target: component.load(target) for target in targets[:MOST_LOADED]}
        return targets, loaded, component.labels(), component.catalogue()


def targets_unique_strings(case: LoaderCase) -> None:
    """Require that targets are unique strings, at least one, and the same each time in the same order."""
    targets = case.make().targets()
    expect(isinstance(targets, list), f"targets() must return a list, got {type(targets).__name__}")
    expect(targets, "finds no target")
    wrong = [target for target in targets if not isinstance(target, str) or not target.strip()]
    expect(not wrong, f"targets must be non-empty strings, got {wrong[:1]}")
    twice = sorted({target for target in targets if targets.count(target) > 1})
    expect(not twice, f"{twice[:1]} stands {targets.count(twice[0]) if twice else 0} times")
    unchanged(targets, case.make().targets(), "targets change from call to call")


def observations_valid(case: LoaderCase) -> None:
    """Require that what it loads is a valid Observation of the target that was asked for."""
    loader = case.make()
    for target in loader.targets()[:MOST_LOADED]:
        observation = loader.load(target)
        validate_observation(observation, case.cls.name)
        got = observation.attrs["target"]
        expect(got == target, f"load({target!r}) returned target {got!r}")


def loading_order_free(case: LoaderCase) -> None:
    """Require that what it loads does not depend on what it loaded before."""
    loader = case.make()
    targets = loader.targets()[:MOST_LOADED]
    forward = {target: loader.load(target) for target in targets}
    backward = {target: loader.load(target) for target in reversed(targets)}
    for target in targets:
        unchanged(forward[target], backward[target], f"target {target} loaded again differs")
        unchanged(forward[target], case.make().load(target), f"target {target} loaded alone differs")


def files_exist(case: LoaderCase) -> None:
    """Require that ``files`` names existing files, one at least where it reads a path: stored results depend on it."""
    loader = case.make()
    for target in loader.targets()[:MOST_LOADED]:
        files = loader.files(target)
        wrong = [file for file in files if not isinstance(file, Path)]
        expect(not wrong, f"files() must return Path objects, got {wrong[:1]}")
        absent = [str(file) for file in files if not file.is_file()]
        expect(not absent, f"files({target!r}) names what is not there: {', '.join(absent)}")
        if _paths(loader):
            expect(files, f"files({target!r}) is empty, though it reads {_paths(loader)[0]}")


def files_not_changed(case: LoaderCase) -> None:
    """Require that loading leaves the files as they were, and makes none beside them."""
    loader = case.make()
    files = sorted({file for target in loader.targets()[:MOST_LOADED] for file in loader.files(target)})
    if not files:
        raise Skip("it reads no files")
    folders = sorted({file.parent for file in files})

    def state() -> dict[str, Any]:
        contents = {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
        return {"contents": contents, "beside": [sorted(map(str, folder.iterdir())) for folder in folders]}

    before = state()
    case.exercise(loader, None)
    unchanged(before, state(), "changes its files")


def labels_valid(case: LoaderCase) -> None:
    """Require that labels, if there are any, are valid, and those of some target at least."""
    loader = case.make()
    labels = loader.labels()
    if labels is None:
        raise Skip("it has no labels")
    validate_labels(labels, case.cls.name)
    expect(set(map(str, labels["target"].values)) & set(loader.targets()), "labels are of none of its targets")


def catalogue_valid(case: LoaderCase) -> None:
    """Require that the catalogue, if any, has variables on dim ``target`` alone and names every target once."""
    loader = case.make()
    catalogue = loader.catalogue()
    if catalogue is None:
        raise Skip("it has no catalogue")
    wrong = [str(name) for name, array in catalogue.data_vars.items() if array.dims != ("target",)]
    expect(not wrong, f"these variables are not on dim 'target' alone: {', '.join(wrong)}")
    names, counts = np.unique(catalogue["target"].values, return_counts=True)
    expect(np.all(counts == 1), f"target {names[np.argmax(counts)]} stands {counts.max()} times")
    absent = sorted(set(loader.targets()) - set(map(str, names)))
    expect(not absent, f"target {absent[:1]} is not in the catalogue")


def unknown_target_refused(case: LoaderCase) -> None:
    """Require that an unknown target is refused with an error of specframe's that names it."""
    name = "no-such-target"
    refused(lambda: case.make().load(name), SpecframeError, f"load({name!r})")


def relocates(case: LoaderCase) -> None:
    """Require that a loader with a parameter ``path`` can be pointed elsewhere, as ``specframe predict`` does."""
    loader = case.make()
    if "path" not in case.cls.Params.model_fields:
        raise Skip("it has no parameter path")
    moved = loader.relocated(loader.params.path)
    expect(type(moved) is case.cls, f"relocated() must return the same class, got {type(moved).__name__}")
    unchanged(loader.targets(), moved.targets(), "relocated to the same place it finds other targets")
    nowhere = loader.params.path.parent / "no-such-place"
    refused(lambda: _use(loader.relocated(nowhere)), SpecframeError, f"loading from {nowhere}, which is not there,")


def _use(loader: Any) -> None:
    for target in loader.targets()[:1]:
        loader.load(target)
    if not loader.targets():
        raise CheckFailed("a path that is not there gives no targets and no error")


def _paths(loader: Any) -> list[str]:
    """Return the parameters that are paths of inputs, but for optional ones that are not given."""
    fields = type(loader.params).model_json_schema().get("properties", {})
    return [
        name
        for name, schema in fields.items()
        if "x-input-path" in str(schema) and getattr(loader.params, name) is not None
    ]


#: For loaders.
LOADER_CHECKS: tuple[Check, ...] = (
    targets_unique_strings,
    observations_valid,
    loading_order_free,
    files_exist,
    files_not_changed,
    labels_valid,
    catalogue_valid,
    unknown_target_refused,
    relocates,
)
