"""The command group, and how errors become messages and exit statuses."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from specframe import __version__
from specframe.cli.terminal import echo
from specframe.errors import SpecframeError

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["main"]

#: Command -> one line of help; the command itself is ``specframe.cli.<command>:command``.
_COMMANDS = {
    "check": "Validate a pipeline file: all errors at once, with their places.",
    "compare": "Compare runs: scores side by side, and paired differences with their significance.",
    "diff": "Say what changed between two runs: configuration, versions, inputs, hardware and results.",
    "explore": "Look at data, a run or a step's results: statistics, figures and one HTML page.",
    "plan": "Say what a run would do, what is stored, and why the rest is not.",
    "plugins": "List, show and check plugins and their components.",
    "predict": "Apply a fitted run to new data, labels not needed.",
    "replay": "Repeat a run from what it recorded, and say which results are identical.",
    "prune": "Free what runs have stored; their results stay as they are.",
    "report": "Write the report of a run again.",
    "run": "Run a pipeline.",
    "schema": "Print the JSON schema of pipelines, from what is installed.",
    "simulate": "Write simulated data in the real file formats.",
    "tune": "Search the parameters of a pipeline that its 'tune' section names.",
}


class _LazyGroup(click.Group):
    """Knows its commands by name and imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"specframe.cli.{cmd_name}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        name = args[0] if args else ""
        if name and name not in _COMMANDS and not name.startswith("-"):
            from difflib import get_close_matches

            close = get_close_matches(name, _COMMANDS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else f" There are: {', '.join(sorted(_COMMANDS))}."
            raise click.UsageError(f"no such command {name!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.command(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done; 1 failed; 2 the command or the YAML is wrong; 3 done, but targets were set aside.",
)
@click.version_option(__version__, prog_name="specframe")
def _group() -> None:
    """Turn telescope data into spectra, and spectra into physical parameters, with calibrated uncertainties."""


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its status."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        status = _group.main(args=args, prog_name="specframe", standalone_mode=False)
    except (KeyboardInterrupt, click.exceptions.Abort):
        _fail("interrupted; the same command goes on from what is stored", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except SpecframeError as error:
        _fail(str(error), error.exit_status)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except MemoryError as error:
        from specframe.executors.memory import out_of_memory

        _fail(f"{str(error) or 'MemoryError'}: {out_of_memory(error)}; the same command goes on from what is stored", 1)
    except Exception as error:
        if os.environ.get("SPECFRAME_DEBUG"):
            raise
        _fail(
            f"{type(error).__name__}: {error}\nThis is a bug in specframe or in a plugin; "
            "set SPECFRAME_DEBUG=1 to see the traceback.",
            1,
        )
    sys.exit(status if isinstance(status, int) else 0)


def _terminated(number: int, _frame: FrameType | None) -> NoReturn:
    """End as Ctrl-C does, so that what was done is kept and logged."""
    raise KeyboardInterrupt(signal.Signals(number).name)


def _fail(message: str, status: int) -> NoReturn:
    echo(f"error: {message}", err=True)
    sys.exit(status)
