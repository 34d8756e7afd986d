"""Names of files and columns with words in braces, which tell what is in them."""

from __future__ import annotations

import re

from specframe_io.curves.params import WORDS

__all__ = ["WAVELENGTH", "template_expression"]

#: Stands for the wavelength in a name.
WAVELENGTH = "{wavelength}"
_NUMBER = r"\d+(?:\.\d+)?"
_TOKEN = re.compile(rf"\{{({'|'.join(WORDS)})\}}|(\*\*/)|(\*)|(\?)|(\[[^\]]+\])")


def template_expression(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a name with wildcards and words in braces.

    ``{wavelength}`` is a number, other words are any text without ``/``; one that stands twice is the same at both.
    """
    parts, end, seen = [], 0, set()
    for token in _TOKEN.finditer(pattern):
        parts.append(re.escape(pattern[end : token.start()]))
        word, folders, star, question, characters = token.groups()
        if word:
            inner = _NUMBER if word == "wavelength" else "[^/]+?"
            parts.append(f"(?P={word})" if word in seen else f"(?P<{word}>{inner})")
            seen.add(word)
        elif characters:
            parts.append(re.sub(r"^\[!", "[^", characters))
        else:
            parts.append("(?:.*/)?" if folders else "[^/]*" if star else "[^/]" if question else "")
        end = token.end()
    return re.compile("".join((*parts, re.escape(pattern[end:]))))
