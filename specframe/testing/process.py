"""What a component could change for the whole process: random states and settings."""

from __future__ import annotations

import os
import random
import sys
from contextlib import chdir, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["preserved", "process_settings", "random_states"]


def random_states() -> dict[str, Any]:
    """Return the global random states of ``random``, numpy and, where it is imported, torch."""
    states: dict[str, Any] = {"random": random.getstate(), "numpy": np.random.get_state(legacy=False)}  # noqa: NPY002
    if "torch" in sys.modules:
        states["torch"] = sys.modules["torch"].get_rng_state().numpy().copy()
    return states


def process_settings() -> dict[str, Any]:
    """Return working directory, environment variables and numpy's error handling."""
    return {"directory": os.getcwd(), "environment": dict(os.environ), "numpy errors": np.geterr()}  # noqa: PTH109


@contextmanager
def preserved(seed: int = 0) -> Iterator[None]:
    """Start from seeded random states and numpy's own error handling; put everything back afterwards.

    Without it the first check would find a component out, and those after it would start from what it changed.
    """
    states, environment = random_states(), dict(os.environ)
    _seed(seed)
    try:
        with chdir("."), np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
            yield
    finally:
        random.setstate(states["random"])
        np.random.set_state(states["numpy"])  # noqa: NPY002
        if "torch" in states:
            torch = sys.modules["torch"]
            torch.set_rng_state(torch.from_numpy(states["torch"]))
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
