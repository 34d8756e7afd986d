"""What the site takes from the code itself, so that it cannot differ from it: components, help texts, schemas.

A page says ``<!-- specframe: help run -->`` or ``<!-- specframe: variables frames -->`` where the text goes. A page for
every component of this distribution, and the list of decisions, are put into the navigation.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from components import CITATIONS, citations_page
from generated import bundled_components, component_page, components_index, filled, page_path, unwritten
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the generated pages and the decisions into the navigation."""
    problem = unwritten(bundled_components())
    if problem:
        raise PluginError(problem)
    docs = Path(config.docs_dir)
    _section(config.nav, "Components").extend({c.component.name: page_path(c)} for c in bundled_components())
    decisions = sorted(docs.glob("decisions/[0-9]*.md"))
    _section(config.nav, "Decisions").extend({_title(file): f"decisions/{file.name}"} for file in decisions)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for every component, the page that lists them, and that of what to cite."""
    components = bundled_components()
    files.append(File.generated(config, "reference/components/index.md", content=components_index(components)))
    for registered in components:
        files.append(File.generated(config, page_path(registered), content=component_page(registered)))
    files.append(File.generated(config, CITATIONS, content=citations_page(components)))
    return files


def on_page_markdown(markdown: str, **kwargs: Any) -> str:  # noqa: ARG001 - the hook's signature
    """Fill in what a page takes from the code."""
    return filled(markdown)


def _section(nav: Any, title: str) -> list[Any]:
    for entry in nav:
        if isinstance(entry, dict):
            for name, inner in entry.items():
                if name == title:
                    found: list[Any] = inner
                    return found
                if isinstance(inner, list):
                    try:
                        return _section(inner, title)
                    except KeyError:
                        continue
    raise KeyError(title)


def _title(file: Path) -> str:
    heading = next(line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("# "))
    return heading.removeprefix("# ")
