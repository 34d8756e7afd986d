"""Every exception that specframe raises on purpose.

::

    SpecframeError                 exit status 1
    ├── UsageError                 exit status 2: the command, the YAML or an argument is wrong
    │   ├── ConfigError            a pipeline file, with every problem found in it
    │   ├── ParameterError         a component's parameters
    │   └── PluginError            a plugin or component cannot be used
    │       ├── UnknownComponentError
    │       ├── AmbiguousComponentError
    │       └── UnavailableComponentError   missing extra, broken import, blocked, other api
    ├── DataError                  the data are wrong; within a step it sets the target aside
    │   ├── InputFileError         a file is missing, truncated or not what it should be
    │   └── ContainerError         an Observation, Prediction or collection breaks its schema
    ├── NotFittedError             ``predict`` or ``apply`` before ``fit``
    └── RunError                   a run cannot go on
        └── WriteError             the system refuses to write: the disk is full, the folder is read-only

    SpecframeDeprecationWarning    a DeprecationWarning: a public name that will go is used
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "AmbiguousComponentError",
    "ConfigError",
    "ContainerError",
    "DataError",
    "InputFileError",
    "NotFittedError",
    "ParameterError",
    "PluginError",
    "RunError",
    "SpecframeDeprecationWarning",
    "SpecframeError",
    "UnavailableComponentError",
    "UnknownComponentError",
    "UsageError",
    "WriteError",
    "printable",
]

#: Unicode's categories of what moves the cursor, turns the direction of writing, has no width or is half a character.
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def printable(text: object, lines: bool = False) -> str:
    r"""Return text that may come from data as a terminal may print it: an escape character becomes ``\x1b``.

    Line breaks do, too, unless ``lines``. For messages: names in files and results stay as they are.
    """
    shown = str(text)
    if shown.isprintable():
        return shown
    return "".join(
        _escaped(c) if unicodedata.category(c) in _UNPRINTABLE and not (lines and c == "\n") else c for c in shown
    )


def _escaped(character: str) -> str:
    return character.encode("ascii", "backslashreplace").decode() if ord(character) > 127 else repr(character)[1:-1]


class SpecframeError(Exception):
    """Root of every error that specframe raises on purpose.

    Its message is complete: what was expected, what was got, where, and what to do.
    """

    exit_status = 1


class UsageError(SpecframeError):
    """The command, the YAML or an argument is wrong."""

    exit_status = 2


class ConfigError(UsageError):
    """A pipeline is wrong; ``problems`` lists everything found, in file order."""

    def __init__(self, message: str, problems: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class ParameterError(UsageError):
    """Parameters of a component are unknown, of the wrong type or out of bounds."""


class PluginError(UsageError):
    """A plugin or a component cannot be used."""


class UnknownComponentError(PluginError):
    """No installed plugin offers a component of this kind and name."""


class AmbiguousComponentError(PluginError):
    """Several plugins offer the same short name; write ``plugin/name``."""


class UnavailableComponentError(PluginError):
    """A component is known but cannot be used: missing extra, broken, blocked or other api."""


class DataError(SpecframeError):
    """Input data are wrong. Raised within a step it sets the target aside with this reason."""


class InputFileError(DataError):
    """A file is missing, unreadable or not in the expected form."""

    def __init__(self, path: Path | str, message: str) -> None:
        super().__init__(f"{printable(path)}: {message}")
        self.path = path
        self.reason = message

    def __reduce__(self) -> tuple[type[InputFileError], tuple[object, str]]:
        return type(self), (self.path, self.reason)


class ContainerError(DataError):
    """An Observation, Prediction or collection breaks its documented schema."""


class NotFittedError(SpecframeError):
    """A model or uncertainty estimator was used before it was fitted."""


class RunError(SpecframeError):
    """A run cannot go on."""


class WriteError(RunError):
    """The system refuses to write a file: the disk is full, the folder is read-only. No input is to blame."""


class SpecframeDeprecationWarning(DeprecationWarning):
    """A public name is used that will go; the message says since when, until when, and what to use instead.

    Python hides it but from who runs tests, which is who can do something about it.
    """
