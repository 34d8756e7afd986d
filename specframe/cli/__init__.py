"""The command ``specframe``; each command is a module of its own, imported when it is called."""

from __future__ import annotations

from specframe.cli.entry import main

__all__ = ["main"]
