"""The page of conformance checks names every check with the kinds that it is asked of, as the code has it."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING

from specframe.testing import MINIMUM
from specframe.testing.advice import ADVICE, GROUPS
from specframe.testing.suite import check_name, checks_of

if TYPE_CHECKING:
    from pathlib import Path


def page(docs: Path) -> str:
    text: str = import_module("generated").filled((docs / "reference" / "conformance.md").read_text(encoding="utf-8"))
    return text


def test_every_check_stands_there_with_the_kinds_that_are_asked(docs: Path) -> None:
    rows = [row.split(" | ") for row in page(docs).splitlines() if re.match(r"\| `[\w-]+` \|", row)]
    asked = {row[0].strip("| `"): row[1] for row in rows}
    assert set(asked) == set(ADVICE)
    assert all(len(row) == 4 and row[2].strip() and row[3].strip(" |") for row in rows)
    for kind, word in (("model", "models"), ("loader", "loaders"), ("uncertainty", "estimators"), ("score", "scores")):
        of_kind = {check_name(check) for checks in checks_of(kind) for check in checks} | {"loads"}
        assert of_kind == {name for name, kinds in asked.items() if kinds == "all" or word in kinds.split(", ")}


def test_groups_are_headings_and_minimums_are_told(docs: Path) -> None:
    text = page(docs)
    headings = re.findall(r"(?m)^## (.+)$", text)
    assert [heading for heading in headings if heading.lower() in GROUPS] == [g[0].upper() + g[1:] for g in GROUPS]
    for kind, least in MINIMUM.items():
        assert re.search(rf"(?m)^\| {kind} \| \d+ \| {least} \|$", text)
