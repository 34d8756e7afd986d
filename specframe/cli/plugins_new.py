"""``specframe plugins new``: a plugin of one's own, complete, to begin from."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import click

from specframe.api.component import KINDS
from specframe.cli.command import Command
from specframe.cli.terminal import echo

__all__ = ["new"]


@click.command(
    "new",
    cls=Command,
    examples=(
        ("specframe plugins new my-thing --kind detrender", "a distribution in the folder my-thing; its tests pass"),
        ('specframe plugins new lib --kind loader --name my-format --author "Ada Example"', "under another name"),
    ),
    see=("plugins check",),
)
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--kind", type=click.Choice((*KINDS, "simulator")), required=True, help="What it is to be.")
@click.option("--name", help="Name of the component in YAML; by default that of DIR.")
@click.option("--package", help="Name to import it by; by default specframe_ and its name.")
@click.option("--author", metavar='"NAME <ADDRESS>"', help="For licence and metadata; the address may be left out.")
@click.option("--summary", metavar="TEXT", help="What it does, in one line.")
@click.option(
    "--license",
    "license_name",
    type=click.Choice(("BSD-3-Clause", "MIT")),
    default="BSD-3-Clause",
    show_default=True,
    help="Its licence.",
)
@click.option(
    "--force", is_flag=True, help="Write into a folder that holds files, and replace those of the same names."
)
def new(
    directory: Path,
    kind: str,
    name: str | None,
    package: str | None,
    author: str | None,
    summary: str | None,
    license_name: str,
    force: bool,
) -> int:
    """Write a new plugin into DIR: a distribution with a small component that works, to put yours in its place.

    It has the component, its parameters, tests, an example pipeline, README, licence and a CI file. Its tests pass at
    once.
    """
    from specframe.registry import Registry
    from specframe.scaffold import check_conflicts, new_distribution, write_distribution

    name = name if name is not None else directory.resolve().name.removeprefix("specframe-")
    distribution = new_distribution(kind, name, package=package, author=author, summary=summary, license=license_name)
    warnings = check_conflicts(distribution, Registry.discover())
    for warning in warnings:
        echo(f"warning: {warning}", err=True)
    distribution = replace(distribution, shared_name=bool(warnings))
    written, replaced = write_distribution(distribution, directory, force)
    for path in replaced:
        echo(f"replaced {path}")
    for earlier in sorted(path.parent.name for path in directory.glob("*/plugin.py")):
        if earlier != distribution.package:
            echo(f"left {earlier}/, which seems to be the package of another plugin: uninstall that and remove it")
    folder = str(directory)
    quoted = shlex.quote(folder)
    installed = folder if directory.is_absolute() or folder.startswith(".") else f"./{folder}"
    echo(f"Wrote {len(written)} files to {folder}: the {kind} {name!r}, in package {distribution.package}. Next:")
    echo(f"  pip install -e {shlex.quote(f'{installed}[test]')}")
    echo(f"  pytest {quoted}")
    echo(f"  specframe plugins check {distribution.reference}")
    return 0
