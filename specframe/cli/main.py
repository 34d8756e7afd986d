"""The command group, and how errors become messages and exit statuses."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any, NoReturn

import click

from specframe import __version__
from specframe.cli.command import Group
from specframe.cli.interrupt import heed_interrupts
from specframe.cli.terminal import echo
from specframe.errors import SpecframeError
from specframe.progress.colours import coloured
from specframe.progress.messages import warnings_logged

__all__ = ["main"]

#: What commands are for -> command -> one line of help; the command itself is ``specframe.cli.<command>:command``.
_SECTIONS = {
    "Run pipelines": {
        "check": "Validate a pipeline file: all errors at once, with their places.",
        "plan": "Say what a run would do, what is stored, and why the rest is not.",
        "run": "Run a pipeline.",
        "predict": "Apply a fitted run to new data, labels not needed.",
        "tune": "Search the parameters of a pipeline that its 'tune' section names.",
    },
    "Data": {
        "explore": "Look at data, a run or a step's results: statistics, figures and one HTML page.",
        "simulate": "Write simulated data in the real file formats.",
    },
    "Look at results": {
        "report": "Write the report of a run again.",
        "compare": "Compare runs: scores side by side, and paired differences with their significance.",
        "diff": "Say what changed between two runs: configuration, versions, inputs, hardware and results.",
        "replay": "Repeat a run from what it recorded, and say which results are identical.",
    },
    "Plugins": {
        "plugins": "List, show, check and begin plugins and their components.",
        "schema": "Print the JSON schema of pipelines, from what is installed.",
    },
    "Housekeeping": {
        "prune": "Free what runs have stored; their results stay as they are.",
        "completion": "Print the script that completes commands in bash, zsh or fish.",
        "doctor": "Say what is wrong with the installation, and the command that mends it.",
    },
}
_COMMANDS = {name: text for section in _SECTIONS.values() for name, text in section.items()}
#: What somebody does first.
_FIRST = (
    ("specframe check configs/quickstart.yaml", "is the pipeline valid?"),
    ("specframe run configs/quickstart.yaml", "run it, into runs/quickstart"),
    ("specframe plugins list", "which components a pipeline can have"),
)


class _LazyGroup(Group):
    """Knows its commands by name and imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"specframe.cli.{cmd_name}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        name = args[0] if args else ""
        if name and name not in _COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            close = get_close_matches(name, _COMMANDS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else f" There are: {', '.join(sorted(_COMMANDS))}."
            raise click.UsageError(f"no such command {name!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Return commands with their line of help; none of them is imported for it."""
        from click.shell_completion import CompletionItem

        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [CompletionItem(name, help=text) for name, text in _COMMANDS.items() if name.startswith(incomplete)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("First steps"):
            formatter.write_dl(_FIRST)
        width = max(map(len, _COMMANDS))
        for title, commands in _SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), text) for name, text in commands.items()])
        with formatter.section("Options"):
            formatter.write_dl([record for param in self.get_params(ctx) if (record := param.get_help_record(ctx))])


@click.command(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="'specframe COMMAND --help' has examples of each command. Exit status: 0 done; 1 failed; 2 the command or "
    "the YAML is wrong; 3 done, but targets were set aside.",
)
@click.version_option(__version__, prog_name="specframe")
def _group() -> None:
    """Turn telescope data into spectra, and spectra into physical parameters, with calibrated uncertainties."""


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its status."""
    heed_interrupts()
    if "_SPECFRAME_COMPLETE" in os.environ:
        import_module("specframe.cli.completion")  # a shell asks: it knows how bash does
    try:
        with warnings_logged():
            status = _group.main(
                args=args, prog_name="specframe", standalone_mode=False, color=True if coloured(sys.stdout) else None
            )
    except (KeyboardInterrupt, click.exceptions.Abort):
        _fail("interrupted; the same command goes on from what is stored", 130)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), color=coloured(sys.stdout))
        sys.exit(0 if error.ctx is not None and error.ctx.parent is None else 2)
    except click.ClickException as error:
        _refuse(error)
    except SpecframeError as error:
        _fail(f"{error}{_installation_hint(error)}", error.exit_status)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except MemoryError as error:
        from specframe.executors.memory import out_of_memory

        _fail(f"{str(error) or 'MemoryError'}: {out_of_memory(error)}; the same command goes on from what is stored", 1)
    except Exception as error:
        if os.environ.get("SPECFRAME_DEBUG"):
            raise
        hint = _installation_hint(error)
        if hint:
            _fail(f"a package cannot be imported: {error}{hint}", 1)
        _fail(
            f"{type(error).__name__}: {error}\nThis is a bug in specframe or in a plugin, or a package is broken: "
            "'specframe doctor' looks for that; set SPECFRAME_DEBUG=1 to see the traceback.",
            1,
        )
    sys.exit(status if isinstance(status, int) else 0)


def _installation_hint(error: Exception) -> str:
    """Return where to go on when the reason, or the reason of that, is a package that cannot be imported."""
    reason: BaseException | None = error
    seen: set[int] = set()  # of two errors, each may be the other's reason
    while reason is not None and id(reason) not in seen:
        seen.add(id(reason))
        if isinstance(reason, ImportError) or any(
            name in str(reason) for name in ("ImportError", "ModuleNotFoundError")
        ):
            return "\nThe installation may be broken: 'specframe doctor' says what is wrong and how to mend it."
        reason = reason.__cause__ or reason.__context__
    return ""


def _refuse(error: click.ClickException) -> NoReturn:
    """Say what is wrong with the command line, and how it is written."""
    context = getattr(error, "ctx", None)
    usage = "" if context is None else f"\n{context.get_usage()}\n'{context.command_path} --help' tells more."
    message = error.format_message().expandtabs(2)  # click lists choices behind tabs
    _fail(f"{message}{usage}", 2)


def _fail(message: str, status: int) -> NoReturn:
    echo(f"error: {message}", err=True)
    sys.exit(status)
