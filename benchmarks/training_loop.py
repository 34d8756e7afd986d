"""The training loop of cnn1d and cnn2d beside a bare torch loop of the same network on the same batches.

The bare loop is what one writes by hand: batches by index, loss, backward, clipping, a step of AdamW (fused, and
images with their channels last, as specframe's), the validation loss once an epoch. specframe's does all that and
schedules the learning rate, keeps the best weights, looks out for divergence and keeps a record; then also with
augmentation, a moving average, and checkpoints after each epoch. Rounds are interleaved; what is printed are medians
of processor time.

    OMP_NUM_THREADS=1 python benchmarks/training_loop.py [--repeat 9] [--epochs 3]
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import torch
from torch.nn.utils import clip_grad_norm_

from specframe_cnn.network.build import Shapes, build_network
from specframe_cnn.network.head import make_head
from specframe_cnn.network.params import MeanHead, NetworkParams
from specframe_cnn.training.augmentation import Augmentation
from specframe_cnn.training.batches import epoch_batches, epoch_seeds
from specframe_cnn.training.data import TensorData
from specframe_cnn.training.loop import train
from specframe_cnn.training.params import AugmentationParams, TrainingParams

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

#: Inputs of a target and outputs: a white curve; the same with a tiny network, where a loop shows the most; an image
#: of 282 channels in bins of 8 and of 187 samples in pairs.
CASES = {
    "white curve, 187": (Shapes(series=(1, 187)), NetworkParams(), 1),
    "white curve, tiny network": (Shapes(series=(1, 187)), NetworkParams(blocks=(), dense=(16,)), 1),
    "image, 36 x 94": (Shapes(image=(1, 36, 94)), NetworkParams(), 283),
}
TARGETS, HELD_OUT, SEED = 340, 60, 7
AUGMENTATION = AugmentationParams(time_flip=0.5, noise=0.5, drift=1e-4, channel_masking=0.1, depth_scaling=0.2)


def make_data(shapes: Shapes, outputs: int, targets: int, seed: int) -> TensorData:
    generator = torch.Generator().manual_seed(seed)
    name, shape = ("series", shapes.series) if shapes.series else ("image", shapes.image)
    assert shape is not None
    values = torch.randn(targets, *shape, generator=generator)
    return TensorData(
        inputs={name: values},
        labels=torch.randn(targets, outputs, generator=generator),
        weight=torch.ones(targets),
        errors={name: torch.full_like(values, 0.1)},
        offsets={name: torch.zeros(()), "labels": torch.ones(outputs)},
        time_axis={name: len(shape)},
        wavelength_axis={name: len(shape) - 1},
    )


def bare_loop(
    network: nn.Module, head, data: TensorData, held_out: TensorData, params: TrainingParams, channels_last: bool
) -> None:
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=params.learning_rate, weight_decay=params.weight_decay, fused=True
    )
    name = next(iter(data.inputs))
    inputs, labels, weight = data.inputs[name], data.labels, data.weight
    judged = held_out.inputs
    if channels_last and name == "image":
        network.to(memory_format=torch.channels_last)
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        judged = {name: judged[name].contiguous(memory_format=torch.channels_last)}
    for epoch in range(params.epochs):
        network.train()
        order = torch.Generator().manual_seed(epoch_seeds(SEED, epoch).order)
        for index in epoch_batches(len(data), params.batch_size, order):
            loss = head.loss(network({name: inputs[index]}), labels[index], weight[index])
            optimiser.zero_grad()
            loss.backward()
            clip_grad_norm_(network.parameters(), params.clip_norm)
            optimiser.step()
        network.eval()
        with torch.no_grad():
            float(head.loss(network(judged), held_out.labels, held_out.weight))


def processor_time(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def compare(name: str, repeat: int, epochs: int, folder: Path) -> dict[str, float]:
    """Return the seconds of an epoch in each way."""
    shapes, blocks, outputs = CASES[name]
    head = make_head(MeanHead(), outputs)
    data, held_out = (make_data(shapes, outputs, n, seed) for n, seed in ((TARGETS, 0), (HELD_OUT, 1)))
    plain = TrainingParams(epochs=epochs, patience=epochs, device="cpu", checkpoint_every=0.0)
    averaged = plain.model_copy(update={"ema": 0.99})
    checkpoint = folder / "training.safetensors"
    new = partial(build_network, blocks, shapes, head, SEED)

    def ours(params: TrainingParams = plain, **options: object) -> Callable[[], object]:
        return partial(train, new(), head, data, held_out, params, SEED, **options)

    ways: dict[str, Callable[[], Callable[[], object]]] = {
        "bare": lambda: partial(bare_loop, new(), head, data, held_out, plain, channels_last=True),
        "specframe": ours,
        "with a moving average": lambda: ours(averaged),
        "with all augmentations": lambda: ours(augmentation=Augmentation(AUGMENTATION)),
        "with a checkpoint each epoch": lambda: ours(checkpoint=checkpoint),
    }
    if shapes.image:
        ways["bare, channels first"] = lambda: partial(
            bare_loop, new(), head, data, held_out, plain, channels_last=False
        )
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(repeat + 1):
        for way, make in ways.items():
            checkpoint.unlink(missing_ok=True)
            taken = processor_time(make())
            if number:  # the first round warms caches
                seconds[way].append(taken / epochs)
    return {way: median(taken) for way, taken in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--epochs", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{TARGETS} targets, torch {torch.__version__}, one thread\n")
    print("| network | weights | loop | an epoch | x bare |\n|---|---|---|---|---|")
    with TemporaryDirectory() as folder:
        for name, (shapes, blocks, outputs) in CASES.items():
            weights = build_network(blocks, shapes, make_head(MeanHead(), outputs)).n_parameters
            taken = compare(name, arguments.repeat, arguments.epochs, Path(folder))
            for way, seconds in taken.items():
                print(f"| {name} | {weights:,} | {way} | {1e3 * seconds:.1f} ms | {seconds / taken['bare']:.3f} |")


if __name__ == "__main__":
    main()
