"""Run as a program: gives mutants to loaders and says, a line of JSON each, what came of it.

``worker.py SEED AT_MOST FIRST [BASE ...]``: the mutants from number FIRST on, at most so many of each base. Whoever
started it starts it again after the mutant that ended it, if one does.
"""

from __future__ import annotations

import faulthandler
import hashlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from bases import bases
from corpus import mutants

from specframe.api import validate_labels, validate_observation
from specframe.api.schema import breaks_lines
from specframe.errors import SpecframeError

#: Seconds and bytes above the start that a mutant may take, and bytes at which it is stopped.
HANGS, MEMORY, LIMIT = 20, 500 * 2**20, 1500 * 2**20
#: Targets that are loaded.
MOST = 3


def main(seed: int, at_most: int, first: int, chosen: list[str]) -> None:
    """Try all mutants from ``first`` on."""
    warnings.simplefilter("error")
    number = 0
    for name, (cls, example) in bases().items():
        if chosen and name not in chosen:
            continue
        with tempfile.TemporaryDirectory(prefix="bad-input-") as made:
            original = Path(made).resolve() / "folder"
            original.mkdir()
            params = example(original)["params"]
            if not any(original.iterdir()):
                continue  # a simulator reads no files
            rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
            drawn = mutants(original, rng, at_most)
            sound = None
            for mutant in drawn:
                number += 1
                if number <= first:
                    continue
                if sound is None:
                    sound = _tried(cls, params, original)
                    _say(number=0, base=name, mutant="none", **sound)
                place = Path(made).resolve() / "mutant"
                shutil.copytree(original, place)
                # the parameters name the folder
                moved = json.loads(json.dumps(params).replace(str(original), str(place)))
                _say(number=number, base=name, mutant=mutant.name, outcome="began")
                mutant.apply(place)
                found = _tried(cls, moved, place)
                if mutant.only_cut:
                    other = {t for t, state in found["loaded"].items() if state != sound["loaded"].get(t)}
                    if other:
                        found |= {"outcome": "failed", "why": f"cut off, it loads {sorted(other)} with other values"}
                _say(number=number, base=name, mutant=mutant.name, **found)
                shutil.rmtree(place)


def _say(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _tried(cls: type, params: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return what came of it: ``loaded``, ``refused`` or ``failed`` and why."""
    loaded: dict[str, str] = {}
    refused: list[str] = []
    wrong: list[str] = []

    def ask(what: str, call: Any) -> Any:
        try:
            return call()
        except SpecframeError as error:
            text = str(error)
            refused.append(f"{what}: {text}")
            if folder.name not in text and "target" not in text:
                wrong.append(f"{what}: {type(error).__name__} names no file: {text[:300]}")
        except _Hang:
            raise
        except BaseException as error:  # that is what is looked for
            frames = traceback.extract_tb(error.__traceback__)
            own = [f for f in frames if "specframe" in f.filename and "robustness" not in f.filename]
            where = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
            last = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"
            wrong.append(f"{what}: {type(error).__name__} at {where} ({last}): {str(error)[:300]}")
        return None

    def load(loader: Any, target: str) -> str:
        observation = loader.load(target)
        for node in observation.subtree:
            for variable in node.variables.values():
                if not isinstance(variable._data, np.ndarray) and hasattr(variable._data, "time_series"):
                    variable._data.time_series()
        try:
            validate_observation(observation, cls.name)
        except SpecframeError as error:
            # names that a run refuses, whatever the loader; files give them to instruments
            named = breaks_lines(target) or any(map(breaks_lines, observation.groups))
            (refused if named else wrong).append(f"load({target!r}) is not valid: {error}")
            return ""
        return _digest(observation)

    before = _peak(reset=True)
    limits = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (_status("VmData") + LIMIT, limits[1]))
    signal.signal(signal.SIGALRM, _hang)
    signal.alarm(HANGS)
    faulthandler.dump_traceback_later(2 * HANGS, exit=True)  # where no signal gets through
    began = time.perf_counter()
    try:
        loader = ask("the loader", lambda: cls(**params))
        if loader is not None:
            targets = ask("targets()", loader.targets)
            if targets is not None:
                if not all(isinstance(t, str) and t for t in targets) or len(set(targets)) < len(targets):
                    wrong.append(f"targets() gives {targets!r}"[:300])
                for target in targets[:MOST]:
                    ask(f"files({target!r})", lambda t=target: loader.files(t))
                    state = ask(f"load({target!r})", lambda t=target: load(loader, t))
                    if state is not None:
                        loaded[target] = state
                labels = ask("labels()", loader.labels)
                if labels is not None:
                    ask("labels() are valid", lambda: validate_labels(labels, cls.name))
                ask("catalogue()", loader.catalogue)
            ask("load of what leads out", lambda: _absent(loader))
    except _Hang:
        wrong.append(f"takes more than {HANGS} s")
    finally:
        signal.alarm(0)
        faulthandler.cancel_dump_traceback_later()
        resource.setrlimit(resource.RLIMIT_DATA, limits)
    grown = _peak() - before
    if grown > MEMORY:
        wrong.append(f"takes {grown / 2**20:.0f} MiB of memory")
    outcome = "failed" if wrong else "refused" if refused else "loaded"
    seconds = round(time.perf_counter() - began, 3)
    said = (wrong or refused or [""])[0]
    return {"outcome": outcome, "why": said, "loaded": loaded, "seconds": seconds, "grown": grown >> 20}


def _absent(loader: Any) -> None:
    known = loader.targets()
    for name in ("../mutant", "/etc", "a/../../x", "\0", "", ".", "x" * 5000):
        if name not in known:
            try:
                loader.load(name)
            except SpecframeError:
                continue
            raise AssertionError(f"load({name!r}) does not refuse a target that is not there")


def _digest(observation: Any) -> str:
    state = hashlib.sha256()
    for node in observation.subtree:
        for name, variable in node.variables.items():
            data = variable._data
            if isinstance(data, np.ndarray):
                state.update(f"{node.path} {name} {variable.dims} {variable.shape}".encode() + data.tobytes())
    return state.hexdigest()


class _Hang(BaseException):
    pass


def _hang(*_: object) -> None:
    raise _Hang


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:"))


def _peak(reset: bool = False) -> int:
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    return _status("VmHWM")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
    os._exit(0)
