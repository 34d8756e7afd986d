"""Where a training runs and in which arithmetic, and what keeps its bits the same."""

from __future__ import annotations

import warnings
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from specframe.errors import UsageError
from specframe_cnn.training.threads import threads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from torch import Tensor

    from specframe_cnn.training.params import TrainingParams

__all__ = ["Arithmetic", "choose_arithmetic", "reproducible", "seed_layers"]


@dataclass(frozen=True)
class Arithmetic:
    """Device, number type and memory format of a training.

    ``number`` is what :func:`torch.autocast` uses; float32 is not mixed with anything.
    """

    device: torch.device
    number: torch.dtype = torch.float32
    memory_format: torch.memory_format = torch.contiguous_format

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context of a forward pass."""
        if self.number is torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, self.number)

    def scaler(self) -> torch.amp.GradScaler:
        """Return a scaler of the loss: float16 has too small a range for gradients; elsewhere it does nothing."""
        return torch.amp.GradScaler(self.device.type, enabled=self.number is torch.float16)

    def place(self, network: nn.Module) -> nn.Module:
        """Move ``network`` onto this device, its kernels into this memory format, and return it."""
        return network.to(self.device).to(memory_format=self.memory_format)  # type: ignore[call-overload,no-any-return]

    def placed(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return ``inputs`` with images in this memory format."""
        if self.memory_format is torch.contiguous_format:
            return inputs
        return {
            name: values.contiguous(memory_format=self.memory_format) if values.ndim == 4 else values
            for name, values in inputs.items()
        }

    def describe(self) -> str:
        """Return it in words: on this depends which bits come out."""
        name = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else self.device.type
        capability = torch.backends.cpu.get_cpu_capability()
        return f"{name} {capability} {self.number} {self.memory_format} torch {torch.__version__}"


def choose_arithmetic(params: TrainingParams, network: nn.Module) -> Arithmetic:
    """Return where and how ``network`` is trained on this machine.

    Raises
    ------
    UsageError
        When the device is not there, or does not have the precision that is asked for.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    name = next(kind for kind in available if available[kind]) if params.device == "auto" else params.device
    if not available[name]:
        raise UsageError(f"training.device (={name}) is not available here: set it to auto, or cpu")
    convolves = any(isinstance(layer, nn.Conv2d) for layer in network.modules())
    # images are convolved 20 to 30 % faster so on processors (benchmarks/training_loop.py), and CUDA's mixed precision
    # is made for it
    last = convolves and name != "mps"
    memory_format = torch.channels_last if last else torch.contiguous_format
    return Arithmetic(torch.device(name), _number(params.precision, name), memory_format)


def _number(precision: str, device: str) -> torch.dtype:
    if precision == "auto":
        if device != "cuda":
            return torch.float32
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if precision == "float16" and device == "cpu":
        raise UsageError("training.precision (=float16) needs a GPU: set it to auto, or training.device to cuda")
    if precision == "bfloat16" and device == "cpu" and not _has_avx512():
        raise UsageError(
            "training.precision (=bfloat16) needs a processor with AVX-512, or a GPU: on this processor, with "
            f"{torch.backends.cpu.get_cpu_capability()}, it is about ten times slower than float32: set it to auto"
        )
    return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[precision]


def _has_avx512() -> bool:
    return "AVX512" in str(torch.backends.cpu.get_cpu_capability())


@contextmanager
def reproducible(arithmetic: Arithmetic, thread_count: int) -> Iterator[None]:
    """Let the same seeds give the same bits within the block, and leave torch's global state as it was.

    Global are the number of threads, the generators that dropout draws from, and the choice of CUDA's algorithms.
    """
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(threads(thread_count))
        cuda = arithmetic.device.type == "cuda"
        stack.enter_context(torch.random.fork_rng(devices=[torch.cuda.current_device()] if cuda else []))
        if cuda:
            stack.enter_context(_deterministic_cuda())
        if arithmetic.device.type == "mps":
            stack.callback(torch.mps.set_rng_state, torch.mps.get_rng_state())
        yield


@contextmanager
def _deterministic_cuda() -> Iterator[None]:
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    # some layers have no deterministic gradient on a GPU (adaptive pooling): they still train, with other last bits
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        with (
            warnings.catch_warnings(),
            torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False),
        ):
            warnings.filterwarnings("ignore", message=".*deterministic", category=UserWarning)
            yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])


def seed_layers(arithmetic: Arithmetic, seed: int) -> None:
    """Seed the generator that layers such as dropout draw from, within :func:`reproducible`."""
    if arithmetic.device.type == "cuda":
        torch.cuda.manual_seed(seed)
    elif arithmetic.device.type == "mps":
        torch.mps.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)
