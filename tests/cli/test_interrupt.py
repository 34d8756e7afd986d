"""An interrupt ends the work wherever it comes."""

from __future__ import annotations

import subprocess
import sys

import pytest

FORGOTTEN = """
import signal, time, weakref
from specframe.cli.interrupt import heed_interrupts

class Thing: pass

heed_interrupts()
heed_interrupts()  # as a process does that runs several commands
thing = Thing()
there = weakref.ref(thing, lambda _: signal.raise_signal(signal.{name}))
try:
    del thing
    time.sleep(20)
except KeyboardInterrupt as error:
    print("ended", error)
"""


@pytest.mark.parametrize(("name", "said"), [("SIGTERM", "ended SIGTERM"), ("SIGINT", "ended")])
def test_an_interrupt_while_an_object_is_forgotten_ends_the_work_too(name: str, said: str) -> None:
    script = FORGOTTEN.format(name=name)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=15, check=True)
    assert done.stdout.strip() == said
    assert done.stderr == ""
