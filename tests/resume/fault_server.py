"""Run as a program: runs commands of specframe in forked processes that end where they are told to.

A request is a line of JSON: ``argv`` (what follows ``specframe``), ``out`` (the folder that is watched), ``at`` (the
process kills itself with SIGKILL just before its write of this number in there; 0: never), ``limit`` (bytes beyond
which no file may grow; 0: none) and ``said`` (a file for what is printed). The answer is a line:
``status`` as a shell has it, and ``points``, a list of the writes that were made.

A write point is each opening of a file to write, each sync to disk, rename and removal, and each folder made or
removed. What is imported and compiled is so only once, so that a run takes a fraction of its time from a shell.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

_WRITES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"}
_WRITING = os.O_WRONLY | os.O_RDWR


def main() -> None:
    """Answer requests until there are no more.

    The first argument is the command that is run once before, in here, the second a file for what it says; with a
    third one figures are made but not rendered, which takes half of the time of a small run.
    """
    from specframe.cli import main as specframe  # whoever imports this program wants none of it

    if len(sys.argv) > 3:
        from matplotlib.figure import Figure

        Figure.savefig = lambda _, target, **options: target.write(b"pixels")
    if _run(specframe, json.loads(sys.argv[1]), sys.argv[2]):
        sys.exit(Path(sys.argv[2]).read_text())
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps(_forked(specframe, json.loads(line))), flush=True)


def _run(specframe: Any, argv: list[str], said: str) -> int:
    """Run a command of specframe in this process."""
    with Path(said).open("a") as stream:
        sys.stdout = sys.stderr = stream
        try:
            specframe(argv)
        except SystemExit as end:
            return int(end.code or 0)
        finally:
            sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    return 0


def _forked(specframe: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Run a command in a process of its own."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        counted: list[str] = []
        _count(request["out"], request["at"], counted)
        if request["limit"]:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (request["limit"], request["limit"]))
        status = 70
        try:
            status = _run(specframe, request["argv"], request["said"])
        finally:
            with os.fdopen(write, "w") as pipe:
                pipe.write(json.dumps(counted))
            os._exit(status)
    os.close(write)
    with os.fdopen(read) as pipe:
        points = json.loads(pipe.read() or "[]")
    _, ended = os.waitpid(child, 0)
    return {"status": os.waitstatus_to_exitcode(ended), "points": points}


def _count(out: str, at: int, counted: list[str]) -> None:
    """Count writes below ``out``, and end the process just before number ``at``."""
    root = os.path.realpath(out)

    def absolute(path: Any) -> str:
        return os.path.normpath(Path(os.fsdecode(path)).absolute())

    def inside(path: Any) -> bool:
        return isinstance(path, str | bytes | os.PathLike) and Path(absolute(path)).is_relative_to(root)

    def point(what: str, path: Any) -> None:
        counted.append(f"{what} {os.path.relpath(absolute(path), root)}")
        if len(counted) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = set(mode or "") & set("wax+") if mode is not None else (flags or 0) & _WRITING
            if writes and inside(path):
                point("open", path)
        elif event in _WRITES and (inside(arguments[0]) or (event in ("os.remove", "os.rmdir") and arguments[1] != -1)):
            point(event, arguments[0])

    def fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if inside(path):
            point("fsync", path)
        synchronise(descriptor)

    synchronise, os.fsync = os.fsync, fsync
    sys.addaudithook(watch)


if __name__ == "__main__":
    main()
