"""PyYAML's syntax errors in plain words, at the place where the mistake was made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yaml.error import Mark, MarkedYAMLError

__all__ = ["explain"]


def explain(error: MarkedYAMLError, lines: Sequence[str]) -> tuple[tuple[int, int], str, str]:
    """Return line and column of the mistake, counted from 0, a message, and a hint."""
    mark, message, hint = _explain(error, lines)
    if mark is None or not 0 <= mark.line < len(lines):
        return (len(lines) - 1, len(lines[-1])), message, hint
    column = mark.column
    if message == _MISPLACED:  # PyYAML marks the ':' of the key
        column = len(lines[mark.line]) - len(lines[mark.line].lstrip(" -"))
    elif column >= len(lines[mark.line]) and mark.line > 0 and not lines[mark.line].strip():
        # "The end of the file" is shown at the end of the last line that has text.
        line = max((i for i in range(mark.line) if lines[i].strip()), default=0)
        return (line, len(lines[line].rstrip())), message, hint
    return (mark.line, column), message, hint


def _explain(error: MarkedYAMLError, lines: Sequence[str]) -> tuple[Mark | None, str, str]:
    problem, context = error.problem or "", error.context or ""
    mark, begun = error.problem_mark, error.context_mark
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    before = line[: mark.column] if mark else ""
    after = line[mark.column :] if mark else ""

    if "mapping values are not allowed" in problem:
        if re.search(r"\S: ", before):
            return mark, "a second ': ' on one line", "put quotes around a value that contains ': '"
        return mark, _MISPLACED, _INDENT + ", or the line above lacks a space after its ':'"
    if problem.startswith("nested"):
        return mark, problem, "no pipeline needs that"
    if "cannot start any token" in problem:
        if after.startswith("\t") or (before.strip() == "" and "\t" in before):
            return mark, "a tab cannot indent YAML", "use spaces"
        return mark, f"an unquoted value cannot begin with {after[:1]!r}", "put quotes around it"
    if "<block end>" in problem:
        if before.strip(" -") == "":
            since = f" of the {_collection(context)} begun on line {begun.line + 1}" if begun else ""
            return mark, f"this line is not indented like the others{since}", _INDENT
        return mark, "unexpected text after the end of a value", "put quotes around the whole value"
    if "sequence entries are not allowed" in problem:
        return mark, "a list cannot begin on the line of its key", "put '- ' on the next line, or write [a, b]"
    if "could not find expected ':'" in problem:
        return begun, "a key without a ':'", "write 'key: value'"
    if "expected ',' or" in problem:
        if re.search(r"\$$", before) and after.startswith("{"):
            return mark, "'${...}' within [ ] or { } needs quotes", 'write "${...}"'
        wanted = problem.partition(", but")[0]
        if begun and mark and begun.line < mark.line:
            return begun, f"this {_collection(context)} is not closed", f"{wanted} before line {mark.line + 1}"
        return mark, f"{wanted} here", "or quotes around text that contains brackets or commas"
    if "expected the node content" in problem:
        return mark, f"expected a value, found {_found(problem)}", "put quotes around text that contains it"
    if "unexpected end of stream" in problem:
        return begun, "this quote is never closed", ""
    if problem.startswith("found undefined alias"):
        return (
            mark,
            f"there is no anchor &{after[1:].split()[0] if after[1:].split() else ''} above",
            ("put quotes around text that begins with '*'"),
        )
    if context.startswith("found duplicate anchor"):
        return mark, f"the anchor {after.split()[0] if after.split() else '&'} is defined twice", "rename it"
    if "expected a single document" in context:
        return mark, "a second YAML document begins here", "a pipeline is one document"
    if "<document start>" in problem:
        return mark, "unexpected text after the end of the document", "remove it"
    if "unknown escape character" in problem:
        return mark, "unknown escape in double quotes", "use single quotes, or double the backslash"
    said = ": ".join(part for part in (context, problem) if part)
    return mark or begun, f"not valid YAML: {said}", ""


_INDENT = "check its indentation"
_MISPLACED = "a key is not expected here"


def _collection(context: str) -> str:
    return "mapping" if "mapping" in context else "list"


def _found(problem: str) -> str:
    return problem.rpartition("found ")[2].replace("'<stream end>'", "the end of the file")
