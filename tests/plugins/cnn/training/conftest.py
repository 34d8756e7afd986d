"""The stand-in network, which a test also runs as a program."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

pytest.importorskip("torch", reason="the extra cnn is not installed")


@pytest.fixture(scope="session")
def stand_in() -> ModuleType:
    path = Path(__file__).with_name("stand_in.py")
    spec = spec_from_file_location("cnn_training_stand_in", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
