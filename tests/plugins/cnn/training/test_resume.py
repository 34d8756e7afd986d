"""A training that is killed goes on from its checkpoint, and ends with the same bits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

FOUR_BATCHES = 4  # of an epoch of the stand-in


def assert_same(first, second) -> None:
    """Networks and histories agree to the last bit, except in time."""
    (network, history), (other_network, other_history) = first, second
    state, other_state = network.state_dict(), other_network.state_dict()
    assert list(state) == list(other_state)
    for name in state:
        assert torch.equal(state[name], other_state[name]), name
    for name in ("training_loss", "validation_loss", "learning_rate"):
        assert np.array_equal(getattr(history, name), getattr(other_history, name), equal_nan=True), name
    assert history.best_epoch == other_history.best_epoch


class Stopped(Exception):  # noqa: N818 - it is no error
    """Breaks a training off, as a kill would."""


@pytest.fixture
def stop_at(stand_in, monkeypatch):
    """Return a function that lets training break off at a step, and none when it is 0."""
    loss = stand_in.MeanHead.loss

    def set_step(last: int) -> None:
        steps = 0

        def counted(*arguments):
            nonlocal steps
            steps += 1
            if steps == last:
                raise Stopped
            return loss(*arguments)

        monkeypatch.setattr(stand_in.MeanHead, "loss", counted)

    return set_step


@pytest.mark.parametrize(
    "changes",
    [
        {},
        # so large that the first epoch stays the best, and the rate is halved before training breaks off
        {"optimiser": "sgd", "schedule": "plateau", "patience": 6, "learning_rate": 1.0, "ema": 0.0},
        {"optimiser": "adam", "schedule": "one-cycle", "ema": 0.0},
        # diverges twice, and goes on from its best weights
        {
            "optimiser": "sgd",
            "learning_rate": 10.0,
            "clip_norm": None,
            "warmup": 0.0,
            "schedule": "constant",
            "ema": 0.0,
        },
        {"validation": 0.3, "precision": "float32", "clip_norm": None, "schedule": "constant"},
    ],
    ids=["adamw-cosine", "sgd-plateau", "adam-one-cycle", "diverges", "constant"],
)
def test_training_broken_off_twice_ends_as_if_it_never_was(stand_in, stop_at, tmp_path, changes):
    unbroken = stand_in.run(**changes)
    checkpoint = tmp_path / "fit" / "training.safetensors"
    for last in (2 * FOUR_BATCHES + 2, 3 * FOUR_BATCHES + 1):
        stop_at(last)
        with pytest.raises(Stopped):
            stand_in.run(checkpoint, **changes)
    stop_at(0)
    lines: list[str] = []
    resumed = stand_in.run(checkpoint, lines.append, **changes)
    assert "training goes on after epoch 5 of 12" in lines[0]
    assert_same(unbroken, resumed)


@pytest.mark.parametrize("form", ["series", "image"])
def test_the_networks_of_this_plugin_go_on_too(form, tmp_path):
    """With a head of two parameters, batch normalisation, dropout and residual blocks."""
    from specframe_cnn.network.build import Shapes, build_network
    from specframe_cnn.network.head import make_head
    from specframe_cnn.network.params import ConvBlock, DropoutBlock, GaussianHead, NetworkParams, ResidualBlock
    from specframe_cnn.training.data import TensorData
    from specframe_cnn.training.loop import train
    from specframe_cnn.training.params import TrainingParams

    shape = {"series": (2, 30), "image": (1, 8, 20)}[form]
    blocks = (
        ConvBlock(type="conv", filters=4, normalise="batch", pool=2),
        ResidualBlock(type="residual", filters=6),
        DropoutBlock(type="dropout", rate=0.3, channels=True),
    )
    head = make_head(GaussianHead(type="gaussian"), 3)
    generator = torch.Generator().manual_seed(0)
    data = TensorData(
        inputs={
            form: torch.randn(45, *shape, generator=generator),
            "auxiliary": torch.randn(45, 2, generator=generator),
        },
        labels=torch.randn(45, 3, generator=generator),
        weight=torch.ones(45),
    )

    def fit(checkpoint: Path | None, tell=lambda line: None):
        shapes = Shapes(series=shape, auxiliary=2) if form == "series" else Shapes(image=shape, auxiliary=2)
        network = build_network(NetworkParams(blocks=blocks, dense=(8,)), shapes, head, seed=3)
        params = TrainingParams(epochs=6, ema=0.9, checkpoint_every=0)
        held_out = data.take(torch.arange(12))
        return network, train(network, head, data, held_out, params, 1, checkpoint=checkpoint, tell=tell)

    def stop(file: Path, renames: list[Path]) -> Path:
        renames.append(file)
        if len(renames) == 4:
            raise Stopped
        return rename(file, tmp_path / "training.safetensors")

    rename, renames = Path.replace, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", lambda self, target: stop(self, renames))
        with pytest.raises(Stopped):
            fit(tmp_path / "training.safetensors")
    lines: list[str] = []
    resumed = fit(tmp_path / "training.safetensors", lines.append)
    assert "goes on after epoch 3 of 6" in lines[0]
    assert_same(fit(None), resumed)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a system with SIGKILL")
def test_a_process_killed_in_the_middle_of_training_loses_nothing(stand_in, tmp_path):
    checkpoint = tmp_path / "training.safetensors"
    for last in (3 * FOUR_BATCHES + 2, 4 * FOUR_BATCHES + 3):
        command = [sys.executable, str(Path(stand_in.__file__)), str(checkpoint), str(last)]
        ended = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "2"}, check=False
        )
        assert ended.returncode == -signal.SIGKILL, ended.stderr
    lines: list[str] = []
    resumed = stand_in.run(checkpoint, lines.append)
    assert "training goes on after epoch 7 of 12" in lines[0]
    assert_same(stand_in.run(), resumed)


def test_what_a_kill_left_half_written_is_passed_over(stand_in, stop_at, tmp_path, monkeypatch):
    """The rename never happens: the last whole checkpoint is there, and the next one can be written."""
    checkpoint = tmp_path / "training.safetensors"
    rename, renames = Path.replace, 0

    def fatal(self, target):
        nonlocal renames
        renames += 1
        if renames == 4:
            raise Stopped
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", fatal)
    with pytest.raises(Stopped):
        stand_in.run(checkpoint)
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "training.safetensors",
        "training.safetensors.partial",
    ]
    lines: list[str] = []
    resumed = stand_in.run(checkpoint, lines.append)
    assert "goes on after epoch 3" in lines[0]
    assert_same(stand_in.run(), resumed)
    assert [path.name for path in tmp_path.iterdir()] == ["training.safetensors"]


def test_a_training_that_has_ended_is_returned_at_once(stand_in, stop_at, tmp_path):
    checkpoint = tmp_path / "training.safetensors"
    first = stand_in.run(checkpoint)
    stop_at(1)  # any step would raise
    lines: list[str] = []
    again = stand_in.run(checkpoint, lines.append)
    assert_same(first, again)
    assert again[1].seconds == first[1].seconds
    assert "training has ended" in lines[0]
    assert not again[0].training


@pytest.mark.parametrize("changes", [{"learning_rate": 1e-3}, {"epochs": 13}, {"clip_norm": 2.0}])
def test_a_checkpoint_of_other_parameters_is_not_used(stand_in, tmp_path, changes):
    checkpoint = tmp_path / "training.safetensors"
    stand_in.run(checkpoint)
    lines: list[str] = []
    other = stand_in.run(checkpoint, lines.append, **changes)
    assert "of other data, parameters or seed; training begins anew" in lines[0]
    assert_same(stand_in.run(**changes), other)


def test_a_checkpoint_of_other_data_seed_or_weights_is_not_used(stand_in, tmp_path):
    """One bit of one label decides, and so do the seed, the first weights and what the head is told."""
    from specframe_cnn.training.device import Arithmetic
    from specframe_cnn.training.loop import _digest

    def digest(data=None, head=None, network=None, seed=5, augmentation=None):
        return _digest(
            network or stand_in.SmallNetwork(),
            head or stand_in.MeanHead(),
            data or stand_in.transits(60),
            stand_in.transits(20, seed=1),
            stand_in.small_params(),
            seed,
            augmentation or stand_in.augmentation(),
            Arithmetic(torch.device("cpu")),
        )

    other = stand_in.transits(60)
    other.labels[7, 0] = torch.nextafter(other.labels[7, 0], torch.tensor(9.0))
    robust = stand_in.MeanHead()
    robust.delta = 2.0
    assert digest() == digest()
    all_of_them = [
        digest(),
        digest(data=other),
        digest(head=robust),
        digest(network=stand_in.SmallNetwork(seed=1)),
        digest(seed=6),
    ]
    assert len(set(all_of_them)) == len(all_of_them)


@pytest.mark.parametrize("damage", ["cut", "empty", "noise", "no header"])
def test_a_damaged_checkpoint_is_told_and_not_used(stand_in, tmp_path, damage):
    checkpoint = tmp_path / "training.safetensors"
    first = stand_in.run(checkpoint)
    content = checkpoint.read_bytes()
    if damage == "no header":
        from safetensors.torch import save_file

        save_file({"best/last.bias": torch.zeros(1)}, checkpoint)
    else:
        checkpoint.write_bytes({"cut": content[: len(content) // 2], "empty": b"", "noise": os.urandom(5000)}[damage])
    lines: list[str] = []
    assert_same(first, stand_in.run(checkpoint, lines.append))
    assert "the checkpoint is damaged and not used" in lines[0]


def test_no_room_for_a_checkpoint_does_not_end_training(stand_in, tmp_path):
    (tmp_path / "file").write_text("in the way")
    lines: list[str] = []
    stand_in.run(tmp_path / "file" / "training.safetensors", lines.append)
    assert any("no checkpoint could be written" in line for line in lines)
