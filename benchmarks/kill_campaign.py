"""Runs that are killed, whose disk is full or read-only, or that meet another run in their folder: what is lost.

Every fault is followed by the same command again, and what that leaves is compared with an unbroken run to the last
bit (``tests/resume/study.py`` says what is compared). A fault is survived when nothing differs, nothing finished was
computed again, nothing is left over, and results of an earlier run were whole or replaced at each moment. ::

    python benchmarks/kill_campaign.py --kills 60 --seed 1
    python benchmarks/kill_campaign.py --only points --each 2
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "resume"))
from study import FaultServer, Study, contents, differences, finished_steps, intact, recomputed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Sizes in KiB of the disks that are too small.
_DISKS = (40, 160, 320, 640, 1300, 2000, 2600, 3200, 4000, 4600, 5200, 5800, 6400)


class Campaign:
    """Faults, and what became of each.

    Parameters
    ----------
    folder
        Where runs work; a file system in memory spares the disk.
    seed
        Decides when runs are killed.
    rendered
        Whether figures are drawn: without, a small run takes half of the time.
    """

    def __init__(self, folder: Path, seed: int, rendered: bool = True) -> None:
        self.folder = folder
        self.random = random.Random(seed)
        self.old, self.new = folder / "older", folder / "unbroken"
        self.study = Study(folder, "study")
        self.server = FaultServer(self.study.argv(self.new), folder / "said", rendered)
        self.reference = contents(self.new)
        older = Study(folder, "older", scale=2.0)
        answer = self.server.run(older.argv(self.old), self.old)
        if answer["status"] != 0:
            raise RuntimeError(answer["said"])
        self.found: list[tuple[str, list[str]]] = []

    def points(self, each: int) -> None:
        """Kill runs just before a write, of every sort of write that a run over earlier results makes."""
        out = self._fresh("points", over_older=True)
        answer = self.server.run(self.study.argv(out), out)
        self._note("kill just before a write", [*differences(out, self.reference), *_failed(answer)])
        sorts: dict[str, list[int]] = {}
        for number, point in enumerate(answer["points"], 1):
            sorts.setdefault(sort_of(point), []).append(number)
        for sort, numbers in sorts.items():
            for at in self.random.sample(numbers, min(each, len(numbers))):
                print(f"  {sort} (write {at})", flush=True)
                self.at_point(at, over_older=True)

    def at_point(self, at: int, over_older: bool) -> None:
        """Kill a run just before a write and run it again."""
        out = self._fresh(f"point-{at}", over_older)
        killed = self.server.run(self.study.argv(out), out, at=at)
        wrong = [] if killed["status"] == -signal.SIGKILL else [f"it was not killed: {killed['status']}"]
        wrong += intact(out)
        self._again(out, wrong, lambda: self.server.run(self.study.argv(out), out))
        self._note("kill just before a write", wrong)
        shutil.rmtree(out)

    def kills(self, count: int, executor: str, workers: int) -> None:
        """Kill whole process groups at random moments, some runs several times before they may end."""
        options = () if executor == "serial" else ("--executor", executor, "--workers", str(workers))
        begin = time.perf_counter()
        out = self._fresh("unbroken-too", over_older=False)
        _run(self.study.command(out, *options))
        whole = time.perf_counter() - begin
        self._note(f"kill at random, {executor}", differences(out, self.reference))
        shutil.rmtree(out)
        done = 0
        while done < count:
            out = self._fresh("random", over_older=self.random.random() < 0.5)
            wrong: list[str] = []
            ended = 0
            often = min(self.random.choice((1, 2, 3)), count - done)
            for _ in range(often):
                before, length = finished_steps(out, self.reference), _length(out)
                self.study.calls.unlink(missing_ok=True)
                moment = self.random.uniform(0.0, whole)
                killed = _killed_after(self.study.command(out, *options), moment, alone=self.random.random() < 0.3)
                done, ended = done + killed, ended + killed
                wrong += [*intact(out), *self._repeated(out, before, length)]
                how = f"{executor}: {'killed' if killed else 'had ended'} at {moment:.1f} of {whole:.1f} s"
                print(
                    f"  {executor}: {how} at {moment:.1f} of {whole:.1f} s, {_where(out, self.reference)}", flush=True
                )
            self._again(out, wrong, lambda: _run(self.study.command(out, *options), check=False))  # noqa: B023 - at once
            self._note(f"kill at random, {executor}", wrong, max(ended, bool(wrong)))
            shutil.rmtree(out)

    def full_disks(self) -> None:
        """Run on disks that are too small, then give them room; needs the right to mount."""
        for size in _DISKS:
            for over_older in (False, True):
                with _mounted(self.folder / "disk", f"size={size}k") as disk:
                    out = disk / "out"
                    if over_older:
                        try:
                            shutil.copytree(self.old, out)
                        except (OSError, shutil.Error):
                            continue
                    before = _outputs(out)
                    answer = self.server.run(self.study.argv(out), out)
                    wrong = intact(out)
                    if answer["status"] == 0:
                        continue
                    if answer["status"] != 1 or "No space left on device" not in answer["said"]:
                        wrong += [f"status {answer['status']}: {answer['said']}"]
                    if "Make room" not in answer["said"]:
                        wrong.append(f"it is not said what to do: {answer['said']}")
                    if over_older and _outputs(out) != before:
                        wrong.append("the results of the earlier run are not what they were")
                    _mount("remount,size=64m", disk)
                    self._again(out, wrong, lambda: self.server.run(self.study.argv(out), out))  # noqa: B023
                    self._note("full disk", wrong)
                    print(f"  {size} KiB: {answer['said'].strip()[-230:]}", flush=True)

    def read_only(self) -> None:
        """Run in a folder that is read-only from the beginning or becomes it; needs the right to mount."""
        with _mounted(self.folder / "disk", "size=64m") as disk:
            for over_older in (False, True):
                out = disk / f"out-{over_older}"
                if over_older:
                    shutil.copytree(self.old, out)
                before = _outputs(out)
                _mount("remount,ro", disk)
                answer = self.server.run(self.study.argv(out), out)
                wrong = [] if answer["status"] == 2 and "Read-only" in answer["said"] else [str(answer)]
                _mount("remount,rw", disk)
                if _outputs(out) != before:
                    wrong.append("the results of the earlier run are not what they were")
                self._again(out, wrong, lambda: self.server.run(self.study.argv(out), out))  # noqa: B023 - at once
                self._note("read-only folder", wrong)
                print(f"  {answer['said'].strip()}", flush=True)

    def together(self, pairs: int) -> None:
        """Start two commands in one folder at about the same time."""
        predict = [sys.executable, "-m", "specframe", "predict", "{out}", "--data", "{out}/../labels.txt"]
        (self.folder / "labels.txt").write_text("0.0035\n0.0072\n")
        for number in range(pairs):
            over_older = number % 2 == 1
            out = self._fresh("together", over_older)
            first = self.study.command(out)
            plugin = first[first.index("--plugin") + 1]
            read = [part.format(out=out) for part in predict] + ["--plugin", plugin]
            report = [sys.executable, "-m", "specframe", "report", str(out)]
            second = [first, read, report][number % 3] if over_older else first
            processes = [_start(first)]
            time.sleep(self.random.uniform(0.0, 1.0 if second is first else 4.0))
            processes.append(_start(second))
            said = [process.communicate()[0] for process in processes]
            status = [process.returncode for process in processes]
            wrong = intact(out)
            for code, text in zip(status, said, strict=True):
                if code not in (0, 1, 2) or "bug" in text or "Traceback" in text:
                    wrong.append(f"status {code}: {text}")
                if code and "another specframe" not in text and "no complete run here" not in text:
                    wrong.append(f"status {code} for another reason: {text}")
            if second is first and sorted(status) != [0, 2]:
                wrong.append(f"of two runs one should win: {status}")
            shutil.rmtree(out / "predictions", ignore_errors=True)
            self._again(out, wrong, lambda: self.server.run(self.study.argv(out), out))  # noqa: B023 - at once
            self._note("two commands in one folder", wrong)
            print(f"  {second[3]}: {status} {said[status.index(max(status))].strip()[-150:]}", flush=True)
            shutil.rmtree(out)

    def table(self) -> str:
        """Return what was survived and what lost, as a table."""
        injected = Counter(fault for fault, _ in self.found)
        lost = Counter(fault for fault, wrong in self.found if wrong)
        rows = [f"| {fault} | {n} | {n - lost[fault]} | {lost[fault]} |" for fault, n in injected.items()]
        return "\n".join(["| fault | injected | survived | lost |", "|---|---|---|---|", *rows])

    def _fresh(self, name: str, over_older: bool) -> Path:
        """Return a folder for a run: none yet, or one with complete results of other parameters."""
        out = self.folder / name
        shutil.rmtree(out, ignore_errors=True)
        if over_older:
            shutil.copytree(self.old, out)
        self.study.calls.unlink(missing_ok=True)
        return out

    def _again(self, out: Path, wrong: list[str], run: Callable[[], Any]) -> None:
        """Run the same command again and add what is wrong with what it did and left."""
        before, length = finished_steps(out, self.reference), _length(out)
        self.study.calls.unlink(missing_ok=True)
        answer = run()
        wrong += _failed(answer)
        wrong += [*self._repeated(out, before, length), *differences(out, self.reference)]

    def _repeated(self, out: Path, before: dict[str, set[str]], length: int) -> list[str]:
        calls = self.study.calls.read_text() if self.study.calls.is_file() else ""
        log = (out / "log.jsonl").read_text()[length:] if (out / "log.jsonl").is_file() else ""
        return recomputed(before, calls, log)

    def _note(self, fault: str, wrong: list[str], times: int = 1) -> None:
        self.found += [(fault, wrong)] * times
        for line in wrong[:5]:
            print(f"LOST ({fault}): {line}", flush=True)


def sort_of(point: str) -> str:
    """Return the sort of a write: what is done, and to files of which folder."""
    event, _, name = point.partition(" ")
    parts = [re.sub(r"[0-9a-f]{8,}|\d+", "#", part) for part in name.split("/")]
    if ".." in parts:
        return f"{event} below"
    kept = parts if len(parts) == 1 else [*parts[:2], "..."] if len(parts) > 2 else [parts[0], "..."]
    return f"{event} {'/'.join(kept)}"


def _failed(answer: Any) -> list[str]:
    return [] if answer["status"] == 0 else [f"the run again ended with {answer['status']}: {answer['said']}"]


def _length(out: Path) -> int:
    return len((out / "log.jsonl").read_text()) if (out / "log.jsonl").is_file() else 0


def _where(out: Path, reference: dict[str, str]) -> str:
    """Return how far a run got."""
    stored = {step: len(names) for step, names in finished_steps(out, reference).items()}
    return f"stored {stored}, " + ("results" if (out / "manifest.json").is_file() else "no results")


def _outputs(out: Path) -> dict[str, str]:
    found = contents(out) if out.is_dir() else {}
    return {name: digest for name, digest in found.items() if not name.startswith(("stages/", "failed.json"))}


def _run(command: list[str], check: bool = True) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise RuntimeError(done.stderr)
    return {"status": done.returncode, "said": done.stderr}


def _start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _killed_after(command: list[str], seconds: float, alone: bool) -> bool:
    """Start a command and kill it and all its processes (``alone``: it only) unless it ends before; tell whether."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        process.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL) if alone else os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True


