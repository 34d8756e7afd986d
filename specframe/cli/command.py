"""What all commands have in common: options in groups, examples, and where to read on, in their help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from specframe.progress.colours import painted

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Command", "Group"]

#: The group of each option that several commands have, by its name; those of a command alone come first, as "Options".
_GROUPS = {
    "Input": ("data", "overrides", "plugin_files"),
    "Results": ("out", "resume", "store_limit", "as_json"),
    "Workers": ("executor", "workers", "scheduler", "memory"),
    "Messages": ("quiet", "verbose", "help"),
}
#: With so many options or fewer they are not grouped.
_FEW = 4


class _Formatter(click.HelpFormatter):
    """Writes headings in bold where the terminal has it."""

    bold = False

    def write_heading(self, heading: str) -> None:
        text = f"{heading}:"
        self.write(f"{'':>{self.current_indent}}{painted(text, 'bold') if self.bold else text}\n")


class _Context(click.Context):
    formatter_class = _Formatter


class Command(click.Command):
    """A command.

    Parameters
    ----------
    examples
        Command lines, each with what it is for.
    see
        Commands to read about next.
    """

    context_class = _Context

    def __init__(
        self, *args: Any, examples: Sequence[tuple[str, str]] = (), see: Sequence[str] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)
        self.see = tuple(see)

    def get_help(self, ctx: click.Context) -> str:
        """Return the help, with headings in bold where the context has colours."""
        return _help(self, ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options by what they are about."""
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        groups: dict[str, list[tuple[str, str]]] = {"Options": [], **{title: [] for title in _GROUPS}}
        for option in options:
            name = "help" if "--help" in option.opts else option.name  # click calls it otherwise in some versions
            title = next((title for title, names in _GROUPS.items() if name in names), "Options")
            record = option.get_help_record(ctx)
            if record is not None:
                groups["Options" if len(options) <= _FEW else title].append(record)
        for title, records in groups.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, and where to read on."""
        super().format_epilog(ctx, formatter)
        if self.examples:
            with formatter.section("Examples"):
                for line, purpose in self.examples:
                    formatter.write(f"  {line}\n      {purpose}\n")
        if self.see:
            formatter.write_paragraph()
            formatter.write_text(f"See also: {', '.join(f'specframe {name}' for name in self.see)}")


class Group(click.Group):
    """A group of such commands."""

    context_class = _Context
    command_class = Command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with the whole first line of each, which click would cut."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(limit=200)) for name, command in commands if command])

    def get_help(self, ctx: click.Context) -> str:
        """Return the help, with headings in bold where the context has colours."""
        return _help(self, ctx)


def _help(command: click.Command, ctx: click.Context) -> str:
    formatter = ctx.make_formatter()
    if isinstance(formatter, _Formatter):
        formatter.bold = bool(ctx.color)
    command.format_help(ctx, formatter)
    return formatter.getvalue().rstrip("\n")
