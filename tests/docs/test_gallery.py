"""Pictures of the documentation are made by scripts that are there, and have words for those who cannot see them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

#: Pictures that a script saves under the name that its page gives them.
BY_PAGE = {"python-by-hand.png": ("python_tutorial.py", "tutorials/python.md")}
_ENTRY = re.compile(r"(?ms)^-   \[!\[([^\]]*)\]\(([^)]+)\)\]\(([^)]+)\)\n\n(.*?)(?=^-   |^</div>)")


@pytest.fixture
def images(docs: Path) -> list[str]:
    """The names of all pictures."""
    return sorted(path.name for path in (docs / "images").iterdir())


def test_every_picture_is_made_by_a_script(docs: Path, images: list[str]) -> None:
    scripts = {path.name: path.read_text(encoding="utf-8") for path in (docs / "figures").glob("*.py")}
    for name in images:
        if name in BY_PAGE:
            script, page = BY_PAGE[name]
            assert script in scripts
            assert f'"{name}"' in (docs / page).read_text(encoding="utf-8")
            continue
        stem = name.rpartition(".")[0]
        assert any(re.search(rf"\b{stem}\b", text) for text in scripts.values()), f"no script makes {name}"


def test_every_picture_is_shown_with_words(pages: list[Path], images: list[str]) -> None:
    shown = [found for page in pages for found in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text("utf-8"))]
    assert {target.rpartition("/")[2] for _, target in shown} == set(images)
    for words, target in shown:
        assert len(words) > 4, f"{target} has no words in its place"


def test_every_entry_of_the_gallery_says_what_and_leads_to_its_page(docs: Path) -> None:
    text = (docs / "gallery.md").read_text(encoding="utf-8")
    entries = _ENTRY.findall(text)
    assert len(entries) == text.count("-   [![") > 20
    for words, image, page, caption in entries:
        assert len(words.split()) >= 4, image
        assert (docs / image).is_file()
        assert (docs / page).is_file()
        title = re.search(r"\*\*(.+?)\*\*", caption)
        script = re.search(r"Script: `(docs/figures/\w+\.py)`", caption)
        assert title, image
        assert len(caption.split()) > 12, f"{image}: say which data, and what to see"
        assert script, image
        made = (docs.parent / script[1]).read_text(encoding="utf-8")
        assert image.rpartition("/")[2].rpartition(".")[0] in made, f"{script[1]} does not make {image}"
