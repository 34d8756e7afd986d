"""A bound on the memory of a process, held by the kernel.

On Linux it is ``RLIMIT_DATA``: all private memory that a process may write to, which is what Python, numpy and the
libraries under them allocate. Files that are mapped, libraries among them, are not counted: the kernel takes those
pages back when it needs them. An allocation beyond the bound fails, and Python raises :class:`MemoryError` there and
then, instead of the kernel killing some process later. Other systems accept such a limit and do not hold it.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from specframe.errors import RunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "LEAST",
    "data_in_use",
    "enforced",
    "limit_memory",
    "limited_memory",
    "memory_limit",
    "memory_shares",
    "out_of_memory",
]

#: Bytes that a process needs for libraries, results of a few targets and stacks of threads: 550 MB in the worker of
#: ``configs/quickstart.yaml``. With less, the main process gets no thread for its workers.
LEAST = 600_000_000

#: How torch, HDF5 and threads say it.
_WORDS = ("can't allocate memory", "annot allocate memory", "nable to allocate", "can't start new thread")

_limit: int | None = None


def enforced() -> bool:
    """Whether the kernel of this system holds the limit."""
    return sys.platform.startswith("linux")


def memory_limit() -> int | None:
    """Return the limit of this process in bytes, where it was set here."""
    return _limit


def limit_memory(size: int) -> None:
    """Let this process have no more than ``size`` bytes from now on; nothing happens where no kernel holds it.

    Raises
    ------
    UsageError
        When it has more already.
    """
    global _limit
    if not enforced():
        return
    import resource

    used = data_in_use()
    if size <= used:
        raise UsageError(
            f"the memory limit leaves {size / 1e6:.0f} MB for a process that has {used / 1e6:.0f} MB already; give "
            "more with --memory, or use fewer --workers"
        )
    # else pyarrow, which pandas imports where it is installed, reserves a gigabyte that it does not use
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))
    _limit = size


@contextmanager
def limited_memory(size: int | None) -> Iterator[None]:
    """Let this process have no more than ``size`` bytes within the block; ``None``: as much as before.

    Raises :class:`RunError` where that is not enough.
    """
    global _limit
    if size is None or not enforced():
        yield
        return
    import resource

    before, known = resource.getrlimit(resource.RLIMIT_DATA), _limit
    limit_memory(size)
    try:
        yield
    except MemoryError as error:
        said = f"{type(error).__name__}: {error}".removesuffix(": ")
        raise RunError(f"{said}: {out_of_memory(error)}; the same command goes on from what is stored") from error
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)
        _limit = known


def memory_shares(size: int, workers: int) -> tuple[int, int]:
    """Divide ``size`` bytes: return what the main process may have, and each of ``workers`` processes beside it.

    Raises
    ------
    UsageError
        When it is too little for so many, or the kernel of this system would not hold it.
    """
    if not enforced():
        raise UsageError("--memory is held by the kernel of Linux alone; here, use fewer --workers to save memory")
    share = size // (workers + 1)
    if share < LEAST:
        raise UsageError(
            f"--memory {size / 1e6:.0f}MB leaves {share / 1e6:.0f} MB for each of {workers + 1} processes, which need "
            f"{LEAST / 1e6:.0f} MB at least; give at least {LEAST * (workers + 1) / 1e6:.0f}MB, or use fewer --workers"
            if workers
            else f"--memory {size / 1e6:.0f}MB is too little: give at least {LEAST / 1e6:.0f}MB"
        )
    return size - share * workers, share


def out_of_memory(error: BaseException) -> str:
    """Return what to do about an error that says, in its library's way, that memory ran out; empty for any other."""
    if not (
        isinstance(error, MemoryError)
        or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
        or any(words in str(error) for words in _WORDS)
    ):
        return ""
    if _limit is None:
        return "not enough memory: use fewer --workers, or a larger machine"
    return f"not enough memory: this process may have {_limit / 1e6:.0f} MB; more with --memory, or fewer --workers"


def data_in_use() -> int:
    """Return the bytes of this process that the limit counts; 0 where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    line = next((line for line in status.splitlines() if line.startswith("VmData:")), "VmData: 0 kB")
    return 1024 * int(line.split()[1])
