"""What files unpack to, asked before they are read: some are small on disk and more than memory holds.

A header may claim any size, and zeros pack to a thousandth. Data of instruments do not: noise packs to a half or so,
and even files of flags and constants to a few percent.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from typing import IO, TYPE_CHECKING, Any

from specframe.errors import InputFileError

if TYPE_CHECKING:
    import zipfile
    from pathlib import Path

__all__ = ["check_fits_sizes", "check_hdf5_sizes", "check_unpacked", "check_zip_sizes", "is_packed", "unpacked"]

#: Bytes that any file may unpack to, and times its own size that a larger one may.
_ANY, _TIMES = 64 * 2**20, 100
#: Length of a record and of a card of FITS (standard 4.0, sections 3.1 and 3.2), and its most axes and columns.
_RECORD, _CARD, _MOST = 2880, 80, 999
#: Levels of groups in an HDF5 file, and groups: one that is linked twice on every level counts a billion times.
_DEEP, _GROUPS = 32, 10_000
#: First bytes, and what opens a file of them.
_OPENERS: tuple[tuple[bytes, Any], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ", lzma.open),
)
_DAMAGED = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, MemoryError)


def check_unpacked(path: Path, size: int, what: str = "") -> None:
    """Refuse what would take ``size`` bytes, if so much cannot be in the file; ``what`` says which part of it.

    Raises
    ------
    InputFileError
        Above 64 MiB and 100 times the file's size.
    """
    own = path.stat().st_size
    if size > max(_ANY, _TIMES * own):
        raise InputFileError(
            path,
            f"{what or 'it'} would take {size / 2**20:,.0f} MiB of memory, but the file has only {own:,} bytes: it is "
            "damaged, or made to fill the memory; get it again",
        )


def is_packed(head: bytes) -> bool:
    """Return whether a file that begins with ``head`` is compressed with gzip, bzip2 or xz."""
    return any(head.startswith(magic) for magic, _ in _OPENERS)


def unpacked(path: Path) -> bytes:
    """Return a file's content, unpacked where it is compressed with gzip, bzip2 or xz, whatever its name.

    Raises
    ------
    InputFileError
        When it cannot be read, is cut off, or unpacks to more than 64 MiB and 100 times its size.
    """
    if path.exists() and not path.is_file():  # nobody may ever write into a pipe
        raise InputFileError(path, f"is a {'folder' if path.is_dir() else 'device or pipe'}, expected a file")
    try:
        content = path.read_bytes()
        opener = next((opener for magic, opener in _OPENERS if content.startswith(magic)), None)
        if opener is None:
            return content
        limit = max(_ANY, _TIMES * len(content))
        with opener(io.BytesIO(content)) as file:
            plain: bytes = file.read(limit + 1)
    except _DAMAGED as error:
        reason = getattr(error, "strerror", None) or str(error) or "not enough memory"
        raise InputFileError(path, f"cannot be read ({reason}); if it is cut off, fetch it again") from None
    check_unpacked(path, len(plain))
    return plain


def check_zip_sizes(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse an archive whose members unpack to more than can be in them."""
    check_unpacked(path, sum(max(member.file_size, 0) for member in archive.infolist()))


def check_hdf5_sizes(path: Path) -> None:
    """Refuse an HDF5 file whose data are not in it: fill values without end, or what another file holds.

    What h5py raises on a damaged file is passed on.
    """
    import h5py

    visited = 0

    def check(group: Any, above: tuple[Any, ...]) -> None:
        nonlocal visited
        visited += 1
        address = h5py.h5o.get_info(group.id).addr
        if address in above or len(above) > _DEEP:
            raise InputFileError(path, f"group {group.name!r}: holds itself, or nests deeper than {_DEEP} levels")
        if visited > _GROUPS:
            raise InputFileError(path, f"has more than {_GROUPS:,} groups, those counted again that others link to")
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise InputFileError(path, f"{name!r} is a link to another file ({link.filename}); copy its data here")
            found = group.get(name)  # nothing where a link leads nowhere
            if isinstance(found, h5py.Group):
                check(found, (*above, address))
            elif isinstance(found, h5py.Dataset) and found.shape is not None:
                place = found.name.strip("/")
                others = _other_files(found)
                if others:
                    raise InputFileError(
                        path, f"the data of {place!r} are in other files ({', '.join(others[:3])}); copy them here"
                    )
                check_unpacked(path, int(found.size) * found.dtype.itemsize, f"dataset {place!r}")

    with h5py.File(path, "r") as file:
        check(file, ())


def _other_files(dataset: Any) -> list[str]:
    """Return the files besides its own that a dataset's values are read from: HDF5 takes any that the user may read."""
    sources = [source.file_name for source in dataset.virtual_sources()] if dataset.is_virtual else []
    return sorted({*(name for name in sources if name != "."), *(name for name, *_ in dataset.external or ())})


def check_fits_sizes(path: Path, file: IO[bytes]) -> None:
    """Refuse a FITS file whose headers declare more than it holds, or what no reader gets to the end of.

    Raises :class:`~specframe.errors.InputFileError` where it does.
    """
    size = file.seek(0, io.SEEK_END)
    start = file.seek(0)
    if size and file.read(6) != b"SIMPLE":  # before astropy takes it for one of the archives that it unpacks
        raise InputFileError(path, "is not a whole FITS file: it does not begin with SIMPLE")
    while start < size:
        file.seek(start)
        cards, start = _cards(file), file.tell()
        for name in ("NAXIS", "TFIELDS", "ZNAXIS"):
            if not 0 <= cards.get(name, 0) <= _MOST:
                raise InputFileError(
                    path, f"is not a whole FITS file: {name} = {cards[name]} in a header, expected at most {_MOST}"
                )
        packed = _extent(cards, "Z")
        check_unpacked(path, packed, "a packed image")
        extent = _extent(cards, "")
        if extent < 0 or start + extent > size:
            raise InputFileError(
                path,
                f"is not a whole FITS file: a header declares {extent:,} bytes of data, {size - start:,} are there; "
                "get it again",
            )
        start += -(-extent // _RECORD) * _RECORD
    file.seek(0)


def _cards(file: IO[bytes]) -> dict[str, int]:
    """Return the whole numbers of the header at which ``file`` stands, and go to its end."""
    found: dict[str, int] = {}
    while len(record := file.read(_RECORD)) == _RECORD:
        for at in range(0, _RECORD, _CARD):
            card = record[at : at + _CARD]
            name = card[:8].rstrip()
            if name == b"END":
                return found
            if card[8:10] == b"= ":
                digits = card[10:].partition(b"/")[0].strip()
                if digits.lstrip(b"+-").isdigit():
                    found.setdefault(name.decode("ascii", "replace"), int(digits))
    return found


def _extent(cards: dict[str, int], prefix: str) -> int:
    """Return the bytes of data after a header; 0 where it does not say."""
    n_axis = cards.get(f"{prefix}NAXIS", 0)
    if not n_axis:
        return 0
    shape = [cards.get(f"{prefix}NAXIS{i + 1}", 0) for i in range(n_axis)]
    if not prefix and shape[0] == 0 and n_axis > 1:
        shape = shape[1:]  # random groups
    count = 1
    for length in shape:
        count *= length
    if prefix:
        return count * abs(cards.get("ZBITPIX", 0)) // 8
    return (count + cards.get("PCOUNT", 0)) * cards.get("GCOUNT", 1) * abs(cards.get("BITPIX", 0)) // 8
