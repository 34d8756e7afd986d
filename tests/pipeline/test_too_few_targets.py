"""Too few targets for an estimator are told before anything is reduced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from specframe.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from specframe import Pipeline


def test_too_few_targets_are_told_before_the_first_is_reduced(
    toy_pipeline: Callable[..., Pipeline], tmp_path: Path
) -> None:
    steps: list[dict[str, Any]] = [
        {"id": "data", "load": "toy", "with": {}},
        {"id": "depths", "detrend": "halves"},
        {"id": "fit", "model": "ridge"},
        {"id": "sigma", "uncertainty": "conformal", "with": {"levels": [0.68, 0.9999]}},
    ]
    with pytest.raises(DataError, match=r"step 'sigma': conformal needs at least 9999 calibration targets .* 4 folds"):
        toy_pipeline(steps=steps).run(tmp_path / "out", quiet=True)
    assert not list((tmp_path / "out").rglob("*.nc"))
