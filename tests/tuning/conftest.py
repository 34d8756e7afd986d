"""Searches of a pipeline whose score is known for every combination of values."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from specframe import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

GAINS = Path(__file__).with_name("gains.py")
sys.path.insert(0, str(GAINS.parent))


@pytest.fixture
def gain_pipeline(tmp_path: Path) -> Callable[..., Pipeline]:
    """Return a function that makes the pipeline exact > scale > gain with a ``tune`` section."""

    def make(space: dict[str, Any], *, gain: Any = None, scale: Any = None, top: Any = None, **tune: Any) -> Pipeline:
        steps = [
            {"id": "data", "load": "exact"},
            {"id": "depths", "detrend": "scale", "with": scale or {}},
            {"id": "fit", "model": "gain", "with": gain or {}},
        ]
        data = {
            "specframe": 1,
            "seed": 3,
            "steps": steps,
            "evaluate": {"cross_validation": {"folds": 2}, "scores": ["rmse-ppm", "r2"], "bootstrap": 0},
            "tune": {"trials": 8, "space": space, **tune},
            **(top or {}),
        }
        path = tmp_path / "gains.yaml"
        path.write_text(yaml.safe_dump(data, sort_keys=False))
        return Pipeline.from_yaml(path, plugin_files=[GAINS])

    return make


@pytest.fixture
def figures(rendered: None) -> None:
    """Ask for it where a search is to draw its figures."""


@pytest.fixture(autouse=True)
def _no_figures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let searches draw no figures, which take longer than trials here, but where a test asks for them."""
    if "figures" not in request.fixturenames:
        monkeypatch.setattr("specframe.tuning.figures.draw_search", lambda *_: {})
