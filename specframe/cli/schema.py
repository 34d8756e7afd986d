"""``specframe schema``."""

from __future__ import annotations

import click

from specframe.cli.command import Command

__all__ = ["command"]


@click.command(
    "schema",
    cls=Command,
    examples=(("specframe schema > specframe.schema.json", "for an editor that completes pipeline files"),),
    see=("check", "plugins show"),
)
def command() -> int:
    """Print the JSON schema of pipeline files, built from the components that are installed."""
    import json

    from specframe.config import json_schema
    from specframe.registry import Registry

    click.echo(json.dumps(json_schema(Registry.discover()), indent=2, ensure_ascii=False))
    return 0
