"""A pipeline of toy components, so that its machinery is tested apart from any science."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from specframe import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

TOY = Path(__file__).with_name("toy.py")


@pytest.fixture
def toy_pipeline(tmp_path: Path) -> Callable[..., Pipeline]:
    """Return a function that makes the pipeline toy > halves > ridge > residual, with parameters changed."""

    def make(load: Any = None, halves: Any = None, steps: Any = None, **top: Any) -> Pipeline:
        recipe = steps or [
            {"id": "data", "load": "toy", "with": load or {}},
            {"id": "depths", "detrend": "halves", "with": halves or {}},
            {"id": "fit", "model": "ridge"},
            {"id": "sigma", "uncertainty": "residual"},
        ]
        evaluate = {"cross_validation": {"folds": 4}, "inner_folds": 3, "scores": ["rmse-ppm", "coverage"]}
        path = tmp_path / "toy.yaml"
        path.write_text(yaml.safe_dump({"specframe": 1, "seed": 2, "steps": recipe, "evaluate": evaluate, **top}))
        return Pipeline.from_yaml(path, plugin_files=[TOY])

    return make
