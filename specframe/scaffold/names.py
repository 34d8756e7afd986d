"""What a component, its package and its class may be called."""

from __future__ import annotations

import keyword
import re
import sys

from specframe.errors import UsageError

__all__ = ["check_line", "check_name", "check_package", "class_name", "default_package", "person"]

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PACKAGE = re.compile(r"[a-z_][a-z0-9_]*")
_PERSON = re.compile(r"(?P<name>[^<>@]*[^<>@\s])\s*(?:<(?P<email>[^<>@\s]+@[^<>@\s]+)>)?")
#: Longer names would not leave room on the lines of the files that hold them.
_LONGEST_NAME, _LONGEST_LINE = 32, 80
#: Names that the generated modules import; a class of the same name would hide them.
_TAKEN_CLASSES = {
    *(
        "Calibrator",
        "Detrender",
        "Exporter",
        "Loader",
        "Model",
        "Score",
        "Simulator",
        "Uncertainty",
        "Component",
        "Params",
        "Field",
    ),
    *("InputPath", "Outputs", "DataError", "InputFileError", "Any", "ClassVar", "Self", "Path", "Iterator", "NDArray"),
}
#: What stands beside the package in its distribution, or would be taken for a part of specframe.
_TAKEN_PACKAGES = {"specframe", "tests", "examples"}


def check_name(name: str) -> str:
    """Return a component's name if it is one; raise :class:`UsageError` with one that would do."""
    if not _NAME.fullmatch(name):
        close = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST_NAME].strip("-")
        hint = f", for example {close!r}" if close else ""
        raise UsageError(f"--name {name!r}: expected lower case letters, digits and single hyphens{hint}")
    if len(name) > _LONGEST_NAME:
        raise UsageError(f"--name {name!r}: expected at most {_LONGEST_NAME} characters, got {len(name)}")
    return name


def default_package(name: str) -> str:
    """Return the import package of a component: ``specframe_my_thing`` for ``my-thing``."""
    return f"specframe_{name.removeprefix('specframe-').replace('-', '_')}"


def check_package(package: str) -> str:
    """Return a package's name if Python can import it, and it hides no other."""
    if keyword.iskeyword(package):
        raise UsageError(f"--package {package!r}: this is a word of Python's own; choose another, such as my_{package}")
    if not _PACKAGE.fullmatch(package):
        raise UsageError(
            f"--package {package!r}: expected lower case letters, digits and _, not beginning with a digit, for "
            f"example 'specframe_my_thing'"
        )
    if package in _TAKEN_PACKAGES or package in sys.stdlib_module_names:
        whose = "the standard library" if package in sys.stdlib_module_names else "specframe or the new distribution"
        raise UsageError(f"--package {package!r}: a part of {whose} has this name; choose another")
    if len(package) > _LONGEST_NAME + len("specframe_"):
        raise UsageError(f"--package {package!r}: expected at most {_LONGEST_NAME + len('specframe_')} characters")
    return package


def class_name(name: str, kind: str) -> str:
    """Return the name of a component's class: ``MyThing`` for ``my-thing``."""
    title = "".join(part.capitalize() for part in name.split("-"))
    if title[0].isdigit() or title.startswith("Test"):  # pytest takes such a class for one of tests
        return f"{kind.capitalize()}{title}"
    return f"{title}{kind.capitalize()}" if title in _TAKEN_CLASSES or keyword.iskeyword(title) else title


def check_line(option: str, text: str) -> str:
    """Return a text that goes into files if it is one printable line that is not too long."""
    text = text.strip()
    if not text or not text.isprintable() or len(text) > _LONGEST_LINE:
        raise UsageError(f"{option} {text!r}: expected one line of at most {_LONGEST_LINE} printable characters")
    return text


def person(author: str) -> tuple[str, str]:
    """Return name and address (``""`` for none) of ``"Ada Example <ada@example.org>"``."""
    found = _PERSON.fullmatch(check_line("--author", author))
    if found is None:
        raise UsageError(f"--author {author!r}: expected a name, or 'Ada Example <ada@example.org>'")
    return found["name"], found["email"] or ""
