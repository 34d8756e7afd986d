"""Device and precision: what there is, what is refused, and weights that decay or do not."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from specframe.errors import UsageError
from specframe_cnn.training import device
from specframe_cnn.training.device import Arithmetic, choose_arithmetic
from specframe_cnn.training.optimiser import MovingAverage, make_optimiser
from specframe_cnn.training.params import TrainingParams


@pytest.fixture
def without_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def chosen(**params) -> Arithmetic:
    return choose_arithmetic(TrainingParams(**params), nn.Linear(1, 1))


def test_auto_is_float32_on_a_processor(without_gpu):
    assert chosen() == Arithmetic(torch.device("cpu"), torch.float32, torch.contiguous_format)
    images = choose_arithmetic(TrainingParams(), nn.Conv2d(1, 1, 3))
    assert images == Arithmetic(torch.device("cpu"), torch.float32, torch.channels_last)


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_an_error(without_gpu, name):
    with pytest.raises(UsageError, match=rf"training.device \(={name}\) is not available here: set it to auto"):
        chosen(device=name)


@pytest.mark.parametrize(("native", "number"), [(True, torch.bfloat16), (False, torch.float16)])
def test_auto_is_mixed_precision_on_a_gpu(monkeypatch, native, number):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: native)
    network = nn.Sequential(nn.Conv2d(1, 1, 3))
    assert choose_arithmetic(TrainingParams(), network) == Arithmetic(torch.device("cuda"), number, torch.channels_last)
    assert chosen(precision="float32").number is torch.float32
    assert chosen().memory_format is torch.contiguous_format  # no images


def test_bfloat16_is_refused_on_a_processor_without_avx512(without_gpu, monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    with pytest.raises(UsageError, match=r"bfloat16\) needs a processor with AVX-512.*with AVX2.*set it to auto"):
        chosen(precision="bfloat16")
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    assert chosen(precision="bfloat16").number is torch.bfloat16


def test_float16_is_refused_on_a_processor(without_gpu):
    with pytest.raises(UsageError, match=r"float16\) needs a GPU"):
        chosen(precision="float16")


@pytest.mark.skipif(not device._has_avx512(), reason="the processor has no AVX-512")
def test_training_in_bfloat16_learns_too(stand_in, without_gpu):
    """Losses stay float32 and follow those of float32 within the 3 digits that bfloat16 has."""
    _, exact = stand_in.run()
    _, coarse = stand_in.run(precision="bfloat16")
    assert coarse.validation_loss == pytest.approx(exact.validation_loss, rel=0.1)
    assert not (coarse.validation_loss == exact.validation_loss).all()


def test_a_network_comes_back_in_the_usual_memory_format():
    """A saved network has it: predictions would differ in their last bits."""
    arithmetic = Arithmetic(torch.device("cpu"), memory_format=torch.channels_last)
    network = arithmetic.place(nn.Conv2d(3, 4, 3))
    assert network.weight.is_contiguous(memory_format=torch.channels_last)
    placed = arithmetic.placed({"image": torch.zeros(2, 3, 5, 5), "series": torch.zeros(2, 3, 5)})
    assert placed["image"].is_contiguous(memory_format=torch.channels_last)
    assert placed["series"].is_contiguous()
    assert Arithmetic(torch.device("cpu")).place(network).weight.is_contiguous()


def test_cudas_choices_are_left_as_they_were():
    """These flags are there without a GPU too."""
    flags = torch.backends.cudnn
    before = flags.benchmark, flags.deterministic, flags.allow_tf32, torch.are_deterministic_algorithms_enabled()
    with device._deterministic_cuda():
        inside = flags.benchmark, flags.deterministic, flags.allow_tf32, torch.are_deterministic_algorithms_enabled()
    assert inside == (False, True, False, True)
    assert before == (
        flags.benchmark,
        flags.deterministic,
        flags.allow_tf32,
        torch.are_deterministic_algorithms_enabled(),
    )


@pytest.mark.parametrize("optimiser", ["adamw", "adam", "sgd"])
def test_weights_decay_but_not_biases_and_normalisations(optimiser):
    network = nn.Sequential(nn.Conv1d(2, 3, 5), nn.BatchNorm1d(3), nn.GroupNorm(1, 3), nn.Flatten(), nn.Linear(9, 1))
    spared = {
        id(weight)
        for group in make_optimiser(network, TrainingParams(optimiser=optimiser, weight_decay=0.1)).param_groups
        if group["weight_decay"] == 0.0
        for weight in group["params"]
    }
    names = {name for name, weight in network.named_parameters() if id(weight) in spared}
    assert names == {"0.bias", "1.weight", "1.bias", "2.weight", "2.bias", "4.bias"}


def test_frozen_weights_are_left_alone():
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    network[0].requires_grad_(False)
    groups = make_optimiser(network, TrainingParams()).param_groups
    assert [len(group["params"]) for group in groups] == [1, 1]


def test_the_moving_average_is_that_of_its_formula():
    layer = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        layer.weight.fill_(0.0)
    average = MovingAverage(layer, 0.75)
    expected = 0.0
    for step, value in enumerate([1.0, 3.0, -2.0, 4.0, 0.5]):
        with torch.no_grad():
            layer.weight.fill_(value)
        average.update(100 + step)  # the decay is no longer held down
        expected = 0.75 * expected + 0.25 * value
    assert float(average.weights["weight"]) == pytest.approx(expected, rel=1e-6)


def test_running_statistics_are_averaged_and_counts_are_not():
    layer = nn.BatchNorm1d(1)
    average = MovingAverage(layer, 0.5)
    layer.running_mean.fill_(4.0)
    average.update(1000)
    assert float(average.weights["running_mean"]) == 2.0
    assert "num_batches_tracked" not in average.weights


def test_the_first_weights_are_forgotten_soon():
    layer = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        layer.weight.fill_(1.0)
    average = MovingAverage(layer, 0.999)
    with torch.no_grad():
        layer.weight.fill_(0.0)
    for step in range(20):
        average.update(step)
    assert float(average.weights["weight"]) < 1e-4
