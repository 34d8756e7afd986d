"""The training loop: what it keeps, when it stops, and that nothing around it changes its result."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from specframe.errors import DataError, UsageError
from specframe_cnn.training.data import TensorData
from specframe_cnn.training.loop import train


def same(first: nn.Module, second: nn.Module) -> bool:
    """Whether two networks have the same bits."""
    one, other = first.state_dict(), second.state_dict()
    return list(one) == list(other) and all(torch.equal(one[name], other[name]) for name in one)


def loss_of(stand_in, network: nn.Module, data: TensorData) -> float:
    with torch.no_grad():
        return float(stand_in.MeanHead().per_target(network(data.inputs), data.labels).mean())


def test_the_depth_of_transits_is_learned(stand_in):
    network = stand_in.SmallNetwork()
    unseen = stand_in.transits(200, seed=2)
    assert loss_of(stand_in, network.eval(), unseen) > 0.9  # variance of the labels is 1

    history = train(
        network,
        stand_in.MeanHead(),
        stand_in.transits(300),
        stand_in.transits(60, seed=1),
        stand_in.small_params(epochs=30, patience=30, ema=0.0),
        seed=0,
    )
    # noise of 0.3 / sqrt(16) on a depth of standard deviation 0.29 leaves 0.06 of the variance to the best estimate,
    # if the level out of transit is known
    assert loss_of(stand_in, network, unseen) < 0.16
    assert history.training_loss.shape == history.validation_loss.shape == history.learning_rate.shape == (30,)


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_the_network_ends_with_the_weights_of_the_least_validation_loss(stand_in, ema):
    network = stand_in.SmallNetwork()
    validation = stand_in.transits(20, seed=1)
    history = train(
        network,
        stand_in.MeanHead(),
        stand_in.transits(30),
        validation,
        stand_in.small_params(epochs=200, patience=8, learning_rate=2e-2, ema=ema),
        seed=0,
    )
    assert history.best_epoch == np.argmin(history.validation_loss)
    assert len(history.validation_loss) == history.best_epoch + 1 + 8  # patience
    assert not network.training
    assert all(weight.grad is None for weight in network.parameters())
    # float32 sums over 20 targets
    assert loss_of(stand_in, network, validation) == pytest.approx(history.validation_loss.min(), rel=1e-5)


def test_the_moving_average_is_judged_but_does_not_steer(stand_in):
    (plain, one), (averaged, other) = stand_in.run(ema=0.0), stand_in.run(ema=0.9)
    assert np.array_equal(one.training_loss, other.training_loss)
    assert not np.array_equal(one.validation_loss, other.validation_loss)
    assert not same(plain, averaged)


def test_without_validation_all_epochs_run_and_the_last_weights_stay(stand_in):
    data = stand_in.transits(40)
    nobody = stand_in.transits(1).take(torch.zeros(0, dtype=torch.int64))
    history = train(
        stand_in.SmallNetwork(), stand_in.MeanHead(), data, nobody, stand_in.small_params(patience=2), seed=0
    )
    assert history.best_epoch == 11
    assert np.isnan(history.validation_loss).all()


def test_the_same_seed_gives_the_same_bits_whatever_ran_before(stand_in):
    first, one = stand_in.run()
    torch.manual_seed(123)
    torch.rand(17)
    np.random.seed(3)  # noqa: NPY002 - the global state that must not matter
    second, other = stand_in.run()
    assert same(first, second)
    assert np.array_equal(one.validation_loss, other.validation_loss)


def test_another_seed_gives_another_order_of_targets(stand_in):
    """Without dropout and augmentation nothing else is random, and the initial weights are the same."""
    first, second = stand_in.SmallNetwork(), stand_in.SmallNetwork()
    for seed, network in enumerate((first, second)):
        network.dropout = nn.Identity()
        train(network, stand_in.MeanHead(), stand_in.transits(40), stand_in.transits(9), stand_in.small_params(), seed)
    assert not same(first, second)


def test_global_state_of_torch_is_left_as_it_was(stand_in):
    before = torch.get_rng_state(), torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    with torch.no_grad():
        stand_in.run()
        assert not torch.is_grad_enabled()
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before[1:]


def test_the_number_of_threads_around_it_does_not_matter(stand_in):
    """A worker process is held to one thread, the process of a user is not."""
    around = torch.get_num_threads()
    results = []
    for count in (1, 2):
        torch.set_num_threads(count)
        try:
            results.append(stand_in.run()[0])
            assert torch.get_num_threads() == count
        finally:
            torch.set_num_threads(around)
    assert same(*results)


def test_data_somewhere_else_in_memory_give_the_same_bits(stand_in):
    """Vectorised sums may depend on the alignment of their operands, which numpy does not promise."""

    def shifted(data: TensorData) -> TensorData:
        def move(values: torch.Tensor) -> torch.Tensor:
            return torch.cat([torch.zeros(1), values.reshape(-1)])[1:].reshape(values.shape)

        inputs = {"series": move(data.inputs["series"])}
        return TensorData(inputs, move(data.labels), move(data.weight))

    networks = [stand_in.SmallNetwork(), stand_in.SmallNetwork()]
    for network, place in zip(networks, (lambda data: data.bare(), shifted), strict=True):
        train(
            network,
            stand_in.MeanHead(),
            place(stand_in.transits(41)),
            place(stand_in.transits(19, seed=1)),
            stand_in.small_params(),
            seed=0,
        )
    assert same(*networks)


def test_weights_of_targets_count(stand_in):
    """Targets of weight 0 might as well not be there: their absurd labels change nothing that is learned."""
    data = stand_in.transits(120)
    wrong = torch.arange(120) % 2 == 0
    labels = torch.where(wrong[:, None], torch.full_like(data.labels, 5.0), data.labels)
    weight = torch.where(wrong, 0.0, 2.0)
    spoilt = TensorData(data.inputs, labels, weight)
    network = stand_in.SmallNetwork()
    train(
        network,
        stand_in.MeanHead(),
        spoilt,
        TensorData(spoilt.inputs, labels, weight),
        stand_in.small_params(epochs=30, patience=30, ema=0.0),
        seed=0,
    )
    assert loss_of(stand_in, network, stand_in.transits(100, seed=3)) < 0.4


@pytest.mark.parametrize("count", [1, 2, 17, 33])
def test_batch_normalisation_never_meets_a_single_target(stand_in, count):
    history = train(
        stand_in.SmallNetwork(batch_norm_at_end=True),
        stand_in.MeanHead(),
        stand_in.transits(count),
        stand_in.transits(5, seed=1),
        stand_in.small_params(epochs=2),
        seed=0,
    )
    assert np.isfinite(history.training_loss).all()


class DivergesAt:
    """A head whose loss is NaN at some steps."""

    width = 1

    def __init__(self, stand_in, steps: set[int]) -> None:
        self.inner, self.steps, self.step = stand_in.MeanHead(), steps, 0

    def loss(self, raw, labels, weight):
        self.step += 1
        loss = self.inner.loss(raw, labels, weight)
        return loss * math.nan if self.step in self.steps else loss

    def per_target(self, raw, labels):
        return self.inner.per_target(raw, labels)


def test_training_that_diverges_goes_on_slower_from_its_best_weights(stand_in):
    network = stand_in.SmallNetwork()
    validation = stand_in.transits(20, seed=1)
    lines: list[str] = []
    history = train(
        network,
        DivergesAt(stand_in, {10}),  # in the third epoch of four batches
        stand_in.transits(60),
        validation,
        stand_in.small_params(schedule="constant", warmup=0.0, epochs=10),
        seed=0,
        tell=lines.append,
    )
    assert np.isnan(history.training_loss[2])
    assert np.isfinite(np.delete(history.training_loss, 2)).all()
    assert history.learning_rate == pytest.approx([3e-3] * 3 + [0.6e-3] * 7)
    assert loss_of(stand_in, network, validation) == pytest.approx(np.nanmin(history.validation_loss), rel=1e-5)
    assert "epoch 3: training diverged (training loss nan" in lines[0]
    assert "back to the best weights, those of epoch 2" in lines[0]


def test_training_that_always_diverges_says_what_to_do(stand_in):
    network = stand_in.SmallNetwork()
    with pytest.raises(DataError, match=r"diverged in 4 of 4 epochs.*lower training.learning_rate"):
        train(
            network,
            DivergesAt(stand_in, set(range(1000))),
            stand_in.transits(60),
            stand_in.transits(20),
            stand_in.small_params(),
            seed=0,
        )


def test_a_learning_rate_far_too_large_is_survived(stand_in):
    """The real thing, not an injected NaN: squared errors overflow within the first epochs."""
    network = stand_in.SmallNetwork()
    history = train(
        network,
        stand_in.MeanHead(),
        stand_in.transits(60),
        stand_in.transits(20, seed=1),
        stand_in.small_params(
            optimiser="sgd", learning_rate=10.0, clip_norm=None, warmup=0.0, schedule="constant", ema=0.0, epochs=12
        ),
        seed=0,
    )
    assert not np.isfinite(history.training_loss).all()
    assert all(bool(weight.isfinite().all()) for weight in network.parameters())


def test_weights_ruined_by_the_last_step_are_noticed_without_validation(stand_in):
    """The loss of an epoch is finite although its last gradient was not."""

    class LastGradientIsNan(stand_in.MeanHead):
        def loss(self, raw, labels, weight):
            loss = super().loss(raw, labels, weight)
            raw.register_hook(lambda gradient: gradient * math.nan)
            return loss

    nobody = stand_in.transits(1).take(torch.zeros(0, dtype=torch.int64))
    with pytest.raises(DataError, match="diverged in 4 of 4 epochs"):
        train(
            stand_in.SmallNetwork(),
            LastGradientIsNan(),
            stand_in.transits(16),
            nobody,
            stand_in.small_params(ema=0.0, clip_norm=None),
            seed=0,
        )


def test_gradients_are_clipped_to_their_norm(stand_in):
    """One step of plain descent then moves the weights by the learning rate times the norm."""
    network = stand_in.SmallNetwork()
    before = torch.cat([weight.detach().clone().reshape(-1) for weight in network.parameters()])
    data = stand_in.transits(16)
    train(
        network,
        stand_in.MeanHead(),
        data,
        data,
        stand_in.small_params(
            optimiser="sgd",
            epochs=1,
            clip_norm=0.01,
            learning_rate=0.5,
            schedule="constant",
            warmup=0,
            weight_decay=0,
            ema=0.0,
        ),
        seed=0,
    )
    after = torch.cat([weight.detach().reshape(-1) for weight in network.parameters()])
    assert float((after - before).norm()) == pytest.approx(0.5 * 0.01, rel=1e-3)


def test_inputs_that_are_not_finite_are_named(stand_in):
    data = stand_in.transits(8)
    data.inputs["series"][3, 0, 5] = math.nan
    with pytest.raises(DataError, match="series of 1 of 8 targets are not finite, the first at index 3"):
        train(stand_in.SmallNetwork(), stand_in.MeanHead(), data, data, stand_in.small_params(), seed=0)


def test_targets_that_do_not_count_at_all_are_an_error(stand_in):
    data = stand_in.transits(8)
    unweighted = TensorData(data.inputs, data.labels, torch.zeros(8))
    with pytest.raises(DataError, match="validation data: all 8 targets have weight 0"):
        train(stand_in.SmallNetwork(), stand_in.MeanHead(), data, unweighted, stand_in.small_params(), seed=0)


def test_no_targets_is_an_error(stand_in):
    data = stand_in.transits(8)
    nobody = data.take(torch.zeros(0, dtype=torch.int64))
    with pytest.raises(DataError, match="no targets"):
        train(stand_in.SmallNetwork(), stand_in.MeanHead(), nobody, data, stand_in.small_params(), seed=0)


def test_an_augmentation_that_the_data_cannot_have_is_an_error(stand_in):
    data = stand_in.transits(8).bare()
    with pytest.raises(UsageError, match=r"augment.noise \(=0.5\) needs inputs with errors"):
        train(
            stand_in.SmallNetwork(),
            stand_in.MeanHead(),
            data,
            data,
            stand_in.small_params(),
            0,
            augmentation=stand_in.augmentation(),
        )


def test_progress_is_told_at_least_at_the_end(stand_in):
    lines: list[str] = []
    stand_in.run(tell=lines.append, patience=2, learning_rate=0.1)
    assert lines[-1].startswith("epoch ")
    assert "validation loss" in lines[-1]
    assert "(least " in lines[-1]
    assert "no improvement in 2 epochs" in lines[-1]
