"""A worker that does what its tasks say: other processes import it."""

from __future__ import annotations

import logging
import os
import signal
import time
from typing import TYPE_CHECKING

from specframe.errors import RunError
from specframe.executors.telling import tell

if TYPE_CHECKING:
    from pathlib import Path


class Doer:
    """Does tasks such as ``"square 3"``; the recipe is a folder for what it leaves behind."""

    def __init__(self, recipe: Path) -> None:
        self.recipe = recipe

    def process(self, task: str) -> str:
        what, _, value = task.partition(" ")
        if what == "square":
            return str(int(value) ** 2)
        if what == "slow":
            (self.recipe / "begun").touch()
            time.sleep(float(value))
            (self.recipe / "slept").touch()
            return "slept"
        if what == "pid":
            return str(os.getpid())
        if what == "threads":
            return os.environ["OMP_NUM_THREADS"]
        if what == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "die-once":
            mark = self.recipe / f"died-{value}"
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return "alive"
        if what == "say":
            logging.getLogger("doer").warning("said %s", value)
            return "said"
        if what == "say-and-fail":
            logging.getLogger("doer").warning("said %s", value)
            raise RunError(f"failed {value}")
        if what == "tell-much":
            for i in range(int(value)):
                tell(f"{i} {'.' * 400}")
            return "told"
        if what == "tell":
            tell(f"told {value}")
            return "told"
        if what == "tell-and-sleep":
            tell("now")
            time.sleep(float(value))
            (self.recipe / "slept").touch()
            return "slept"
        if what == "nap":
            time.sleep(0.2)
            return value
        if what == "alone":
            mark = self.recipe / "at-work"
            mark.mkdir()  # fails where another task of this process is at work
            time.sleep(0.05)
            mark.rmdir()
            return "alone"
        if what == "raise" and isinstance(self.recipe, Exception):
            raise self.recipe
        raise RunError(f"cannot {what}")


def said_versions(names: tuple[str, ...]) -> dict[str, str]:
    """Return the versions of things in this process: what the environment says."""
    return dict.fromkeys(names, os.environ.get("SAID_VERSION", "1.0"))
