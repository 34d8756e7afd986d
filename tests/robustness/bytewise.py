"""Damage to any file, whatever its format, and to lines of text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

__all__ = ["cut", "damaged", "rewritten"]

_NUMBER = re.compile(rb"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
#: What may stand where a number is expected.
_ODD = (
    b"nan", b"-inf", b"1e400", b"-1", b"0", b"", b" ", b"1" * 400, b"1e-400", b"word", b"1,5", b"0x1F", b"1_000",
    "١٢".encode(), b"1 2", b"\0", b"\xff\xfe", b'"', b"--", b"#", b"True", b"12:30:00", b"1+2j", b"9" * 19,
    b"inf", "é".encode(),
)  # fmt: skip
#: Beginnings of other formats.
_OTHERS = (b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"\x89HDF\r\n\x1a\n", b"SIMPLE  =           T")
_OTHERS += (
    b"\x1f\x8b\x08",
    b"BZh9",
    b"\xfd7zXZ\x00",
    b"\x80\x04\x95",
    b"# %ECSV 1.0\n# ---\n",
    b"<html>",
    b"\x28\xb5\x2f\xfd",
)


def cut(content: bytes, rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    """Yield files that end too early: what an interrupted download leaves."""
    for share in (0.02, 0.3, 0.6, 0.9, 0.999):
        end = int(share * len(content)) + int(rng.integers(0, 1 + len(content) // 20))
        end = min(end, len(content) - 1)
        yield f"cut after {end} of {len(content)} bytes", content[:end]
    yield "without its last byte", content[:-1]


def damaged(content: bytes, rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    """Yield files of which some bytes are others."""
    size = len(content)
    yield "empty", b""
    yield "zeros", bytes(size)
    yield "noise", rng.bytes(min(size, 4096))
    for n_bit in (1, 1, 1, 8, 64):
        flipped = bytearray(content)
        where = rng.integers(0, size, n_bit)
        for at in where:
            flipped[at] ^= 1 << int(rng.integers(0, 8))
        yield f"{n_bit} bits flipped, first at {where[0]}", bytes(flipped)
    for n_bit in (1, 4):  # most formats say in their first bytes what follows
        flipped = bytearray(content)
        for at in rng.integers(0, min(size, 512), n_bit):
            flipped[at] ^= 1 << int(rng.integers(0, 8))
        yield f"{n_bit} bits of the beginning flipped", bytes(flipped)
    start = int(rng.integers(0, size))
    length = int(rng.integers(1, 2 + size // 8))
    end = start + length
    yield f"zeros in {start}:{end}", content[:start] + bytes(len(content[start:end])) + content[end:]
    yield f"noise in {start}:{end}", content[:start] + rng.bytes(len(content[start:end])) + content[end:]
    yield f"without {start}:{end}", content[:start] + content[end:]
    yield f"twice {start}:{end}", content[:end] + content[start:end] + content[end:]
    yield "noise at its end", content + rng.bytes(100)
    yield "itself twice", content + content
    other = _OTHERS[int(rng.integers(0, len(_OTHERS)))]
    yield f"begins with {other[:6]!r}", other + content[len(other) :]
    yield f"nothing but {other[:6]!r}", other


def rewritten(content: bytes, rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    """Yield text with other numbers, lines and line ends."""
    numbers = list(_NUMBER.finditer(content))
    for odd in rng.choice(len(_ODD), 12, replace=False):
        if numbers:
            match = numbers[int(rng.integers(0, len(numbers)))]
            yield f"{_ODD[odd][:12]!r} for {match[0]!r}", content[: match.start()] + _ODD[odd] + content[match.end() :]
    yield "every number nan", _NUMBER.sub(b"nan", content)
    yield "every number 1e400", _NUMBER.sub(b"1e400", content)
    yield "every number 7", _NUMBER.sub(b"7", content)
    lines = content.splitlines(keepends=True)
    at = int(rng.integers(0, len(lines)))
    for name, some in (
        (f"without line {at + 1}", lines[:at] + lines[at + 1 :]),
        (f"line {at + 1} twice", [*lines[: at + 1], *lines[at:]]),
        (f"an empty line {at + 1}", [*lines[:at], b"\n", *lines[at:]]),
        ("without its first line", lines[1:]),
        ("its first line alone", lines[:1]),
        ("its first line only, often", lines[:1] * 20),
        ("backwards", lines[::-1]),
        ("a very long line", [*lines[:at], b"1" * 200_000 + b"\n", *lines[at:]]),
        ("very many fields", [*lines[:at], b"1 " * 100_000 + b"\n", *lines[at:]]),
        ("a quote that does not end", [*lines[:at], b'"' + lines[at], *lines[at + 1 :]]),
        ("a deep bracket", [*lines[:at], b"# - {a: " + b"[" * 5000 + b"\n", *lines[at:]]),
    ):
        yield name, b"".join(some)
    text = content.decode("utf-8", "replace")
    yield "UTF-16", text.encode("utf-16")
    yield "Latin-1", ("é" + text).encode("latin-1", "replace")
    yield "with a byte-order mark", text.encode("utf-8-sig")
    yield "line ends of old Macs", content.replace(b"\n", b"\r")
    yield "line ends of Windows", content.replace(b"\n", b"\r\n")
    yield "a single line", content.replace(b"\n", b" ")
    yield "commas for points", content.replace(b".", b",")
    yield "an address of the network", b"http://127.0.0.1:9/x.csv"
    yield "the name of another file", b"/etc/hostname"
