"""One HTML file from a template: text escaped, styles and scripts within it, and a policy that lets no other run."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from specframe.errors import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment

__all__ = ["island", "render_page"]

_SHARED = "specframe.report"
#: What every page has: the choice between light and dark.
_SCRIPT = "theme.js"
_STYLE = "page.css"


def render_page(
    template: str,
    *,
    package: str = _SHARED,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
    **content: Any,
) -> bytes:
    """Return the page that ``template`` makes of ``content``.

    The template extends ``base.html``, which wants ``title``, ``description``, ``summary`` (facts by name),
    ``navigation`` (pairs of a section's id and its title), and has the block ``main``. Attributes ``style`` and
    ``on...`` do nothing in it: the page's Content-Security-Policy allows the styles and scripts named here, by their
    SHA-256, images as ``data:``, and no more.

    Parameters
    ----------
    template
        Its file in ``templates/`` of ``package`` or of :mod:`specframe.report`.
    styles, scripts
        Files from the same place, after those that all pages have.
    content
        What the template wants. Text in it is escaped, control characters so that they can be read.
    """
    packages = tuple(dict.fromkeys((package, _SHARED)))
    style = "".join(_found(name, packages) for name in (_STYLE, *styles))
    texts = [_found(name, packages) for name in (_SCRIPT, *scripts)]
    policy = (
        "default-src 'none'; img-src data:; "
        f"style-src {_source(style)}; script-src {' '.join(map(_source, texts))}; base-uri 'none'; form-action 'none'"
    )
    html = _environment(packages).get_template(template).render(style=style, scripts=texts, policy=policy, **content)
    return html.encode("utf-8", "backslashreplace")  # of half a surrogate pair, which has no other bytes


def island(data: object) -> str:
    r"""Return data as JSON that may stand within ``<script type="application/json">`` whatever it says.

    Nothing in it ends the element or begins a comment: ``<``, ``>``, ``&`` and all that is not ASCII are written as
    ``\u003c``. Numbers that are not finite are refused.

    Raises
    ------
    ValueError
        When a number is not finite.
    """
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


@cache
def _environment(packages: tuple[str, ...]) -> Environment:
    """Return what finds templates in packages, the first one first; it keeps what it has compiled."""
    from jinja2 import ChoiceLoader, Environment, FunctionLoader, StrictUndefined

    return Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_readable,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=ChoiceLoader([FunctionLoader(partial(_text, package=name)) for name in packages]),
    )


def _readable(value: Any) -> Any:
    """Return text with control characters, and those that turn the order of letters round, written as escapes."""
    from markupsafe import Markup

    return printable(value, lines=True) if isinstance(value, str) and not isinstance(value, Markup) else value


def _text(name: str, package: str) -> str | None:
    """Return a file of a package's ``templates/``, with the line ends that a browser hashes."""
    file = files(package) / "templates" / name
    return file.read_bytes().decode("utf-8").replace("\r\n", "\n") if file.is_file() else None


def _found(name: str, packages: Sequence[str]) -> str:
    text = next((text for package in packages if (text := _text(name, package)) is not None), None)
    if text is None:
        raise FileNotFoundError(f"no file {name} in templates/ of {', '.join(packages)}")
    return text


def _source(text: str) -> str:
    """Return the source expression of CSP that allows an element with exactly this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"
