"""Damaged and malicious inputs through every loader: how many are refused, how many load, and that no more happens.

Each mutant of a sound input (tests/robustness/) must be refused with an error of specframe's that names the file or the
target, or load as a valid Observation: no other exception, no warning, at most 20 s and 500 MiB. ::

    python benchmarks/bad_input.py --each 400 --seed 1
    python benchmarks/bad_input.py --base table --base "table csv"
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

_WORKER = Path(__file__).resolve().parents[1] / "tests" / "robustness" / "worker.py"


def campaign(seed: int, each: int, chosen: list[str]) -> list[dict[str, Any]]:
    """Return what came of each mutant; one that ends the process has failed, and the others go on."""
    found: list[dict[str, Any]] = []
    first = 0
    while True:
        command = [sys.executable, str(_WORKER), str(seed), str(each), str(first), *chosen]
        last: dict[str, Any] = {}
        with tempfile.TemporaryFile("w+") as said_in:
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said_in, text=True) as process:
                assert process.stdout is not None
                for line in process.stdout:
                    last = json.loads(line)
                    if last["outcome"] != "began":
                        found.append(last)
            code = process.returncode
            said_in.seek(0)
            said = said_in.read().strip().splitlines()
        if code == 0:
            return found
        if last.get("outcome") != "began":
            raise RuntimeError(f"the worker ended with {code}: {' '.join(said[-3:])}")
        why = f"ended the process ({code}): {' '.join(said[-3:])[:300]}"
        found.append({**last, "outcome": "failed", "why": why, "seconds": 0.0, "grown": 0})
        first = last["number"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--each", type=int, default=400, help="mutants of each input, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--base", action="append", default=[], help="only this input; may be repeated")
    chosen = parser.parse_args()
    found = campaign(chosen.seed, chosen.each, chosen.base)
    for base in dict.fromkeys(one["base"] for one in found):
        of_base = [one for one in found if one["base"] == base and one["number"]]
        count = Counter(one["outcome"] for one in of_base)
        print(
            f"{base:24s} {len(of_base):5d} tried {count['refused']:5d} refused {count['loaded']:5d} loaded "
            f"{count['failed']:4d} failed; at most {max(one['seconds'] for one in of_base):5.1f} s, "
            f"{max(one['grown'] for one in of_base):4d} MiB"
        )
    failed = [one for one in found if one["outcome"] == "failed"]
    for one in failed:
        print(f"FAILED {one['base']} | {one['mutant']} | {one['why']}")
    total = Counter(one["outcome"] for one in found if one["number"])
    print(f"all: {total.total()} tried, {total['refused']} refused, {total['loaded']} loaded, {total['failed']} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
