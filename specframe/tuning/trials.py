"""Trials of a search, and the journal that keeps them.

The journal is a text file with a JSON object in each line. A line is on the disk before what it tells of goes on, and a
line that was cut short when the machine stopped is dropped: whatever is interrupted, no finished trial is lost or run
again, and one that was begun is run again with the values that it had.
"""

from __future__ import annotations

import errno
import json
import os
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from specframe.errors import InputFileError, RunError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["MOST_STARTS", "Journal", "State", "Trial", "spelled_values"]

State = Literal["begun", "complete", "pruned", "failed"]

#: A trial that was begun so often and never ended, nor was interrupted on purpose, takes the process with it.
MOST_STARTS = 3


@dataclass(frozen=True)
class Trial:
    """One combination of values, and what came of it."""

    number: int
    #: By key, as ``--set`` takes it.
    values: dict[str, Any]
    state: State = "begun"
    #: Of a pruned trial that of the folds it got to.
    score: float | None = None
    #: Confidence interval of the score.
    interval: tuple[float, float] | None = None
    #: Score of the targets of the first fold, of the first two, and so on, where there is a pruner.
    folds: tuple[float | None, ...] = ()
    #: Time of the fits alone.
    seconds: float = 0.0
    #: Why it failed.
    reason: str = ""
    #: The earlier trial with the same values, whose result it has.
    same_as: int | None = None
    #: How often it was begun.
    starts: int = 1
    #: What the sampler and the pruner note about it.
    notes: dict[str, Any] = field(default_factory=dict)


def spelled_values(values: Mapping[str, Any]) -> str:
    """Return a text that is the same for the same values."""
    return json.dumps(values, sort_keys=True)


class Journal:
    """The file that keeps the trials.

    Raises
    ------
    InputFileError
        When ``path`` is no journal.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        #: What the search depends on, as it was when it began; empty for a new one.
        self.identity: dict[str, str] = {}
        #: By number.
        self.trials: dict[int, Trial] = {}
        if path.is_file():
            self._read()

    def begin(self, identity: Mapping[str, str]) -> None:
        """Note what a new search depends on."""
        self.identity = dict(identity)
        self._append({"event": "search", "identity": self.identity})

    def begun(self, trial: Trial) -> None:
        """Note that a trial is about to run."""
        self.trials[trial.number] = trial
        self._append({"event": "begun", "trial": trial.number, "values": trial.values})

    def ended(self, trial: Trial) -> None:
        """Note what came of a trial."""
        self.trials[trial.number] = trial
        self._append({"event": "ended", **asdict(trial)})

    def interrupted(self) -> None:
        """Note that the trials that are running are not to blame for being broken off."""
        self._append({"event": "interrupted"})

    def _append(self, entry: Mapping[str, Any]) -> None:
        line = json.dumps(entry, allow_nan=False).encode() + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab", buffering=0) as file:
                size = file.seek(0, os.SEEK_END)
                try:
                    if file.write(line) != len(line):
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                    os.fsync(file.fileno())
                except OSError:
                    file.truncate(size)  # another line may follow, and half a line before it would spoil the journal
                    raise
        except OSError as error:
            raise RunError(f"cannot write {self.path}: {error.strerror or error}") from error

    def _read(self) -> None:
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:  # the machine stopped while the line was written
            with self.path.open("r+b") as file:
                file.truncate(len(whole))
        try:
            for line in whole.splitlines():
                self._take(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            message = f"is no journal of a search ({error}); begin it anew with --fresh"
            raise InputFileError(self.path, message) from None

    def _take(self, entry: dict[str, Any]) -> None:
        event = entry.pop("event")
        if event == "search":
            self.identity = entry["identity"]
        elif event == "begun":
            number = entry["trial"]
            starts = self.trials[number].starts + 1 if number in self.trials else 1
            self.trials[number] = Trial(number, entry["values"], starts=starts)
        elif event == "ended":
            interval = entry.pop("interval")
            folds = tuple(entry.pop("folds"))
            trial = Trial(**entry, interval=None if interval is None else (interval[0], interval[1]), folds=folds)
            self.trials[trial.number] = trial
        elif event == "interrupted":
            for number, trial in self.trials.items():
                if trial.state == "begun":
                    self.trials[number] = replace(trial, starts=0)
