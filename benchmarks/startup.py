"""Time of the commands that only look: medians of whole processes, run in turn.

Run: ``python benchmarks/startup.py``. The aim is 0.5 s each; the bare interpreter is shown beside them.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

REPETITIONS = 9
SPECFRAME = [sys.executable, "-m", "specframe"]
QUICKSTART = str(Path(__file__).parents[1] / "configs" / "quickstart.yaml")
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "specframe --help": [*SPECFRAME, "--help"],
    "specframe plugins list": [*SPECFRAME, "plugins", "list"],
    "specframe check configs/quickstart.yaml": [*SPECFRAME, "check", QUICKSTART],
}


def main() -> None:
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(REPETITIONS):
        for name, command in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - start)
    bare = statistics.median(seconds["python -c pass"])
    print(f"{'command':42} {'median':>8} {'worst':>8} {'ratio':>7}")
    for name, times in seconds.items():
        median = statistics.median(times)
        print(f"{name:42} {median:7.3f}s {max(times):7.3f}s {median / bare:6.1f}x")


if __name__ == "__main__":
    main()
