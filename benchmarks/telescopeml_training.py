"""Seconds per epoch of TelescopeML's network and of specframe's own, on data of TelescopeML's shape.

1,620 spectra of 104 wavelengths with four parameters, in batches of 32: random numbers, since what an epoch takes does
not depend on them. ``telescopeml`` is the network of ``configs/telescopeml.yaml``; ``notebook`` the one whose summary
TelescopeML's repository prints (notebooks/Train_CNN_Model.ipynb); ``later trainer`` what the hyper-parameters of the
first give with the sizes of a later version of its trainer. ``mlp`` and ``cnn1d`` are the defaults. Rounds are
interleaved; what is printed are medians of wall-clock and of processor time, of the longer of two trainings less the
shorter, so that nothing but epochs counts.

    python benchmarks/telescopeml_training.py [--repeat 3] [--threads 2]
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import yaml

from specframe_cnn.cnn1d import Cnn1d
from specframe_cnn.mlp import Mlp
from specframe_cnn.network.build import Shapes, build_network
from specframe_cnn.network.head import make_head
from specframe_cnn.network.params import MeanHead, NetworkParams
from specframe_cnn.training.data import TensorData
from specframe_cnn.training.loop import train
from specframe_cnn.training.params import TrainingParams

if TYPE_CHECKING:
    from collections.abc import Callable

SPECTRA, WAVELENGTHS, PARAMETERS, BATCH, SEED = 1620, 104, 4, 32, 7
CONFIG = Path(__file__).parents[1] / "configs" / "telescopeml.yaml"


def published() -> dict[str, Any]:
    """Return what the shipped configuration says of its network."""
    steps = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["steps"]
    network: dict[str, Any] = next(step for step in steps if step.get("model") == "cnn1d")["with"]["network"]
    return network


def sized(
    convolutions: list[list[int]], kernel: int, first: list[int], rates: tuple[float, float], then: list[int]
) -> dict[str, Any]:
    """Return a network of TelescopeML's kind: blocks of convolutions, pooled by 2, then two rows of dense layers."""
    blocks: list[dict[str, Any]] = []
    for filters in convolutions:
        blocks += [{"type": "conv", "filters": n, "kernel": kernel} for n in filters]
        blocks[-1] |= {"pool": 2, "pooling": "max"}
    blocks += [{"type": "flatten"}, *({"type": "dense", "units": n} for n in first)]
    blocks[-1]["dropout"] = rates[0]
    dropout = [0.0] * (len(then) - 1) + [rates[1]]
    return {"blocks": blocks, "dense": then, "dropout": dropout, "activation": "relu", "direct": False}


NETWORKS = {
    "telescopeml": published(),
    "notebook": sized([[32, 128, 288], [128, 288, 512]], 3, [512, 2048, 4608], (0.2, 0.2), [512, 2048]),
    "later trainer": sized([[4, 16, 36]], 6, [128, 512, 1152, 2048], (0.0989, 0.00246), [64, 256]),
}


def build(network: dict[str, Any]) -> Any:
    """Return head and network for spectra of TelescopeML's shape, their minimum and maximum beside them."""
    head = make_head(MeanHead(loss="huber"), PARAMETERS)
    params = NetworkParams.validate_data(network)
    return head, build_network(params, Shapes(series=(1, WAVELENGTHS), auxiliary=2), head)


def train_network(network: dict[str, Any], epochs: int, threads: int) -> None:
    generator = torch.Generator().manual_seed(SEED)
    data = TensorData(
        inputs={
            "series": torch.randn(SPECTRA, 1, WAVELENGTHS, generator=generator),
            "auxiliary": torch.randn(SPECTRA, 2, generator=generator),
        },
        labels=torch.randn(SPECTRA, PARAMETERS, generator=generator),
        weight=torch.ones(SPECTRA),
    )
    head, built = build(network)
    params = TrainingParams(
        optimiser="adam", learning_rate=5e-5, schedule="constant", warmup=0.0, weight_decay=0.0, clip_norm=None,
        batch_size=BATCH, epochs=epochs, validation=0.0, threads=threads,
    )  # fmt: skip
    train(built, head, data, data.take(torch.arange(0)), params, SEED)


def fit_model(model: type[Cnn1d | Mlp], epochs: int, threads: int) -> None:
    rng = np.random.default_rng(SEED)
    training: dict[str, Any] = {"epochs": epochs, "threads": threads, "validation": 0.0, "batch_size": BATCH}
    model(training=training).fit(rng.normal(size=(SPECTRA, WAVELENGTHS)), rng.normal(size=(SPECTRA, PARAMETERS)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", nargs="*", help="some of the cases")
    given = parser.parse_args()
    cases: dict[str, Callable[[int, int], None]] = {
        **{name: partial(train_network, network) for name, network in NETWORKS.items()},
        "mlp": partial(fit_model, Mlp),
        "cnn1d": partial(fit_model, Cnn1d),
    }
    cases = {name: case for name, case in cases.items() if not given.only or name in given.only}
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    for _ in range(given.repeat):
        for name, case in cases.items():
            few, more = (1, 2) if name in NETWORKS else (2, 12)
            clocks = []
            for epochs in (few, more):
                before = time.perf_counter(), time.process_time()
                case(epochs, given.threads)
                clocks.append((time.perf_counter() - before[0], time.process_time() - before[1]))
            wall, processor = (float(b - a) / (more - few) for a, b in zip(*clocks, strict=True))
            spent[name].append((wall, processor))
    print(f"{SPECTRA} x {WAVELENGTHS}, batch {BATCH}, {given.threads} threads; seconds per epoch")
    for name, rounds in spent.items():
        weights = f"{build(NETWORKS[name])[1].n_parameters:,} weights" if name in NETWORKS else "default"
        wall, processor = (median(column) for column in zip(*rounds, strict=True))
        print(f"{name:14s} {weights:>20s}  wall {wall:8.2f} s  processor {processor:8.2f} s")


if __name__ == "__main__":
    main()
