"""The machine: processors and threads, memory, disk, folders that must be writable, locks, letters."""

from __future__ import annotations

import locale
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from specframe.diagnosis.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["examine_files", "examine_machine"]

#: Numbers of threads of libraries that compute, each with a variable of its own.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS")
_CGROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_GB = 1e9
#: Less is little: a run of the quickstart takes some 0.5 GB of memory, and stores 0.1 GB.
_MEMORY, _DISK = 2.0, 1.0


def examine_machine() -> Iterator[Finding]:
    """Look at processors, threads, memory and letters."""
    yield from _threads()
    yield from _memory()
    yield from _letters()


def examine_files() -> Iterator[Finding]:
    """Look at the folders that specframe and its libraries write to."""
    yield from _folder("files", Path.cwd(), "the working directory", "cd to a folder of your own, or use --out DIR")
    yield from _folder("files", Path(tempfile.gettempdir()), "the folder for temporary files", "export TMPDIR=DIR")
    for name, what, used in (
        ("MPLCONFIGDIR", "matplotlib's folder", Path.home() / ".cache" / "matplotlib"),
        ("NUMBA_CACHE_DIR", "numba's cache", None),
    ):
        stated = os.environ.get(name)
        folder = Path(stated) if stated else used
        if folder is not None:
            yield from _folder(
                "files", _existing(folder), what, f"export {name}=DIR of a folder that can be written to"
            )
    backend = os.environ.get("MPLBACKEND", "")
    if backend and backend.lower() not in ("agg", "pdf", "svg", "ps", "cairo"):
        yield Finding(
            "files",
            "warning",
            f"MPLBACKEND={backend} may need a screen; specframe draws into files",
            "unset MPLBACKEND",
        )


def _threads() -> Iterator[Finding]:
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    stated = {name: os.environ[name] for name in _THREADS if os.environ.get(name)}
    if "," in stated.get("OMP_NUM_THREADS", ""):  # OpenMP takes a number for each level of nesting
        stated["OMP_NUM_THREADS"] = stated["OMP_NUM_THREADS"].split(",")[0].strip()
    told = ", ".join(f"{name}={value}" for name, value in stated.items()) or "no limit on threads is set"
    wrong = [name for name, value in stated.items() if not value.isdigit() or int(value) < 1]
    many = [name for name, value in stated.items() if value.isdigit() and int(value) > cores]
    if wrong:
        yield Finding(
            "machine",
            "problem",
            f"{', '.join(f'{name}={stated[name]}' for name in wrong)}: expected a whole number from 1",
            f"unset {' '.join(wrong)}",
        )
    elif many:
        yield Finding(
            "machine",
            "warning",
            f"{told}, on {cores} processors: threads in turn are slower than few (small matrices a hundred times)",
            f"unset {' '.join(many)}",
        )
    elif len(set(stated.values())) > 1:
        yield Finding("machine", "warning", f"limits on threads differ: {told}", f"unset {' '.join(stated)}")
    else:
        yield Finding("machine", "ok", f"{cores} processors; {told}")


def _memory() -> Iterator[Finding]:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GB
    except (AttributeError, OSError, ValueError):  # not on Windows
        return
    limit = _group_limit()
    allowed = total if limit is None else min(total, limit)
    told = f"{total:.1f} GB of memory" + (f", of which this group of processes may use {limit:.1f}" if limit else "")
    if allowed < _MEMORY:
        yield Finding(
            "machine",
            "warning",
            f"{told}: little",
            f"specframe run --memory {max(0.8 * allowed, 0.1):.1f}GB --workers 1",
        )
    else:
        yield Finding("machine", "ok", told)


def _group_limit() -> float | None:
    """Return the limit of the container or job in GB, where there is one."""
    for path in _CGROUPS:
        try:
            text = path.read_text().strip()
        except OSError:
            continue
        if text.isdigit() and int(text) < 1 << 60:  # "max", or a number near 2^63, is none
            return int(text) / _GB
    return None


def _letters() -> Iterator[Finding]:
    encoding = (sys.stdout.encoding or locale.getpreferredencoding(False)).lower().replace("-", "")
    preferred = locale.getpreferredencoding(False)
    if "utf8" not in (encoding, preferred.lower().replace("-", "")):
        yield Finding(
            "machine",
            "warning",
            f"text is written in {preferred}: names with other letters than ASCII are told in escapes",
            "export PYTHONUTF8=1",
        )
    else:
        yield Finding("machine", "ok", f"text is written in {preferred}")


def _existing(folder: Path) -> Path:
    """Return the nearest folder above that is there: the folder itself is made when it is needed."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _folder(topic: str, folder: Path, what: str, mend: str) -> Iterator[Finding]:
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".specframe-doctor-") as file:
            file.write(b"1")
            file.flush()
            locked = _locks(file.fileno())
    except OSError as error:
        yield Finding(topic, "problem", f"{what}, {folder}, cannot be written to: {error.strerror or error}", mend)
        return
    free = shutil.disk_usage(folder).free / _GB
    if not locked:
        yield Finding(
            topic,
            "warning",
            f"{what}, {folder}: this file system knows no locks, so that two runs into one folder are not kept apart",
            "run into a folder on a local disk, or one run at a time: --out DIR",
        )
    elif free < _DISK:
        yield Finding(topic, "warning", f"{what}, {folder}: {free:.2f} GB free, which is little", "specframe prune RUN")
    else:
        yield Finding(topic, "ok", f"{what}, {folder}: writable, with locks, {free:.0f} GB free")


def _locks(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows locks in a way of its own
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
