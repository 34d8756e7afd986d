"""Fenced blocks of the documentation's pages, and the commands in them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "Block", "Command", "blocks_of", "commands_of", "pages_of", "steps_in_tables"]

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"(?ms)^(?P<indent> *)```(?P<language>\w+)(?P<options>[^\n]*)\n(?P<code>.*?)^(?P=indent)```$")
_ASSIGNED = re.compile(r"(\w+)=(\S*)$")


@dataclass(frozen=True)
class Block:
    """A fenced block: its page and line, language, title and text."""

    page: Path
    line: int
    language: str
    title: str
    code: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True)
class Command:
    """A command line, the variables set before it, and the output that the page shows below it."""

    text: str
    environment: dict[str, str]
    words: list[str]
    output: str


def pages_of(root: Path) -> list[Path]:
    """Return every page that people read, beginning with the repository's own."""
    return [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").rglob("*.md"))]


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page in their order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        title = re.search(r'title="([^"]*)"', match["options"])
        code = re.sub(rf"(?m)^{match['indent']}", "", match["code"])
        line = text[: match.start()].count("\n") + 1
        found.append(Block(page, line, match["language"], title[1] if title else "", code))
    return found


def commands_of(block: Block) -> list[Command]:
    """Return what a reader would type: lines after ``$``, or all lines where nothing else is shown."""
    lines = block.code.replace("\\\n", " ").splitlines()
    prompted = any(line.startswith("$ ") for line in lines)
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.startswith("$ ") or not prompted:
            text = line.removeprefix("$ ") if block.language == "console" else line
            if block.language == "console" and not prompted:
                break  # output alone
            found.append((text, []))
        elif found:
            found[-1][1].append(line)
    return [
        _command(part.strip(), "\n".join(output))
        for text, output in found
        for part in text.split("&&")
        if part.strip() and not part.strip().startswith("#")
    ]


def _command(text: str, output: str) -> Command:
    words = shlex.split(text, comments=True)
    environment = {}
    if words and words[0] == "export":
        words = words[1:]
    while words and (match := _ASSIGNED.match(words[0])):
        environment[match[1]] = match[2]
        words = words[1:]
    return Command(text, environment, words, output)


def steps_in_tables(page: Path) -> list[tuple[int, str]]:
    """Return steps and sections written in one line of a table or of the text, ``{load: ...}``, with their lines."""
    text = re.sub(r"(?ms)^ *```.*?^ *```$", lambda match: "\n" * match.group().count("\n"), page.read_text("utf-8"))
    keys = "load|calibrate|detrend|model|uncertainty|export|evaluate|predict|score|id"
    pattern = re.compile(rf"`(\{{(?:{keys}): [^`]*\}})`")
    return [
        (number, found.replace("\\|", "|"))
        for number, line in enumerate(text.splitlines(), start=1)
        for found in pattern.findall(line)
    ]
