"""A worker that does what its tasks say: other processes import it."""

from __future__ import annotations

import logging
import os
import signal
import time
from pathlib import Path

from specframe.errors import RunError
from specframe.executors.telling import tell


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
        if what == "tell":
            tell(f"told {value}")
            return "told"
        raise RunError(f"cannot {what}")
