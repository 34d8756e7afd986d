"""The command line, called in this process as the installed script calls it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from specframe.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str


@pytest.fixture
def specframe(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Return a function that runs ``specframe`` with arguments and gives its exit status and output."""

    def run(*args: object) -> Result:
        capfd.readouterr()
        with pytest.raises(SystemExit) as exit_info:
            main([str(arg) for arg in args])
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return Result(int(exit_info.value.code or 0), out, err)

    return run
