"""The Python tutorial runs from top to bottom and prints what it says it prints."""

from __future__ import annotations

import itertools
import re
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: Printed between blocks, so that each block's output can be told from the next.
_END = "\x1e"


def test_the_tutorial_runs_and_prints_what_it_says(
    docs: Path, blocks: Callable[..., Any], python: Callable[..., Any], tmp_path: Path
) -> None:
    page = docs / "tutorials" / "python.md"
    found = blocks(page, "python", "text")
    code = [block for block in found if block.language == "python"]
    expected = {before.line: block.code for before, block in itertools.pairwise(found) if block.language == "text"}
    assert len(code) >= 12
    assert len(expected) >= 9
    (tmp_path / "page.py").write_text("\n".join(f"{block.code}\nprint({_END!r})\n" for block in code))

    done = python("-W", "error", "page.py")

    outputs = done.stdout.split(f"{_END}\n")
    assert done.returncode == 0, (
        f"block {len(outputs)} of {len(code)}, at line {code[len(outputs) - 1].line}:\n{done.stderr}"
    )
    checker = OutputChecker()
    for block, printed in zip(code, outputs, strict=False):
        wanted = expected.get(block.line, "")
        assert checker.check_output(wanted, printed, ELLIPSIS | NORMALIZE_WHITESPACE), (
            f"{page.name}:{block.line} says it prints\n{wanted}\nbut it prints\n{printed}"
        )
    # every figure that the page saves is shown under the same name
    shown = set(re.findall(r"\.\./images/([\w-]+\.png)", page.read_text()))
    assert {path.name for path in tmp_path.glob("*.png")} == shown
