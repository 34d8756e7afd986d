"""Code blocks of the documentation's pages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

# modules that make pages, and those beside the tests
sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
sys.path.insert(0, str(Path(__file__).parent))

from snippets import Block, blocks_of, pages_of

_DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def docs() -> Path:
    """The folder of the documentation."""
    return _DOCS


@pytest.fixture
def pages() -> list[Path]:
    """Every page that people read, beginning with the repository's own."""
    return pages_of(_DOCS.parent)


@pytest.fixture
def blocks() -> Callable[..., list[Block]]:
    """Return ``blocks(page, *languages)``: the fenced blocks of a page in their order, of some languages or of all."""

    def blocks(page: Path, *languages: str) -> list[Block]:
        return [block for block in blocks_of(page) if not languages or block.language in languages]

    return blocks


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return ``python(*arguments)``, which runs a new interpreter in ``tmp_path``, itself on the path for imports."""

    def python(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(tmp_path), "MPLBACKEND": "agg"}
        return subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    return python
