"""The mutants of a sound input: each changes one thing in a folder of files."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from arrays import fits_files, hdf5_files, npy_files, npz_files, parquet_files
from bytewise import cut, damaged, rewritten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np

__all__ = ["Mutant", "mutants"]


class Mutant(NamedTuple):
    """One thing that is wrong with an input."""

    name: str
    #: Does it to the folder.
    apply: Callable[[Path], Any]
    #: Nothing was changed but that the end is missing: what still loads must be what was there.
    only_cut: bool = False


_STRUCTURED = {
    b"PK": npz_files,
    b"\x93NUMPY": npy_files,
    b"\x89HDF": hdf5_files,
    b"SIMPLE": fits_files,
    b"PAR1": parquet_files,
}
_PACKED = {b"\x1f\x8b": (gzip.decompress, gzip.compress), b"BZh": (bz2.decompress, bz2.compress)}
#: So many mutants of an input are a campaign, which has time to make what unpacks to 800 MB.
_MANY = 20
_PACKERS = {"gzip": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


def mutants(folder: Path, rng: np.random.Generator, at_most: int) -> list[Mutant]:
    """Return some mutants of the input in ``folder``, drawn evenly of all groups of mutations and all kinds of files.

    Of a folder of many files of one kind, each mutation is of one of them.
    """
    groups: list[list[Mutant]] = [list(_folders(folder, rng))]
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for kind in sorted({_kind(path) for path in files}):
        like = [path for path in files if _kind(path) == kind]
        path = like[int(rng.integers(0, len(like)))]
        groups += _of_file(path.relative_to(folder), path.read_bytes(), rng, bombs=at_most >= _MANY)
    rng.shuffle(groups)  # type: ignore[arg-type]
    for group in groups:
        rng.shuffle(group)  # type: ignore[arg-type]
    drawn: list[Mutant] = []
    while len(drawn) < at_most and any(groups):
        drawn += [group.pop() for group in groups if group]
    return drawn[:at_most]


def _kind(path: Path) -> tuple[str, str]:
    """Return what files have in common of which one stands for all: dark.parquet of each planet."""
    name = "".join("0" if character.isdigit() else character for character in path.name)
    return path.suffix, name if path.suffix in (".parquet", ".csv") else ""


def _of_file(where: Path, content: bytes, rng: np.random.Generator, bombs: bool) -> Iterator[list[Mutant]]:
    unpack, pack = next((both for magic, both in _PACKED.items() if content.startswith(magic)), (bytes, bytes))
    plain = unpack(content)
    structured = next((make for magic, make in _STRUCTURED.items() if plain.startswith(magic)), None)
    binary = structured is not None or unpack is not bytes
    yield [_written(where, name, partial(bytes, other), binary) for name, other in cut(content, rng)]
    yield [_written(where, name, partial(bytes, other)) for name, other in damaged(content, rng)]
    if structured is not None:
        # twice: there are many more of them than of the others
        every = [_written(where, name, make) for name, make in structured(plain)]
        yield every[::2]
        yield every[1::2]
    else:
        yield [_written(where, name, partial(pack, other)) for name, other in rewritten(plain, rng)]
        if unpack is not bytes:
            yield [_written(where, name, partial(pack, other)) for name, other in damaged(plain, rng)]
    if bombs:
        yield [_written(where, f"{name} of zeros without end", partial(_bomb, name)) for name in _PACKERS]
    yield list(_places(where))


def _written(where: Path, name: str, make: Callable[[], bytes], only_cut: bool = False) -> Mutant:
    return Mutant(f"{where}: {name}", lambda folder: (folder / where).write_bytes(make()), only_cut)


def _bomb(name: str) -> bytes:
    """Return 800 MB of zeros in little space."""
    packed = _PACKERS[name](bytes(2**23))
    return packed * 100


def _places(where: Path) -> Iterator[Mutant]:
    """Yield folders with something else in place of a file."""

    def replaced(name: str, make: Callable[[Path], Any]) -> Mutant:
        def apply(folder: Path) -> None:
            (folder / where).unlink()
            make(folder / where)

        return Mutant(f"{where}: {name}", apply)

    yield replaced("not there", lambda path: None)
    yield replaced("a folder", lambda path: path.mkdir())
    yield replaced("a link to itself", lambda path: path.symlink_to(path.name))
    yield replaced("a link to nothing", lambda path: path.symlink_to("nowhere"))
    yield replaced("a link to its folder", lambda path: path.symlink_to("."))
    yield replaced("a device without end", lambda path: path.symlink_to("/dev/zero"))
    yield replaced("a pipe", os.mkfifo)


def _folders(folder: Path, rng: np.random.Generator) -> Iterator[Mutant]:
    """Yield folders with more files, other names or no files."""
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    file = files[int(rng.integers(0, len(files)))]

    def beside(folder: Path, name: str) -> None:
        path = folder / file
        path.with_name(name + "".join(path.suffixes[-2:])).write_bytes(path.read_bytes())

    def renamed(folder: Path, name: str) -> None:
        path = folder / file
        path.rename(path.with_name(name + path.suffix))

    for name in (
        "é ü 星 🪐",
        "a" * 240,
        "a\nb",
        " ",
        "-rf",
        "{stem}",
        "..%2F..%2Fx",
        "*",
        "\udcff\udcfe",
        "a\tb\x1b[2J",
    ):
        yield Mutant(f"also a file {name[:20]!r}", partial(beside, name=name))
        yield Mutant(f"{file} is called {name[:20]!r}", partial(renamed, name=name))
    yield Mutant("no files", lambda folder: [path.unlink() for path in folder.rglob("*") if path.is_file()])
    yield Mutant("a link to the folder itself", lambda folder: (folder / "loop").symlink_to("."))
    yield Mutant("two links to each other", _links)
    yield Mutant("a deep folder", lambda folder: (folder / "/".join(["d" * 100] * 20)).mkdir(parents=True))
    yield Mutant("an empty file of the same kind", lambda folder: (folder / file).with_name(f"z{file.name}").touch())
    yield Mutant("a folder named like a file", lambda folder: (folder / file).with_name(f"z{file.name}").mkdir())
    yield Mutant("one file twice", lambda folder: beside(folder, "copy"))


def _links(folder: Path) -> None:
    (folder / "one").symlink_to("two")
    (folder / "two").symlink_to("one")
