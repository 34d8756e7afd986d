"""Files of the repository's root that the site shows, and how specframe is cited."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from pathlib import Path


def test_the_citation_file_has_what_its_schema_requires(docs: Path) -> None:
    citation = yaml.safe_load((docs.parent / "CITATION.cff").read_text(encoding="utf-8"))
    # required by version 1.2.0 of the Citation File Format's schema
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert all({"name"} <= set(author) or {"family-names"} <= set(author) for author in citation["authors"])


def test_the_citation_is_of_this_version_under_this_licence(docs: Path) -> None:
    citation = yaml.safe_load((docs.parent / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((docs.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    bibtex = (docs / "how-to-cite.md").read_text(encoding="utf-8")
    assert f"{{{project['version']}}}" in bibtex
    assert citation["title"] in bibtex


@pytest.mark.parametrize(("page", "root"), [("contributing", "CONTRIBUTING"), ("changelog", "CHANGELOG")])
def test_a_file_of_the_root_is_taken_and_not_copied(page: str, root: str, docs: Path) -> None:
    assert (docs / f"{page}.md").read_text(encoding="utf-8") == f"<!-- specframe: file {root} -->\n"
    assert (docs.parent / f"{root}.md").is_file()


def test_every_extra_is_in_the_table_of_getting_started(docs: Path) -> None:
    project = tomllib.loads((docs.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    table = (docs / "getting-started.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?m)^\| `(\w+)` \|", table))
    assert set(project["optional-dependencies"]) - {"test", "docs", "benchmark"} <= named


def test_every_guide_is_listed_where_guides_are_listed(docs: Path) -> None:
    index = (docs / "how-to" / "index.md").read_text(encoding="utf-8")
    missing = [
        page.name for page in (docs / "how-to").glob("*.md") if page.name != "index.md" and page.name not in index
    ]
    assert not missing
