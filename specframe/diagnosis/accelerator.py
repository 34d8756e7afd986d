"""PyTorch's build, and whether it sees a GPU."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from specframe.diagnosis.command_line import pip
from specframe.diagnosis.finding import Finding
from specframe.diagnosis.isolated import tried

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["examine_accelerator"]

_TOPIC = "gpu"
#: What the driver of a GPU makes.
_DEVICE = Path("/dev/nvidia0")
_ASK = """
import json, torch
count = torch.cuda.device_count() if torch.cuda.is_available() else 0
names = [torch.cuda.get_device_name(i) for i in range(count)]
print("specframe:" + json.dumps({"cuda": torch.version.cuda, "names": names}))
"""


def examine_accelerator(device: Path = _DEVICE) -> Iterator[Finding]:
    """Look at torch, if it is installed, and at the GPU, if there is one."""
    try:
        version = metadata.version("torch")
    except metadata.PackageNotFoundError:
        yield Finding(
            _TOPIC, "ok", "torch is not installed; networks and Gaussian processes need it, all else does not"
        )
        return
    outcome = tried(_ASK, seconds=120.0)
    line = next((line for line in outcome.printed.splitlines() if line.startswith("specframe:")), "")
    if not line:
        yield Finding(
            _TOPIC,
            "problem",
            f"torch {version} is installed, but 'import torch' fails: {outcome.failure}",
            f"mend what is told under dependencies first; then {pip('install', '--force-reinstall', 'torch')}",
        )
        return
    told = json.loads(line[10:])
    build = f"for CUDA {told['cuda']}" if told["cuda"] else "for processors only"
    if told["names"]:
        yield Finding(_TOPIC, "ok", f"torch {version} {build}, sees {', '.join(told['names'])}")
    elif device.exists() and not told["cuda"]:
        yield Finding(
            _TOPIC,
            "warning",
            f"there is a GPU ({device}), but torch {version} was built {build}",
            f"{pip('install', '--force-reinstall', 'torch')}, with the index for your CUDA as told on "
            "https://pytorch.org/get-started/locally",
        )
    elif device.exists():
        yield Finding(
            _TOPIC,
            "warning",
            f"there is a GPU ({device}), but torch {version}, {build}, does not see it: its driver is too old, or "
            "CUDA_VISIBLE_DEVICES is empty",
            "nvidia-smi, which says the driver's version; unset CUDA_VISIBLE_DEVICES",
        )
    else:
        yield Finding(_TOPIC, "ok", f"torch {version} {build}; no GPU here")
