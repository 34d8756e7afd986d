"""A training between two epochs: everything that changes, and the step from one epoch to the next."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.utils import clip_grad_norm_

from specframe_cnn.training.batches import epoch_batches, epoch_seeds, number_of_batches
from specframe_cnn.training.device import Arithmetic, seed_layers
from specframe_cnn.training.history import Record
from specframe_cnn.training.judging import judged
from specframe_cnn.training.optimiser import (
    MovingAverage,
    load_optimiser,
    make_optimiser,
    optimiser_tensors,
    set_rate,
)
from specframe_cnn.training.schedule import Plateau, relative_rate

if TYPE_CHECKING:
    from torch import Tensor, nn

    from specframe_cnn.network.head import Head
    from specframe_cnn.training.augmentation import Augmentation
    from specframe_cnn.training.data import TensorData
    from specframe_cnn.training.params import TrainingParams

__all__ = ["Session", "State"]

#: Targets that are validated at once. Fixed, because the size of a matrix product decides its last bits.
_CHUNK = 256


@dataclass
class State:
    """Numbers of a training between two epochs, as a checkpoint keeps them in JSON."""

    best_loss: float = math.inf
    best_epoch: int = -1
    stale: int = 0  # epochs since the best one, or since training went back to it
    returns: int = 0  # times that training diverged
    reduction: float = 1.0  # of the learning rate, by divergence
    seconds: float = 0.0
    finished: bool = False


class Session:
    """Network, optimiser, averages and record of a training."""

    def __init__(
        self,
        network: nn.Module,
        head: Head,
        data: TensorData,
        validation: TensorData,
        params: TrainingParams,
        seed: int,
        augmentation: Augmentation | None,
        arithmetic: Arithmetic,
    ) -> None:
        self.params = params
        self.seed = seed
        self.head = head
        self.augmentation = augmentation
        self.arithmetic = arithmetic
        self.network = arithmetic.place(network)
        self.data = (data.bare() if augmentation is None else data).to(arithmetic.device)
        # copies in torch's own memory: its alignment decides bits
        self.validation = [
            validation.bare().take(torch.arange(first, min(first + _CHUNK, len(validation)))).to(arithmetic.device)
            for first in range(0, len(validation), _CHUNK)
        ]
        self.steps = number_of_batches(len(data), params.batch_size)
        self.state = State()
        self.record = Record()
        self._best = self._copy_of(self.network.state_dict())
        self._renew()

    def _renew(self) -> None:
        """Begin with the network's present weights, and without a memory of gradients."""
        self._optimiser = make_optimiser(self.network, self.params)
        self._scaler = self.arithmetic.scaler()
        self._average = MovingAverage(self.network, self.params.ema) if self.params.ema else None
        self._plateau = Plateau(max(1, self.params.patience // 3))

    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return len(self.record.rows)

    @property
    def judged(self) -> bool:
        """Whether there are targets to validate by."""
        return bool(self.validation)

    def run_epoch(self) -> bool:
        """Learn from every target once, validate and keep the weights if they are the best; False if it diverged."""
        epoch = self.epoch
        training, rate = self._learn(epoch)
        validation = self._validate() if self.judged else math.nan
        self.record.rows.append((training, validation, rate))
        judged_by = validation if self.judged else training
        # the last step of an epoch can ruin the weights, which only a validation loss would show
        if not (math.isfinite(training) and math.isfinite(judged_by) and (self.judged or self._finite())):
            return False
        self._plateau = self._plateau.after(judged_by)
        # without validation the last weights are the best
        if judged_by < self.state.best_loss or not self.judged:
            self.state.best_loss, self.state.best_epoch, self.state.stale = judged_by, epoch, 0
            self._best = self._copy_of(self._judged_weights())
        else:
            self.state.stale += 1
        return True

    def _learn(self, epoch: int) -> tuple[float, float]:
        """Return the mean loss of an epoch and the last learning rate."""
        self.network.train()
        seeds = epoch_seeds(self.seed, epoch)
        seed_layers(self.arithmetic, seeds.layers)
        order = torch.Generator().manual_seed(seeds.order)
        changes = torch.Generator(self.arithmetic.device).manual_seed(seeds.augmentation)
        weights = [weight for group in self._optimiser.param_groups for weight in group["params"]]
        total = torch.zeros((), device=self.arithmetic.device)
        rate = math.nan
        for number, index in enumerate(epoch_batches(len(self.data), self.params.batch_size, order)):
            step = epoch * self.steps + number
            rate = self._rate(step)
            set_rate(self._optimiser, rate)
            batch = self.data.take(index.to(self.arithmetic.device))
            if self.augmentation is not None:
                batch = self.augmentation(batch, changes)
            loss = self.head.loss(self._raw(batch), batch.labels, batch.weight)
            for weight in weights:
                weight.grad = None
            self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            if self.params.clip_norm is not None:
                self._scaler.unscale_(self._optimiser)
                clip_grad_norm_(weights, self.params.clip_norm)
            self._scaler.step(self._optimiser)
            self._scaler.update()
            if self._average is not None:
                self._average.update(step)
            total += loss.detach() * len(index)
        return float(total) / max(len(self.data), 2), rate

    def _rate(self, step: int) -> float:
        p = self.params
        warmup = round(p.warmup * self.steps)
        relative = relative_rate(p.schedule, step, p.epochs * self.steps, warmup)
        if p.schedule == "plateau":
            relative *= self._plateau.factor
        return p.learning_rate * relative * self.state.reduction

    def _raw(self, batch: TensorData) -> Tensor:
        with self.arithmetic.autocast():
            raw: Tensor = self.network(self.arithmetic.placed(batch.inputs))
        return raw.float()

    def _validate(self) -> float:
        """Return by how much the targets held out are wrong on average, with averaged weights where there are any."""
        self.network.eval()
        own = None
        if self._average is not None:
            own = self._copy_of(self.network.state_dict())
            self.network.load_state_dict(self._judged_weights())
        loss = weight = 0.0
        with torch.no_grad():
            for chunk in self.validation:
                each = judged(self.head, self._raw(chunk), chunk.labels, self.params.judged_by)
                loss += float((each * chunk.weight).sum())
                weight += float(chunk.weight.sum())
        if own is not None:
            self.network.load_state_dict(own)
        return loss / weight

    def _finite(self) -> bool:
        return all(bool(value.isfinite().all()) for value in self._judged_weights().values())

    def _judged_weights(self) -> dict[str, Tensor]:
        own: dict[str, Tensor] = self.network.state_dict()
        return own if self._average is None else {**own, **self._average.weights}

    @staticmethod
    def _copy_of(state: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in state.items()}

    def restore_best(self) -> None:
        """Give the network its best weights."""
        self.network.load_state_dict(self._best)

    def go_back(self) -> None:
        """Begin again from the best weights, after an epoch that diverged."""
        self.restore_best()
        self._renew()
        self.state.stale = 0

    def close(self) -> None:
        """Hand the network back: on the CPU, in eval mode, without gradients."""
        self._optimiser.zero_grad(set_to_none=True)
        Arithmetic(torch.device("cpu")).place(self.network).eval()

    def save_state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return all that the next epoch depends on: tensors, and JSON values."""
        tensors = {f"best/{name}": value for name, value in self._best.items()}
        tensors["record"] = self.record.tensor()
        if not self.state.finished:
            tensors |= {f"network/{name}": value for name, value in self.network.state_dict().items()}
            tensors |= {f"optimiser/{name}": value for name, value in optimiser_tensors(self._optimiser).items()}
            if self._average is not None:
                tensors |= {f"average/{name}": value for name, value in self._average.weights.items()}
        values = {"state": asdict(self.state), "plateau": self._plateau.values(), "scaler": self._scaler.state_dict()}
        return tensors, values

    def load_state(self, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
        """Take what :meth:`save_state` returned."""

        def part(name: str) -> dict[str, Tensor]:
            start = name + "/"
            found = {key.removeprefix(start): value for key, value in tensors.items() if key.startswith(start)}
            return {key: value.to(self.arithmetic.device) for key, value in found.items()}

        self.state = State(**values["state"])
        self.record = Record.from_tensor(tensors["record"])
        self._best = part("best")
        if self.state.finished:
            return
        self.network.load_state_dict(part("network"))
        load_optimiser(self._optimiser, part("optimiser"))
        self._plateau = Plateau(**values["plateau"])
        self._scaler.load_state_dict(values["scaler"])
        if self._average is not None:
            self._average.load(part("average"))
