"""What ``--help`` says: examples that work, options in groups, commands by what they are for."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from specframe.cli.command import Command
from specframe.cli.main import _COMMANDS, _group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def all_commands(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from all_commands(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


CONFIGS = Path(__file__).parents[2] / "configs"
COMMANDS = dict(all_commands(_group))


def refusal(line: str) -> str:
    """Parse a command line without running it; return why it is refused, or nothing."""
    words = shlex.split(line.partition(" > ")[0].removeprefix('eval "$(').removesuffix(')"'))
    assert words[0] == "specframe"
    name = next(known for known in sorted(COMMANDS, key=len, reverse=True) if " ".join(words[1:]).startswith(known))
    command = COMMANDS[name]
    try:
        command.make_context(name, words[1 + len(name.split()) :])
    except click.ClickException as error:
        return error.format_message()
    return ""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_that_its_parser_takes(name: str) -> None:
    command = COMMANDS[name]
    assert isinstance(command, Command)
    assert command.examples
    assert any(name in line for line, _ in command.examples)
    assert {line: refusal(line) for line, _ in command.examples if refusal(line)} == {}


def test_new_data_is_given_to_runs_only_whose_loader_reads_files() -> None:
    command = COMMANDS["predict"]
    assert isinstance(command, Command)
    lines = [line for line, _ in command.examples if "--data" in line]
    assert lines
    for line in lines:
        config = CONFIGS / f"{Path(line.split()[2]).name}.yaml"
        assert not config.is_file() or "load: ariel-simulated" not in config.read_text(), line


def test_a_wrong_example_would_be_noticed() -> None:
    assert "No such option" in refusal("specframe run a.yaml --worker 2")


def test_every_command_that_is_named_to_read_on_exists() -> None:
    named = {name for command in COMMANDS.values() if isinstance(command, Command) for name in command.see}
    assert named - set(COMMANDS) - {"--help"} == set()


def test_the_main_help_has_every_command_and_the_first_steps(specframe: Callable[..., Any]) -> None:
    result = specframe("--help")
    assert result.status == 0
    listed = {line.split()[0] for line in result.out.splitlines() if line.startswith("  ") and line.split()}
    assert set(_COMMANDS) <= listed
    assert result.out.index("specframe run configs/quickstart.yaml") < result.out.index("Run pipelines:")
    alone = specframe()
    assert (alone.status, alone.out) == (0, result.out)


def test_options_are_told_by_what_they_are_about(specframe: Callable[..., Any]) -> None:
    text = specframe("run", "--help").out
    heads = [line for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert heads == ["Input:", "Results:", "Workers:", "Messages:", "Examples:"]
    workers = text[text.index("Workers:") : text.index("Messages:")]
    assert [option for option in ("--executor", "--workers", "--scheduler", "--memory") if option not in workers] == []


LONG = ("run", "predict", "tune", "simulate", "explore", "replay")


@pytest.mark.parametrize("name", LONG)
def test_whatever_takes_long_can_be_quiet_or_verbose_and_bounded(name: str) -> None:
    there = {option for param in COMMANDS[name].params for option in param.opts}
    assert {"-q", "--quiet", "-v", "--verbose", "--workers", "--memory"} <= there


def test_quiet_and_verbose_together_are_refused(specframe: Callable[..., Any]) -> None:
    result = specframe("run", "x.yaml", "-v", "-q")
    assert result.status == 2
    assert result.err.startswith("error: --quiet and --verbose contradict each other")
