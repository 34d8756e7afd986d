"""Attacks by data files: pickles run nothing, HDF5 reads no other files, archives unpack to no more than memory."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import zipfile
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from specframe.api.sizes import check_hdf5_sizes, unpacked
from specframe.errors import InputFileError, SpecframeError
from specframe.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path


class Payload:
    """What runs a command when it is unpickled."""

    def __init__(self, harm: Path) -> None:
        self.harm = harm

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.harm}",)


@cache
def loader(name: str) -> type:
    return next(one for one in Registry.discover().components("loader") if one.component.name == name).load()


def read_all(name: str, path: Path, **params: Any) -> None:
    """Read everything that a loader finds in a file."""
    made = loader(name)(path=str(path), **params)
    for target in made.targets() or ["data"]:
        made.load(target)


@pytest.mark.parametrize("suffix", ["npz", "npy", "pkl", "joblib", "txt", "csv", "fits", "h5"])
@pytest.mark.parametrize("name", ["table", "light-curves", "observed-spectra", "spectrum-table"])
def test_a_pickle_runs_nothing_whatever_its_name(tmp_path: Path, name: str, suffix: str) -> None:
    harm = tmp_path / "harm"
    path = tmp_path / f"data.{suffix}"
    payload = Payload(harm)
    if suffix == "npz":
        np.savez(path, flux=np.array([payload], object), wavelength=np.array([payload, 1.0], object))
    elif suffix == "npy":
        np.save(path, np.array([payload], object))
    else:
        path.write_bytes(pickle.dumps({"flux": payload}))
    curves: dict[str, Any] = {"columns": {"time": "0", "flux": "1"}, "time": "BMJD_TDB", "wavelength": 1.4}
    with pytest.raises(SpecframeError):
        read_all(name, path, **(curves if name == "light-curves" else {}))
    assert not harm.exists()


def test_the_payload_would_run(tmp_path: Path) -> None:
    """Else nothing was shown."""
    pickle.loads(pickle.dumps(Payload(tmp_path / "harm")))
    assert (tmp_path / "harm").exists()


def _virtual(file: h5py.File, other: Path) -> None:
    layout = h5py.VirtualLayout((4,), "f8")
    layout[:] = h5py.VirtualSource(str(other), "secret", (4,))
    file.create_virtual_dataset("x", layout)


def _raw(file: h5py.File, other: Path) -> None:
    file.create_dataset("x", (8,), "u1", external=[(str(other), 0, 8)])


def _external(file: h5py.File, other: Path) -> None:
    file["x"] = h5py.ExternalLink(str(other), "/secret")


def _in_a_group(file: h5py.File, other: Path) -> None:
    _raw(file.create_group("a/b/c"), other)


@pytest.mark.parametrize("make", [_virtual, _raw, _external, _in_a_group])
def test_an_hdf5_file_reads_no_other_file(tmp_path: Path, make: Any) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["secret"] = np.arange(4.0)
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        file["flux"] = np.ones((2, 4))
        make(file, tmp_path / "secret.h5")
    with pytest.raises(InputFileError, match=r"other file.*secret\.h5"):
        check_hdf5_sizes(path)
    for name in ("table", "observed-spectra", "spectrum-table", "eureka", "exosim-ndr", "chromatic"):
        with pytest.raises(SpecframeError):
            read_all(name, path)


def test_links_and_virtual_data_of_the_file_itself_are_read(tmp_path: Path) -> None:
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        file["x"] = np.arange(4.0)
        file["y"] = h5py.SoftLink("/x")
        layout = h5py.VirtualLayout((4,), "f8")
        layout[:] = h5py.VirtualSource(file["x"])
        file.create_virtual_dataset("z", layout)
    check_hdf5_sizes(path)


def test_groups_that_hold_each_other_twice_end(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group: Any = file
        for _ in range(25):
            inner = group.create_group("a")
            group["b"] = inner
            group = inner
    with pytest.raises(InputFileError, match="groups"):
        check_hdf5_sizes(tmp_path / "a.h5")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_text_that_unpacks_to_more_than_memory_is_refused_before_it_does(tmp_path: Path, pack: Any) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(pack(bytes(2**23)) * 20)
    with pytest.raises(InputFileError, match="made to fill the memory"):
        unpacked(path)


def test_names_in_an_archive_lead_nowhere(tmp_path: Path) -> None:
    """Nothing is ever extracted: members are read into memory by their names."""
    inside = tmp_path / "inside"
    inside.mkdir()
    array = io.BytesIO()
    np.save(array, np.ones(3))
    with zipfile.ZipFile(inside / "data.npz", "w") as archive:
        for name in ("../../flux.npy", "/etc/flux.npy", "..\\flux.npy", "flux.npy"):
            archive.writestr(name, array.getvalue())
    before = sorted(tmp_path.rglob("*"))
    for name in ("table", "observed-spectra"):
        with suppress(SpecframeError):
            read_all(name, inside / "data.npz")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "line",
    [
        "# meta: !!python/object/apply:os.system ['touch HARM']",
        "# - {name: a, datatype: !!python/object/apply:os.system ['touch HARM']}",
        "# meta: {__serialized_columns__: {a: {__class__: os.system, value: 'touch HARM'}}}",
        "# meta: !astropy.table.SerializedColumn {__class__: subprocess.Popen, args: 'touch HARM', shell: true}",
        "# meta: {a: !numpy.ndarray {buffer: !!binary AAAAAAAAAAA=, dtype: object, order: C, shape: [1]}}",
    ],
)
def test_the_header_of_an_ecsv_table_makes_no_objects(tmp_path: Path, line: str) -> None:
    harm = tmp_path / "harm"
    line = line.replace("HARM", str(harm))
    path = tmp_path / "a.ecsv"
    path.write_text(f"# %ECSV 1.0\n# ---\n# datatype:\n# - {{name: a, datatype: float64}}\n{line}\na\n1.0\n")
    for name in ("table", "observed-spectra", "spectrum-table"):
        with pytest.raises(SpecframeError):
            read_all(name, path)
    assert not harm.exists()


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1:9/x.csv", "ftp://127.0.0.1:9/x", "file:///etc/passwd", "/etc/passwd"]
)
@pytest.mark.parametrize("suffix", ["csv", "txt", "ecsv", "tbl", "dat"])
def test_a_table_that_is_an_address_is_not_fetched(tmp_path: Path, monkeypatch, text: str, suffix: str) -> None:
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("asked the network")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    path = tmp_path / f"a.{suffix}"
    path.write_text(text)
    for name in ("table", "observed-spectra", "spectrum-table"):
        with pytest.raises(SpecframeError) as refused:
            read_all(name, path)
        assert "root:" not in str(refused.value)
