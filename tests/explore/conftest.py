"""What figures look like is the subject here."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module", autouse=True)
def _rendered(rendered: None) -> None:
    """Render all figures."""
