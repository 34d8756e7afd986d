"""PyTorch that does not fit the machine is told, with what helps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Environment

TORCH = """
class version:
    cuda = {cuda!r}
class cuda:
    is_available = staticmethod(lambda: bool({names!r}))
    device_count = staticmethod(lambda: len({names!r}))
    get_device_name = staticmethod(lambda i: {names!r}[i])
"""


def told(environment: Environment, gpu: bool, cuda: str | None, names: list[str]) -> tuple[str, str, str]:
    environment.distribution("torch", "2.13.0")
    environment.module("torch", TORCH.format(cuda=cuda, names=names))
    device = environment.folder / "nvidia0"
    if gpu:
        device.touch()
    environment.module("asked", f"from pathlib import Path\ndevice = Path({str(device)!r})")
    code = (
        "import json, asked; from specframe.diagnosis.accelerator import examine_accelerator as examine; "
        "print(json.dumps([f.to_data() for f in examine(asked.device)]))"
    )
    done = environment.python("-c", code)
    (found,) = json.loads(done.stdout)
    return found["level"], found["text"], found["mend"]


@pytest.mark.parametrize(
    ("gpu", "cuda", "names", "level", "text", "mend"),
    [
        (False, None, [], "ok", "torch 2.13.0 for processors only; no GPU here", ""),
        (True, "12.8", ["H100"], "ok", "torch 2.13.0 for CUDA 12.8, sees H100", ""),
        (True, None, [], "warning", "was built for processors only", "pytorch.org"),
        (True, "12.8", [], "warning", "does not see it", "nvidia-smi"),
    ],
)
def test_builds(
    environment: Environment, gpu: bool, cuda: str | None, names: list[str], level: str, text: str, mend: str
) -> None:
    found = told(environment, gpu, cuda, names)
    assert found[0] == level
    assert text in found[1]
    assert mend in found[2]


def test_a_torch_that_cannot_be_imported(environment: Environment) -> None:
    environment.distribution("torch", "2.13.0")
    environment.module("torch", "raise OSError('libcudart.so.12: cannot open shared object file')")
    (found,) = environment.problems("accelerator", "examine_accelerator")
    assert found["level"] == "problem"
    assert found["text"].endswith("'import torch' fails: OSError: libcudart.so.12: cannot open shared object file")
    assert found["mend"].endswith("-m pip install --force-reinstall torch")
