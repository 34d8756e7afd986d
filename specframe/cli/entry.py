"""Where the command ``specframe`` begins: also when click, on which all commands stand, is missing or broken."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

from specframe.errors import printable

if TYPE_CHECKING:
    from collections.abc import Callable

_commands: Callable[[list[str] | None], NoReturn] | None
try:
    from specframe.cli.main import main as _commands
except Exception as error:  # of click alone: whatever a broken module raises, the doctor must be reached
    if os.environ.get("SPECFRAME_DEBUG"):
        raise
    _failure = f"{type(error).__name__}: {error}"
    _commands = None

__all__ = ["main"]


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its status."""
    if _commands is not None:
        _commands(args)
    given = sys.argv[1:] if args is None else args
    if given[:1] != ["doctor"]:
        sys.stderr.write(
            f"error: specframe cannot start, a package that it needs is missing or broken ({printable(_failure)}).\n"
            "'specframe doctor' says what is wrong and how to mend it.\n"
        )
        sys.exit(1)
    from specframe.diagnosis import diagnose

    diagnosis = diagnose()
    print(printable(diagnosis, lines=True))
    sys.exit(0 if diagnosis.ok else 1)
