"""What all tests share."""

from __future__ import annotations

import os
import signal
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # in the background of a shell, where processes that tests start would not hear Ctrl-C either
    signal.signal(signal.SIGINT, signal.default_int_handler)

# the workers of pytest-xdist share the cores: threads of theirs would only wait for each other
os.environ.setdefault("OMP_NUM_THREADS", "1")

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


#: One white pixel.
_PIXEL = b"\x89PNG\r\n\x1a\n" + b"".join(
    [
        _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        _chunk(b"IDAT", zlib.compress(b"\x00\xff")),
        _chunk(b"IEND", b""),
    ]
)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data: ``$SPECFRAME_DATA``, else ``../shared/data`` beside the repository.

    Without it tests are skipped, but not in CI, where they fail: nothing may be skipped there.
    """
    path = Path(os.environ.get("SPECFRAME_DATA", _BESIDE))
    if not path.is_dir():
        reason = f"no real data at {path}; set SPECFRAME_DATA to the folder that holds adc24/"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return path


@pytest.fixture(scope="session", autouse=True)
def _no_power_cut() -> Iterator[None]:
    """Let nothing wait until the disk has what was written: a small run asks for that some fifty times.

    New processes wait, such as those of the tests of killed runs.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)  # which refuses a closed file just the same
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_pixels() -> Iterator[None]:
    """Let figures be made but not rendered, which takes half of the time of a small run.

    The file of a figure holds one pixel. Tests of what figures look like ask for ``rendered``; new processes render.
    """
    from matplotlib.figure import Figure

    def savefig(self: Figure, target: BinaryIO | str | Path, **options: Any) -> None:
        if isinstance(target, (str, Path)):
            Path(target).write_bytes(_PIXEL)
        else:
            target.write(_PIXEL)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "rendered", Figure.savefig, raising=False)
        patch.setattr(Figure, "savefig", savefig)
        yield


@pytest.fixture(scope="module")
def rendered(_no_pixels: None) -> Iterator[None]:
    """Render figures in this module, from the first test on that asks for it."""
    from matplotlib.figure import Figure

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", Figure.rendered)  # type: ignore[attr-defined]
        yield


class Result(NamedTuple):
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str


@pytest.fixture
def specframe(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Return a function that runs ``specframe`` with arguments and gives its exit status and output."""

    from specframe.cli import main

    def run(*args: object) -> Result:
        capfd.readouterr()
        with pytest.raises(SystemExit) as exit_info:
            main([str(arg) for arg in args])
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        assert "This is a bug" not in err
        return Result(int(exit_info.value.code or 0), out, err)

    return run
