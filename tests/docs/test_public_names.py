"""What plugins and notebooks may import stands on the reference pages."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "package", ["specframe.api", "specframe.evaluate", "specframe.explore", "specframe.executors", "specframe"]
)
def test_every_public_name_is_documented(docs: Path, package: str) -> None:
    pages = "\n".join(page.read_text() for page in (docs / "reference").glob("*.md"))
    if f"::: {package}\n" in pages:  # the page has all of it
        return
    named = set(re.findall(rf"::: {re.escape(package)}\.(?:\w+\.)?(\w+)", pages))
    named |= set(re.findall(r"`(?:[\w.]+\.)?(\w+)(?:\([^`]*\))?`", pages))
    assert sorted(set(import_module(package).__all__) - named - {"__version__"}) == []