def _mount(options: str, place: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(place)], check=True, capture_output=True)


@contextmanager
def _mounted(place: Path, options: str) -> Iterator[Path]:
    place.mkdir(exist_ok=True)
    _mount(options, place)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=60, help="kills at random, for each executor")
    parser.add_argument("--each", type=int, default=2, help="kills before each sort of write, at most")
    parser.add_argument("--pairs", type=int, default=9, help="pairs of commands in one folder")
    parser.add_argument("--executor", action="append", default=[], help="serial and process by default")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path("/dev/shm"), help="where to work")
    parser.add_argument("--only", action="append", default=[], choices=["points", "kills", "disk", "together"])
    chosen = parser.parse_args()
    wanted = chosen.only or ["points", "kills", "disk", "together"]
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        campaign = Campaign(Path(folder), chosen.seed)
        if "points" in wanted:
            campaign.points(chosen.each)
        if "kills" in wanted:
            for executor in chosen.executor or ["serial", "process"]:
                campaign.kills(chosen.kills, executor, chosen.workers)
        if "disk" in wanted:
            campaign.full_disks()
            campaign.read_only()
        if "together" in wanted:
            campaign.together(chosen.pairs)
        campaign.server.close()
    print(campaign.table())


if __name__ == "__main__":
    main()
