"""Code blocks of the documentation's pages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

_DOCS = Path(__file__).parents[2] / "docs"
_FENCE = re.compile(r"(?ms)^(?P<indent> *)```(?P<language>\w+)(?P<options>[^\n]*)\n(?P<code>.*?)^(?P=indent)```$")


@dataclass(frozen=True)
class Block:
    """A fenced block: its page and line, language, title and text."""

    page: Path
    line: int
    language: str
    title: str
    code: str


def _blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        title = re.search(r'title="([^"]*)"', match["options"])
        code = re.sub(rf"(?m)^{match['indent']}", "", match["code"])
        line = text[: match.start()].count("\n") + 1
        found.append(Block(page, line, match["language"], title[1] if title else "", code))
    return found


@pytest.fixture
def docs() -> Path:
    """The folder of the documentation."""
    return _DOCS


@pytest.fixture
def pages() -> list[Path]:
    """Every page that people read, beginning with the repository's own."""
    root = _DOCS.parent
    return [root / "README.md", root / "CONTRIBUTING.md", *sorted(_DOCS.rglob("*.md"))]


@pytest.fixture
def blocks() -> Callable[..., list[Block]]:
    """Return ``blocks(page, *languages)``: the fenced blocks of a page in their order, of some languages or of all."""

    def blocks(page: Path, *languages: str) -> list[Block]:
        return [block for block in _blocks(page) if not languages or block.language in languages]

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
