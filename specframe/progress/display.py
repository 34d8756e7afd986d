"""What is drawn on a terminal while work goes on: a bar that stays in its place, and lines that pass above it."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.text import Text

from specframe.errors import printable
from specframe.progress.colours import coloured, marked

if TYPE_CHECKING:
    from rich.console import ConsoleOptions, RenderResult

    from specframe.progress.counted import Counted

__all__ = ["Display"]

#: So often a second it is drawn.
_RATE = 4
#: Work that is not counted is named in a line that stays if it took so many seconds.
_WORTH = 1.0


class Display:
    """Draws work in the last lines of a terminal until it is closed.

    Parameters
    ----------
    stream
        The terminal.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._work: list[Counted] = []
        self._console = Console(file=stream, no_color=not coloured(stream), highlight=False, soft_wrap=True)
        self._live = Live(
            self,
            console=self._console,
            refresh_per_second=_RATE,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),  # what a component prints must neither break the bar nor miss its pipe
        )

    def begin(self, work: Counted) -> None:
        """Draw a piece of work, in place of the one that it is part of."""
        self._work.append(work)
        if len(self._work) == 1:
            self._live.start()
        self._live.refresh()

    def end(self) -> None:
        """Leave a line of what was drawn last, and draw again what it was part of."""
        ended = self._work.pop()
        if ended.total != 0 or (not ended.covered and ended.pace.elapsed >= _WORTH):
            for parts in list(ended.drawn(self._console.width, self._console.options.ascii_only))[:1]:
                self._console.print(_text(parts), no_wrap=True, soft_wrap=False, crop=True)
        if not self._work:
            self._live.stop()

    def show(self, text: str) -> None:
        """Print a line above the bar."""
        self._console.print(Text.from_ansi(marked(text)), soft_wrap=True)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for work in self._work[-1:]:
            for parts in work.drawn(options.max_width, options.ascii_only):
                yield _text(parts)


def _text(parts: list[tuple[str, str]]) -> Text:
    return Text.assemble(*((printable(text), style) for text, style in parts), no_wrap=True, overflow="crop")
