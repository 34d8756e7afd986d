"""The training loop: epochs until nothing improves, the best weights kept."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from specframe.errors import DataError
from specframe_cnn.training.checkpoint import Checkpoint, digest_of
from specframe_cnn.training.device import choose_arithmetic, reproducible
from specframe_cnn.training.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import nn

    from specframe_cnn.network.head import Head
    from specframe_cnn.training.augmentation import Augmentation
    from specframe_cnn.training.data import TensorData
    from specframe_cnn.training.device import Arithmetic
    from specframe_cnn.training.history import History
    from specframe_cnn.training.params import TrainingParams

__all__ = ["train"]

#: Seconds between two lines about how far training is.
TELL_EVERY = 5.0

#: How often a training that diverged goes back to its best weights, each time with this part of its learning rate.
MOST_RETURNS, SLOWER = 3, 0.2


def _silent(text: str) -> None:
    """Tell nobody."""


def train(
    network: nn.Module,
    head: Head,
    data: TensorData,
    validation: TensorData,
    params: TrainingParams,
    seed: int,
    augmentation: Augmentation | None = None,
    checkpoint: Path | None = None,
    tell: Callable[[str], None] = _silent,
) -> History:
    """Train ``network`` in place; it ends with its best weights, on the CPU, in eval mode.

    The best weights are those after the epoch with the least loss of ``validation``; training stops when the loss
    has not improved for ``params.patience`` epochs. Where the loss becomes infinite or NaN, training goes back to the
    best weights and on with a fifth of the learning rate, three times at most.

    The result depends on the arguments and the machine only: not on what ran before, on the number of threads or
    processes around it, or on whether training was killed and went on from its checkpoint. Global state of torch
    (generators, threads, deterministic mode) is left as it was.

    Parameters
    ----------
    network
        Takes a dict of inputs and returns raw output (n, head.width).
    head
        Gives the loss of a batch, ``loss(raw, labels, weight)``, and that of each target, ``per_target(raw, labels)``,
        of which the validation loss is the weighted mean.
    data, validation
        To learn from, and to judge by. An empty ``validation`` (``len`` 0) lets all epochs run and keeps the last
        weights.
    params
        See :class:`~specframe_cnn.training.params.TrainingParams`; its ``validation`` is the caller's affair.
    seed
        Decides the order of targets, dropout and augmentation; the initial weights are the network's own.
    augmentation
        Changes training batches; the loss is always taken of unchanged ``validation``.
    checkpoint
        Path of one file, e.g. ``workspace().directory / "training.safetensors"``, from which the same training goes
        on; its folder is made when it is needed. When the training in it has ended, its result is returned at once.
    tell
        Takes a line about how far training is, every few seconds.

    Raises
    ------
    UsageError
        When device, precision or an augmentation cannot be had here.
    DataError
        When there are no training targets, inputs are not finite, or training diverges again and again.
    """
    if not len(data):
        raise DataError("training: there are no targets to learn from")
    data.check("training data")
    validation.check("validation data")
    arithmetic = choose_arithmetic(params, network)
    if augmentation is not None and not augmentation.active:
        augmentation = None
    if augmentation is not None:
        augmentation.check(data)
    store = None
    if checkpoint is not None:
        store = Checkpoint(
            checkpoint, _digest(network, head, data, validation, params, seed, augmentation, arithmetic), tell
        )
    with reproducible(arithmetic, params.threads):
        session = Session(network, head, data, validation, params, seed, augmentation, arithmetic)
        try:
            return _run(session, params, store, tell)
        finally:
            session.close()


def _run(session: Session, params: TrainingParams, store: Checkpoint | None, tell: Callable[[str], None]) -> History:
    """Go through the epochs that are left, and return how it went."""
    started = time.perf_counter()
    found = store.read() if store is not None else None
    if found is not None:
        session.load_state(*found)
        ended = "has ended" if session.state.finished else "goes on"
        tell(f"training {ended} after epoch {session.epoch} of {params.epochs}, as its checkpoint has it")
    before = session.state.seconds
    told = saved = time.perf_counter()
    while not session.state.finished:
        if not session.run_epoch():
            _go_back(session, tell)
        state = session.state
        state.finished = session.epoch >= params.epochs or state.stale >= params.patience
        now = time.perf_counter()
        state.seconds = before + now - started
        if now - told >= TELL_EVERY or state.finished:
            tell(_line(session, params))
            told = now
        if store is not None and (state.finished or now - saved >= params.checkpoint_every):
            store.write(*session.save_state())
            saved = now
    if session.state.best_epoch < 0:
        raise _diverged(session)
    session.restore_best()
    return session.record.history(session.state.seconds, session.state.best_epoch)


def _go_back(session: Session, tell: Callable[[str], None]) -> None:
    """Return to the best weights after an epoch that diverged, with smaller steps."""
    state = session.state
    state.returns += 1
    if state.returns > MOST_RETURNS:
        raise _diverged(session)
    state.reduction *= SLOWER
    session.go_back()
    weights = f"those of epoch {state.best_epoch + 1}" if state.best_epoch >= 0 else "the first ones"
    tell(
        f"epoch {session.epoch}: training diverged ({_losses(session)}); back to the best weights, {weights}, and on "
        f"with {state.reduction:.2g} of the learning rate"
    )


def _diverged(session: Session) -> DataError:
    return DataError(
        f"training diverged in {session.state.returns} of {session.epoch} epochs, at last in epoch {session.epoch} "
        f"({_losses(session)}, learning rate {session.record.rows[-1][2]:.2g}): lower training.learning_rate or "
        "training.clip_norm, or look among the inputs and labels for values far from the others"
    )


def _losses(session: Session) -> str:
    training, validation, _ = session.record.rows[-1]
    return f"training loss {training:g}" + (f", validation loss {validation:g}" if session.judged else "")


def _line(session: Session, params: TrainingParams) -> str:
    """Return how far training is."""
    training, validation, rate = session.record.rows[-1]
    state = session.state
    text = f"epoch {session.epoch}/{params.epochs}: training loss {training:.4g}"
    if session.judged:
        text += f", validation loss {validation:.4g} (least {state.best_loss:.4g} in epoch {state.best_epoch + 1})"
    text += f", learning rate {rate:.2g}, {state.seconds:.0f} s"
    if state.finished and session.epoch < params.epochs:
        text += f"; ended: no improvement in {state.stale} epochs"
    return text


def _digest(
    network: nn.Module,
    head: Head,
    data: TensorData,
    validation: TensorData,
    params: TrainingParams,
    seed: int,
    augmentation: Augmentation | None,
    arithmetic: Arithmetic,
) -> str:
    """Return the digest of all that the result of a training depends on, see :class:`Checkpoint`."""
    # how often a checkpoint is written does not change what comes out
    canonical = {name: value for name, value in params.canonical().items() if name != "checkpoint_every"}
    augments = None if augmentation is None else augmentation.params.canonical()
    described = [canonical, augments, seed, repr(network), type(head).__qualname__, vars(head), arithmetic.describe()]
    return digest_of((data, validation), network.state_dict(), described)
