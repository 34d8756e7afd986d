"""A pipeline of toy components that reads a file, and its run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from specframe import Pipeline, Run

if TYPE_CHECKING:
    from collections.abc import Callable

TOY = Path(__file__).parents[1] / "pipeline" / "toy.py"


@pytest.fixture
def run_toy(tmp_path: Path) -> Callable[..., Run]:
    """Return a function that runs toy > halves > ridge > residual with parameters changed."""
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join(f"{0.001 * (i + 1)}" for i in range(12)))

    def run(name: str, halves: Any = None, fit: Any = None, **top: Any) -> Run:
        steps = [
            {"id": "data", "load": "toy", "with": {"path": str(labels), "units": "1"}},
            {"id": "depths", "detrend": "halves", "with": halves or {}},
            {"id": "fit", "model": "ridge", "with": fit or {}},
            {"id": "sigma", "uncertainty": "residual"},
        ]
        path = tmp_path / f"{name}.yaml"
        path.write_text(
            yaml.safe_dump({"specframe": 1, "seed": 2, "steps": steps, "evaluate": {"scores": ["rmse-ppm"]}, **top})
        )
        return Pipeline.from_yaml(path, plugin_files=[TOY]).run(tmp_path / name, quiet=True)

    return run
