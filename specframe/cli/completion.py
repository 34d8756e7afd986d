"""``specframe completion``."""

from __future__ import annotations

import os

import click
from click.shell_completion import BashComplete, add_completion_class, get_completion_class, split_arg_string

from specframe.cli.command import Command

__all__ = ["command"]

_SHELLS = ("bash", "zsh", "fish")

#: As click's, but it hands over the line as it is, which bash would split at "=", and what ends in "/", "." or "=" goes
#: on without a space.
_BASH = r"""
%(complete_func)s() {
    local IFS=$'\n' response completion type value
    response=$(env COMP_WORDS="${COMP_LINE:0:$COMP_POINT}" %(complete_var)s=bash_complete $1 2>/dev/null)
    for completion in $response; do
        IFS=',' read -r type value <<< "$completion"
        if [[ $type == 'dir' ]]; then
            COMPREPLY=()
            compopt -o dirnames
        elif [[ $type == 'file' ]]; then
            COMPREPLY=()
            compopt -o default
        elif [[ $type == 'plain' ]]; then
            COMPREPLY+=("$value")
            if [[ $value == *[/.=] ]]; then compopt -o nospace; fi
        fi
    done
    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class _Bash(BashComplete):
    source_template = _BASH

    @staticmethod
    def _check_version() -> None:
        """Start no other shell: whoever prints the script knows which one it is for."""

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)[1:]
        return (words, "") if line[-1:].isspace() or not words else (words[:-1], words[-1])


add_completion_class(_Bash)


@click.command(
    "completion",
    cls=Command,
    examples=(
        ('eval "$(specframe completion bash)"', "in this bash; as a line of ~/.bashrc in every one"),
        ('eval "$(specframe completion zsh)"', "in ~/.zshrc, after compinit"),
        ("specframe completion fish > ~/.config/fish/completions/specframe.fish", "for fish, once"),
    ),
    see=("--help",),
)
@click.argument("shell", type=click.Choice(_SHELLS), metavar="bash|zsh|fish")
def command(shell: str) -> int:
    """Print the script that completes commands, options, files, runs, components and parameters in a shell.

    It completes 'specframe run PIPELINE --set' with the steps of that file and their parameters. Bash 4.4 or newer,
    zsh or fish.
    """
    from specframe.cli.main import _group

    known = get_completion_class(shell)
    assert known is not None
    click.echo(known(_group, {}, "specframe", "_SPECFRAME_COMPLETE").source())
    return 0
