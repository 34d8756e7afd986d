"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data: ``$SPECFRAME_DATA``, else ``../shared/data`` beside the repository.

    Without it tests are skipped, but not in CI, where they fail: nothing may be skipped there.
    """
    path = Path(os.environ.get("SPECFRAME_DATA", _BESIDE))
    if not path.is_dir():
        reason = f"no real data at {path}; set SPECFRAME_DATA to the folder that holds adc24/"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return path
