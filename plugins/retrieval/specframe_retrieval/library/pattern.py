"""Labels in names."""

from __future__ import annotations

import re

__all__ = ["as_glob", "labels_in", "words_of"]

_WORD = re.compile(r"\{([^{}]+)\}")


def as_glob(pattern: str) -> str:
    """Return the pattern with a wildcard for each word in braces."""
    return re.sub(r"\*+", lambda stars: stars[0] if stars[0] == "**" else "*", _WORD.sub("*", pattern))


def words_of(pattern: str) -> list[str]:
    """Return the words in braces, in order."""
    return _WORD.findall(pattern)


def labels_in(name: str, pattern: str) -> dict[str, str] | None:
    """Return what stands in a name for each word in braces, ``None`` where the name is not of the pattern.

    ``t900g4.5m0.spec`` of ``t{teff}g{logg}m{z}.spec`` has teff 900, logg 4.5 and z 0.
    """
    expression, seen = "", 0
    for part in re.split(r"(\{[^{}]+\}|\*\*/|\*|\?)", pattern):
        if part.startswith("{"):
            expression += f"(?P<w{seen}>.+?)"
            seen += 1
        elif part in ("*", "**/"):
            expression += ".*?"
        elif part == "?":
            expression += "."
        else:
            expression += re.escape(part)
    found = re.fullmatch(expression, name)
    if found is None:
        return None
    return {word: found[f"w{i}"] for i, word in enumerate(words_of(pattern))}
