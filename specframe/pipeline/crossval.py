"""Cross-validation and the final fit, each fold stored so that a run that was broken off goes on from there."""

from __future__ import annotations

import hashlib
import math
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import numpy as np

from specframe.api.splits import grouped_folds, validation_split
from specframe.api.workspaces import working_in
from specframe.config.spec import INNER_FOLDS, CrossValidation
from specframe.errors import DataError, InputFileError
from specframe.pipeline.chain import FittedChain
from specframe.pipeline.fitting import fit_chain
from specframe.pipeline.keys import digest, environment_digest, seed_for
from specframe.pipeline.target import StepRecipe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import xarray as xr

    from specframe.api.uncertainty import Uncertainty
    from specframe.config.spec import Holdout
    from specframe.pipeline.learning import LearningData, LearningStep
    from specframe.pipeline.run import Session

__all__ = ["check_enough_targets", "cross_validate", "fit_final", "join_folds", "predicted_folds"]

_STEP = "cross-validation"


def check_enough_targets(session: Session, steps: Sequence[LearningStep], n_target: int) -> None:
    """Raise :class:`DataError` where an uncertainty estimator needs more targets than the smallest fold leaves it.

    That there are no targets at all is found by whoever asks for them.
    """
    if n_target == 0:
        return
    holdout = session.spec.holdout
    folds = max(min((session.spec.cross_validation or CrossValidation()).folds, n_target), 1)
    held_out = math.ceil(n_target * holdout.fraction if holdout else n_target / folds)
    left = n_target - held_out
    for step in steps:
        least = cast("Uncertainty", step.component).least_targets() if step.kind == "uncertainty" else 0
        if least > left:
            raise DataError(
                f"step {step.id!r}: {step.component.name} needs at least {least} calibration targets with known truth, "
                f"but of {n_target} targets {_splits(holdout, folds)} leaves it {left}; give more targets, or "
                "ask for lower levels or fewer classes"
            )


def _splits(holdout: Holdout | None, folds: int) -> str:
    return f"a hold-out of {holdout.fraction:g}" if holdout else f"cross-validation in {folds} folds"


def cross_validate(
    session: Session, steps: Sequence[LearningStep], data: LearningData, labels: xr.DataArray
) -> xr.Dataset:
    """Predict every target, or those of the hold-out, by a chain that was fitted without its group.

    Returns the Prediction in the order of ``data``, with the fold of each target as ``fold (target)``.
    """
    return join_folds(list(predicted_folds(session, steps, data, labels)), data)


def join_folds(parts: Sequence[xr.Dataset], data: LearningData) -> xr.Dataset:
    """Return the predictions of folds as one, in the order of ``data``."""
    import xarray as xr

    joined = xr.concat(parts, dim="target", data_vars="minimal", coords="minimal", compat="override")
    order = {target: i for i, target in enumerate(data.targets)}
    return joined.isel(target=np.argsort([order[str(target)] for target in joined["target"].values]))


def predicted_folds(
    session: Session, steps: Sequence[LearningStep], data: LearningData, labels: xr.DataArray
) -> Iterator[xr.Dataset]:
    """Predict fold after fold; whoever has seen enough need not take the others. A hold-out is one fold."""
    holdout = session.spec.holdout
    wanted = session.spec.cross_validation or CrossValidation()
    n_group = len(np.unique(data.groups))
    if n_group < 2:
        raise DataError(
            f"cross-validation groups by {session.spec.group!r}, of which there is only one value among "
            f"{len(data.targets)} targets: group by something else, or give more targets"
        )
    folds = wanted.folds if session.spec.cross_validation else min(wanted.folds, n_group)
    seed, inner = session.spec.seed, session.spec.inner_folds
    base = _data_key(session, steps, data, labels)
    if holdout:
        splits = [validation_split(data.groups, holdout.fraction, seed_for(seed, "holdout"))]
    else:
        splits = grouped_folds(data.groups, folds, seed_for(seed, "folds"))
    with session.progress.track(_STEP if not holdout else "hold-out", len(splits)) as advance:
        for k, (train, test) in enumerate(splits):
            key = digest(base, "fold", k, [data.targets[i] for i in train])
            part = session.directory.store.get_dataset(_STEP, f"fold-{k}", key)
            if part is None:
                with _working(session, key):
                    chain = fit_chain(
                        steps, data.take(train), labels.isel(target=train), seed, "fold", k, inner_folds=inner
                    )
                    part = chain.predict(data.take(test).as_observed()).assign(fold=("target", np.full(len(test), k)))
                    session.directory.store.put(_STEP, f"fold-{k}", key, part)
            else:
                session.reused.add(_STEP)
            advance()
            yield part


def fit_final(session: Session, steps: Sequence[LearningStep], data: LearningData, labels: xr.DataArray) -> FittedChain:
    """Fit on all targets: the chain that predicts new ones."""
    with session.progress.track("final fit", 1) as advance:
        key = digest(_data_key(session, steps, data, labels), "final")
        folder = session.directory.stages / "fit" / key[:16]
        chain = _stored(folder, steps)
        if chain is None:
            shutil.rmtree(folder.parent, ignore_errors=True)
            with _working(session, key):
                spec = session.spec
                chain = fit_chain(steps, data, labels, spec.seed, "final", inner_folds=spec.inner_folds)
                chain.save(folder)
                (folder / "complete").touch()
        else:
            session.reused.add("fit")
        advance()
    return chain


@contextmanager
def _working(session: Session, key: str) -> Iterator[None]:
    """Give fits a folder for checkpoints, which a later run finds under the same key; remove it when all is stored."""
    folder = session.directory.stages / "checkpoints" / key[:16]
    with working_in(folder, session.progress.tell):
        yield
    shutil.rmtree(folder, ignore_errors=True)


def _stored(folder: Path, steps: Sequence[LearningStep]) -> FittedChain | None:
    """Return the stored fit, ``None`` when there is none or it is damaged."""
    if not (folder / "complete").is_file():
        return None
    try:
        return FittedChain.load(folder, steps)
    except InputFileError:
        return None


def _data_key(session: Session, steps: Sequence[LearningStep], data: LearningData, labels: xr.DataArray) -> str:
    """Return the key of everything that a fit depends on but its choice of targets."""
    recipes = {step.id: StepRecipe.of(step) for step in session.spec.steps}
    chain = [
        [step.id, [*step.sources], step.learns, step.weights, step.noisy_copies, recipes[step.id].key(None)]
        for step in steps
    ]
    content = hashlib.sha256()
    for step in sorted(data.collections):
        for node in data.collections[step].subtree:
            content.update(f"{step}/{node.path}".encode())
            _update(content, node.to_dataset(inherit=False))
    for array in (labels, data.depths, data.depth_errors):
        if array is not None:
            _update(content, array.to_dataset(name="values"))
    groups = [str(group) for group in data.groups]
    spec = session.spec
    found = [spec.seed, chain, content.hexdigest(), list(data.targets), groups]
    return digest(environment_digest(), *found, *([] if spec.inner_folds == INNER_FOLDS else [spec.inner_folds]))


def _update(content: hashlib._Hash, data: xr.Dataset) -> None:
    """Hash names, dims, types, attributes and values of all variables, coordinates among them."""
    for name, variable in sorted(data.variables.items(), key=lambda item: str(item[0])):
        values = np.asarray(variable.values)
        if values.dtype.kind == "O":
            values = values.astype(str)
        attrs = sorted((str(key), str(value)) for key, value in variable.attrs.items())
        content.update(f"{name}{variable.dims}{values.dtype}{values.shape}{attrs}".encode())
        if values.size:
            content.update(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)
