"""The bar on a real terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from specframe.progress.counted import Counted
from specframe.progress.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable


def drawn(work: Callable[[Progress], None], columns: int = 80) -> str:
    """Do some work on a terminal so wide, and return what reached it."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    said: list[bytes] = []

    def read() -> None:
        while True:
            try:
                said.append(os.read(master, 65536))
            except OSError:
                return

    reader = Thread(target=read)
    reader.start()
    with os.fdopen(slave, "w") as stream:
        work(Progress(stream=stream))
    reader.join()
    os.close(master)
    return b"".join(said).decode()


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def three(progress: Progress) -> None:
    progress.expect(["targets", "fit"])
    with progress.stage("targets"), progress.track("data", 3) as advance:
        for text in ("first", "second", "third"):
            progress.tell(f"net (fold 1): epoch {text}")
            progress.say(f"warning: {text}\x1b[31m")
            advance()


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_bar_stays_in_its_line_and_messages_pass_above_it(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))  # rich asks the process's own terminal, which is not this one
    said = drawn(three, columns)
    plain = re.sub(r"\x1b\[[\d;]*m", "", said)
    assert re.search(r"\[1/2\] data .*3/3 +0:00", plain)
    assert "epoch first" in plain  # beneath the bar
    assert "warning: second\\x1b[31m" in plain  # what components say sets no colour
    assert max(len(line) for line in re.split(r"[\r\n]|\x1b\[[?\d]*[A-Za-z]", plain)) <= columns
    assert said.endswith("\x1b[?25h\r\n") or "\x1b[?25h" in said[-20:]  # the cursor is shown again


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    said = drawn(three)
    assert "\x1b" not in said
    assert "[1/2] data: 3/3" in said


def test_an_error_leaves_the_bar_where_it_was_and_the_terminal_as_it_was() -> None:
    def breaks(progress: Progress) -> None:
        with suppress(KeyboardInterrupt), progress.track("data", 3) as advance:
            advance()
            raise KeyboardInterrupt
        progress.say("after it")

    said = drawn(breaks)
    assert "1/3" in said
    assert said.rindex("\x1b[?25h") < said.index("after it")


def test_a_narrow_line_gives_up_the_bar_before_the_numbers() -> None:
    work = Counted("a label that is rather long", 500)
    for _ in range(40):
        work.advance()
    lines = {width: "".join(text for text, _ in next(iter(work.drawn(width)))) for width in (30, 60, 100)}
    assert all(len(line) <= width for width, line in lines.items())
    assert all("40/500" in line for line in lines.values())
    assert ["━" in line for line in lines.values()] == [False, False, True]
    assert "#" in "".join(text for text, _ in next(iter(work.drawn(100, plain_characters=True))))
