"""Commands as somebody can paste them: pip of the Python that runs, and quoted where the shell needs it."""

from __future__ import annotations

import shlex
import sys

__all__ = ["pip"]


def pip(*arguments: str) -> str:
    """Return a command of the pip that belongs to this Python: a bare ``pip`` may be that of another one."""
    return shlex.join([sys.executable or "python", "-m", "pip", *arguments])
