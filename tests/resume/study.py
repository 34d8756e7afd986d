"""A pipeline that stores everything a run can store, the servers that run it, and what two of its folders differ in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
TOY = _HERE.parent / "pipeline" / "toy.py"
_PIPELINE = """
specframe: 1
description: {description}
seed: 11
steps:
  - id: data
    load: toy
    with: {{n_targets: {targets}}}
  - id: first
    detrend: halves
    with: {{calls: {calls}}}
  - id: second
    detrend: halves
    with: {{scale: {scale}}}
  - id: fit
    model: ridge
  - id: net
    model: mlp
    from: fit
    learns: residual
    with:
      inputs: [depth]
      training: {{epochs: {epochs}, patience: {epochs}, checkpoint_every: 0}}
  - id: members
    uncertainty: ensemble
    with: {{members: 2}}
evaluate:
  cross_validation: {{folds: 2}}
  inner_folds: 2
  scores: [rmse-ppm, coverage]
export:
  - chromatic-light-curves
"""
#: What tells of time in a report: when, and how long phases took.
_OF_TIME = (
    rb"\d{4}-\d\d-\d\d \d\d:\d\d UTC",
    rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00",
    rb"<tr>[^\n]*<svg class=\"share\"[^\n]*</tr>",
    rb"<p[^>]*>[^<]*taken from the store[^<]*</p>",
)
#: What may not be there when a run is complete.
LEFTOVERS = (".writing", ".complete", ".replaced.json", "failed.json", "stages/checkpoints")


class Study:
    """A pipeline file, and the command that runs it.

    Parameters
    ----------
    folder
        For the pipeline, its list of calls and its output.
    scale
        A parameter of the second step: another one makes everything from there on anew.
    """

    def __init__(self, folder: Path, name: str, scale: float = 1.0, targets: int = 12, epochs: int = 3) -> None:
        self.folder = folder
        self.name = name
        self.calls = folder / "calls"
        self.pipeline = folder / f"{name}.yaml"
        text = _PIPELINE.format(description=name, targets=targets, calls=self.calls, scale=scale, epochs=epochs)
        self.pipeline.write_text(text)

    def argv(self, out: Path, *options: str) -> list[str]:
        """Return the arguments of ``specframe`` that run it."""
        return ["run", str(self.pipeline), "--plugin", str(TOY), "--out", str(out), "--quiet", *options]

    def command(self, out: Path, *options: str) -> list[str]:
        """Return the whole command."""
        return [sys.executable, "-m", "specframe", *self.argv(out, *options)]


class FaultServer:
    """Runs commands that end where they are told to; see ``fault_server.py``."""

    def __init__(self, warm_up: list[str], said: Path, rendered: bool = True) -> None:
        self.said = said
        command = [sys.executable, str(_HERE / "fault_server.py"), json.dumps(warm_up), str(said)]
        command += [] if rendered else ["--not-rendered"]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        self._answer()

    def run(self, argv: list[str], out: Path, at: int = 0, limit: int = 0) -> dict[str, Any]:
        """Run a command; return its exit ``status``, the ``points`` it wrote at, and what it ``said``."""
        self.said.write_text("")
        request = {"argv": argv, "out": str(out), "at": at, "limit": limit, "said": str(self.said)}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return {**self._answer(), "said": self.said.read_text()}

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def contents(out: Path) -> dict[str, str]:
    """Return a digest of every file that a run leaves, what tells of time left out.

    Left out are ``log.jsonl``; in ``manifest.json`` the times, durations, the id of the run, what was reused, and the
    hash of the report; in ``report.html`` times and durations.
    """
    found = {}
    for file in sorted(out.rglob("*")):
        name = file.relative_to(out).as_posix()
        if not file.is_file() or name in ("log.jsonl", ".lock"):
            continue
        content = file.read_bytes()
        if name == "manifest.json":
            manifest = json.loads(content)
            for key in ("started", "finished", "timings", "run", "argv"):
                manifest.pop(key, None)
            manifest["outputs"].pop("report.html")
            content = json.dumps(manifest, sort_keys=True).encode()
        elif name == "report.html":
            for what in _OF_TIME:
                content = re.sub(what, b"", content)
        found[name] = sha256(content).hexdigest()
    return found


def differences(out: Path, reference: dict[str, str]) -> list[str]:
    """Return in what a folder is not as the unbroken run left it."""
    found = contents(out)
    wrong = [f"{name} is missing" for name in sorted(reference.keys() - found.keys())]
    wrong += [f"{name} is left over" for name in sorted(found.keys() - reference.keys())]
    wrong += [f"{name} differs" for name in sorted(found.keys() & reference.keys()) if found[name] != reference[name]]
    wrong += [f"{name} is left over" for name in LEFTOVERS if (out / name).exists()]
    for number, line in enumerate((out / "log.jsonl").read_text().splitlines(), 1):
        try:
            json.loads(line)
        except ValueError:
            wrong.append(f"line {number} of log.jsonl is torn")
    return wrong


def intact(out: Path) -> list[str]:
    """Return what is wrong with the results in a folder: where a manifest stands, they are complete and its own."""
    if not (out / "manifest.json").is_file():
        return []
    listed = json.loads((out / "manifest.json").read_text())["outputs"]
    return [
        f"{name} is not what the manifest says"
        for name, digest in listed.items()
        if not (out / name).is_file() or sha256((out / name).read_bytes()).hexdigest() != digest
    ]


def finished_steps(out: Path, reference: dict[str, str]) -> dict[str, set[str]]:
    """Return what is stored by step of what the unbroken run stores: names of targets or folds."""
    found: dict[str, set[str]] = {}
    for file in (out / "stages").glob("*/*.nc"):
        if file.relative_to(out).as_posix() in reference:
            found.setdefault(file.parent.name, set()).add(file.name.rpartition("-")[0])
    if any(file.relative_to(out).as_posix() in reference for file in (out / "stages").glob("fit/*/complete")):
        found["fit"] = {"final"}
    return found


def recomputed(before: dict[str, set[str]], calls: str, log: str) -> list[str]:
    """Return what a run did again although it was stored before, by its calls of the first step and its log."""
    wrong = [f"target {t} was measured again" for t in calls.split() if t in before.get("first", set())]
    for line in log.splitlines():
        entry = json.loads(line)
        if entry["event"] == "target" and entry["status"] == "done" and entry["target"] in before.get("second", set()):
            wrong.append(f"target {entry['target']} was worked on again")
        trained = re.match(r"net \((fold (\d+)|final)", entry.get("text", "")) if entry["event"] == "progress" else None
        if trained:
            fold = f"fold-{trained[2]}" if trained[2] else "final"
            if fold in before.get("fit" if fold == "final" else "cross-validation", set()):
                wrong.append(f"{fold} was trained again")
    return wrong
