"""Docstrings name other objects as Sphinx does; the site shows those names as code."""

from __future__ import annotations

import re
from typing import Any

import griffe
from components import linked

_ROLE = re.compile(r":(?:class|func|meth|mod|data|exc|attr|const):`(?:[^`<]*<)?~?\.?(?P<path>[^`>]+)>?`")
_LITERAL_BLOCK = re.compile(r"(?m)(?<=\S)::$")
_LONE_LITERAL_BLOCK = re.compile(r"(?m)^\s*::\n")


def plain_roles(text: str) -> str:
    """Return a docstring with roles as plain code, ``Name`` or ``package.Name``, and literal blocks as in Markdown."""
    before, heading, references = text.partition("References\n----------\n")
    text = _ROLE.sub(lambda match: f"`{_shown(match)}`", before)
    return _LITERAL_BLOCK.sub(":", _LONE_LITERAL_BLOCK.sub("", text)) + heading + linked(references)


def _shown(match: re.Match[str]) -> str:
    path = match["path"]
    return path.rpartition(".")[2] if "`~" in match.group() or "<" in match.group() else path


class PlainRoles(griffe.Extension):
    """Rewrites every docstring before it is rendered."""

    def on_object(self, *, obj: griffe.Object, loader: Any, **kwargs: Any) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring is not None:
            obj.docstring.value = plain_roles(obj.docstring.value)
