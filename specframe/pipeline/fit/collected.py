"""What models learn from, collated from what the mapping steps left of each target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.collection import collate, inputs_chosen
from specframe.api.observation import nodes
from specframe.errors import ContainerError, DataError, RunError
from specframe.pipeline.fit.learning import LearningData, LearningStep
from specframe.pipeline.fit.noise import is_noise_free

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr

    from specframe.pipeline.targets.gather import Gathered

__all__ = ["learning_data"]


def learning_data(
    gathered: Gathered,
    steps: Sequence[LearningStep],
    catalogue: xr.Dataset | None,
    group: str = "target",
    like: Mapping[str, xr.DataTree] | None = None,
) -> LearningData:
    """Collate what the model steps read; targets that do not fit with the others are set aside.

    ``like`` has by model step what the model was fitted on: then targets must fit with that.
    """
    import xarray as xr

    models = [step for step in steps if step.kind == "model"]
    errors = any((draws := step.draws()) is not None and draws.source == "inputs" for step in steps)
    wanted: dict[tuple[str, ...], xr.DataTree] = {}
    names = {step.id: step.observed_inputs for step in models if step.reads_observations}
    for step, inputs in names.items():
        if inputs not in wanted:
            wanted[inputs] = _collate(gathered, inputs, catalogue, step, None if like is None else like[step], errors)
    depths = _depths(gathered, catalogue, steps)
    targets = tuple(gathered.keys)
    nothing = xr.DataTree(xr.Dataset(coords={"target": list(targets)}))
    ordered = {inputs: _ordered(tree, targets) for inputs, tree in wanted.items()}
    return LearningData(
        collections={step.id: ordered[names[step.id]] if step.id in names else nothing for step in models},
        targets=targets,
        groups=_groups(targets, catalogue, group),
        depths=None if depths is None else depths["depth"].sel(target=list(targets)),
        depth_errors=None if depths is None else depths["depth_error"].sel(target=list(targets)),
    )


def _depths(gathered: Gathered, catalogue: xr.Dataset | None, steps: Sequence[LearningStep]) -> xr.Dataset | None:
    """Return what a detrender measured, where a step builds on it or weights by it, or errors are to be estimated."""
    models = [step for step in steps if step.kind == "model"]
    known = {step.id for step in models}
    needed = any(step.weights == "errors" or set(step.sources) - known for step in models)
    if not needed:
        if all(step.kind == "model" for step in steps):
            return None
        first = next(gathered.observations(), None)
        if first is None or not _has_depths(first):
            return None
    spectrum: xr.Dataset
    if needed:
        spectrum = _collate(gathered, ("depth", "depth_error"), catalogue, models[0].id)["spectrum"].to_dataset()
        return spectrum
    refused: list[str] = []
    try:
        collected = collate(
            gathered.observations(("depth", "depth_error")),
            ("depth", "depth_error"),
            catalogue,
            lambda target, _: refused.append(target),
        )
    except DataError:
        return None
    spectrum = collected["spectrum"].to_dataset()
    # they are a help to estimators, not an input: without those of every target there are none
    return None if refused or set(gathered.keys) - set(map(str, spectrum["target"].values)) else spectrum


def _collate(
    gathered: Gathered,
    inputs: tuple[str, ...],
    catalogue: xr.Dataset | None,
    step: str,
    like: xr.DataTree | None = None,
    errors: bool = False,
) -> xr.DataTree:
    """Collate ``inputs``, with ``errors`` also the errors of those that have any."""

    def reject(target: str, error: DataError) -> None:
        gathered.leave_out(target, step, error)

    n_target = len(gathered.keys)
    first = next(gathered.observations(), None)
    if first is not None:
        inputs = inputs_chosen(inputs, first)
    errors = errors or _reads_errors(inputs, first, like)
    if errors and first is not None:
        there = {str(name) for _, data in nodes(first) for name in data.data_vars}
        also = (f"{name}_error" for name in inputs if f"{name.rpartition('/')[2]}_error" in there)
        inputs = tuple(dict.fromkeys((*inputs, *also)))
    try:
        return collate(gathered.observations(inputs), inputs, catalogue, reject, like)
    except ContainerError:
        if gathered.keys:
            raise
        left, n_target = gathered.set_aside[-max(n_target, 1)], max(n_target, 1)
        raise RunError(left.alone(n_target)) from None


def _reads_errors(inputs: Sequence[str], first: xr.DataTree | None, like: xr.DataTree | None) -> bool:
    """Whether errors are read beside ``inputs``: where they say how noisy an observation of noise-free inputs is.

    New targets have them read where those had that the model was fitted on, ``like``.
    """
    names = {name.rpartition("/")[2] for name in inputs}
    if like is not None:
        there = {str(name) for node in like.subtree for name in node.data_vars}
        return any(f"{name}_error" in there for name in names)
    return first is not None and any(
        name in data and is_noise_free(data[name]) for _, data in nodes(first) for name in names
    )


def _has_depths(observation: xr.DataTree) -> bool:
    return any("depth" in data for _, data in nodes(observation))


def _ordered(tree: xr.DataTree, targets: tuple[str, ...]) -> xr.DataTree:
    """Return the collection with these targets only, in this order."""
    there = {str(name): i for i, name in enumerate(tree.coords["target"].values)}
    return tree.isel(target=np.array([there[target] for target in targets], dtype=np.intp))


def _groups(targets: Sequence[str], catalogue: xr.Dataset | None, group: str) -> Any:
    if group == "target" or catalogue is None:
        return np.array(targets)
    return catalogue[group].sel(target=list(targets)).values.astype(str)
