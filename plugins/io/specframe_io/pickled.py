"""Files of Python objects, which are not read: reading them runs whatever code they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.errors import InputFileError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["refuse_pickle"]

_SUFFIXES = (".pkl", ".pickle", ".p", ".joblib", ".dill")
#: First byte of a pickle of protocol 2 and later; the second is the protocol (PEP 307, PEP 3154, PEP 574).
_PROTO, _PROTOCOLS = 0x80, range(2, 6)


def refuse_pickle(path: Path) -> None:
    """Raise :class:`InputFileError` for a pickle, and for a ``.npy`` file that holds one."""
    with path.open("rb") as file:
        head = file.read(256)
    pickled = path.suffix.lower() in _SUFFIXES or (len(head) > 1 and head[0] == _PROTO and head[1] in _PROTOCOLS)
    if pickled or (head.startswith(b"\x93NUMPY") and (b"'|O'" in head or b"'O'" in head)):
        raise InputFileError(
            path,
            "holds pickled Python objects, which are not read since they can run any code: save it with the program "
            "that wrote it as NetCDF, HDF5, FITS, ECSV or .npz",
        )
