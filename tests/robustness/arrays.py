"""Files that are whole, but hold other arrays than they should: types, shapes, values, names, sizes."""

from __future__ import annotations

import io
import zipfile
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    #: What a mutant is called, and what makes it: only those that are drawn are made.
    Made = tuple[str, Callable[[], bytes]]

__all__ = ["fits_files", "hdf5_files", "npz_files", "other_arrays", "parquet_files"]

#: Elements that no machine has memory for, and such as a machine would try to hold.
ABSURD, LARGE = 10**12, 4 * 10**8
#: Elements of what unpacks to more than a loader may take, 800 MB, and is quickly made.
BOMB = 10**8


def other_arrays(array: Any) -> Iterator[tuple[str, Any]]:
    """Yield arrays in place of one."""
    array = np.asarray(array)
    if array.dtype.kind in "fiub":
        yield "complex", array.astype(complex)
        yield "as text", array.astype(float).astype(str)
        yield "as bytes", array.astype(float).astype("S20")
        yield "bool", array.astype(bool)
        yield "int8", np.nan_to_num(array.astype(float)).astype(np.int64).astype(np.int8)
        yield "big-endian float32", array.astype(">f4")
        yield "all nan", np.full(array.shape, np.nan)
        yield "all infinite", np.full(array.shape, np.inf)
        yield "all minus infinite", np.full(array.shape, -np.inf)
        yield "all zero", np.zeros(array.shape, array.dtype)
        yield "negative", -array.astype(float)
        yield "huge", np.full(array.shape, 1e308)
        yield "tiny", np.full(array.shape, 5e-324)
        if array.size > 2:
            some = array.astype(float)
            some.ravel()[[1, -1]] = np.nan, np.inf
            yield "a nan and an infinity", some
            same = array.copy()
            same.ravel()[1] = same.ravel()[0]
            yield "a value twice", same
    yield "datetime64", np.zeros(array.shape, "M8[s]")
    yield "structured", np.zeros(array.shape, [("a", "f8"), ("b", "i4")])
    yield "empty", array[:0] if array.ndim else np.zeros(0)
    yield "a scalar", array.ravel()[0] if array.size else np.float64(0)
    yield "one element", array.ravel()[:1]
    yield "one axis more", array[None]
    yield "three axes more", array[..., None, None, None]
    yield "flat", array.ravel()
    yield "transposed", array.T
    if array.ndim and len(array) > 1:
        yield "one row less", array[:-1]
        yield "backwards", array[::-1]
        yield "one row more", np.concatenate([array, array[:1]])
        yield "the first row alone", array[0]


def npz_files(content: bytes) -> Iterator[Made]:
    """Yield archives with other arrays, with pickles, and such as unpack to far more than they are."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    for name, array in arrays.items():
        for what, other in other_arrays(array):
            yield f"{name}: {what}", partial(_npz, arrays | {name: other})
        yield f"{name}: absent", partial(_npz, {key: value for key, value in arrays.items() if key != name})
        yield f"{name}: objects", partial(_npz, arrays | {name: np.array([{}, []], object)})
        members = {f"{key}.npy": _npy(value) for key, value in arrays.items()}
        for size in (ABSURD, LARGE, -1):
            yield f"{name}: declares {size} elements", partial(_zip, members | {f"{name}.npy": _declared(size)})
        yield f"{name}: zip bomb", partial(_zip, members | {f"{name}.npy": _declared(BOMB)}, {f"{name}.npy": 8 * BOMB})
        yield f"{name}: no array", partial(_zip, {**members, f"{name}.npy": b"plain text"})
        yield f"{name}: no suffix", partial(_zip, {**members, name: b"plain text"})
        yield (
            f"{name}: leads out of the archive",
            partial(_zip, {f"../../{key}": value for key, value in members.items()}),
        )
        yield f"{name}: stands twice", partial(_zip, members, again=f"{name}.npy")
        yield (
            f"{name}: newlines in names",
            partial(_zip, {key.replace(".", "\n."): value for key, value in members.items()}),
        )
    yield "no arrays", partial(_zip, {})


def npy_files(content: bytes) -> Iterator[Made]:
    """Yield single arrays in place of one."""
    for what, other in other_arrays(np.load(io.BytesIO(content), allow_pickle=False)):
        yield what, partial(_npy, other)
    for size in (ABSURD, LARGE, -1):
        yield f"declares {size} elements", partial(_declared, size)
    yield "objects", partial(_npy, np.array([{}, []], object))
    yield "deep header", partial(bytes, content[:10] + b"(" * (len(content) - 10))


def _npz(arrays: dict[str, Any]) -> bytes:
    return _zip({f"{name}.npy": _npy(array) for name, array in arrays.items()})


def _npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=True)
    return file.getvalue()


def _declared(size: int) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (size,)})
    return file.getvalue() + bytes(80)


def _zip(members: dict[str, bytes], zeros: dict[str, int] | None = None, again: str | None = None) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(content)
                block = bytes(2**22)
                for _ in range((zeros or {}).get(name, 0) // len(block)):
                    member.write(block)
        if again is not None:
            archive.filelist.append(archive.getinfo(again))
    return file.getvalue()


def hdf5_files(content: bytes) -> Iterator[Made]:
    """Yield HDF5 and NetCDF files with other datasets, groups, links, attributes."""
    import h5py

    names: list[str] = []
    with h5py.File(io.BytesIO(content), "r") as file:
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        values = {name: file[name][()] for name in names}
    for name in names:
        for what, other in other_arrays(values[name]):
            if np.asarray(other).dtype.kind not in "MU":
                yield f"{name}: {what}", partial(_hdf5, content, name, partial(_set, other))
        for what, make in _DATASETS.items():
            yield f"{name}: {what}", partial(_hdf5, content, name, make)
        for what, change in _ATTRIBUTES.items():
            yield f"{name}: {what}", partial(_hdf5, content, name, change, remove=False)


def _hdf5(content: bytes, name: str, make: Any, remove: bool = True) -> bytes:
    import h5py

    buffer = io.BytesIO(content)
    with h5py.File(buffer, "r+") as file:
        group, key = file[name].parent, name.rpartition("/")[2]
        if remove:
            attrs = {k: v for k, v in group[key].attrs.items() if "unit" in k.lower()}
            del group[key]
            make(group, key)
            if isinstance(group.get(key, getlink=True), h5py.HardLink) and isinstance(group.get(key), h5py.Dataset):
                group[key].attrs.update(attrs)
        else:
            make(group, key)
    return buffer.getvalue()


def _set(value: Any, group: Any, key: str) -> None:
    group[key] = value


def _empty_dataset(shape: tuple[int, ...], dtype: Any = "f8") -> Any:
    """Return what makes a dataset of fill values, of which the file has no byte."""
    return lambda group, key: group.create_dataset(key, shape, dtype, fillvalue=1, chunks=(1000,) * len(shape))


def _link(kind: str, *args: str) -> Any:
    def make(group: Any, key: str) -> None:
        import h5py

        group[key] = getattr(h5py, kind)(*args)

    return make


def _of_objects(dtype: str, value: Any) -> Any:
    def make(group: Any, key: str) -> None:
        import h5py

        types = {"text": h5py.string_dtype(), "reference": h5py.ref_dtype, "ragged": h5py.vlen_dtype(np.float64)}
        data = group.create_dataset(key, (3,), types[dtype])
        if value is not None:
            data[:] = value

    return make


_DATASETS: dict[str, Any] = {
    "absent": lambda group, key: None,
    "a group": lambda group, key: group.create_group(key),
    "absurd": _empty_dataset((10**15,)),
    "absurd matrix": _empty_dataset((10**7, 10**8)),
    "large": _empty_dataset((LARGE,)),
    "large bytes": _empty_dataset((10**5, 2 * 10**4), "i1"),
    "large compressed": lambda group, key: group.create_dataset(key, (LARGE,), "f8", compression="gzip", fillvalue=0),
    "no data": lambda group, key: group.create_dataset(key, data=__import__("h5py").Empty("f8")),
    "a link to itself": _link("SoftLink", "."),
    "a link to nothing": _link("SoftLink", "/nowhere"),
    "a link to the root": _link("SoftLink", "/"),
    "a link to another file": _link("ExternalLink", "/etc/hostname", "/x"),
    "text": _of_objects("text", ["a", "é", "nan"]),
    "references": _of_objects("reference", None),
    "ragged": _of_objects("ragged", None),
    "a date": lambda group, key: group.__setitem__(key, "2020-01-01"),
}


def _loop(group: Any, key: str) -> None:
    group.create_group("loop")["back"] = group


_ATTRIBUTES: dict[str, Any] = {
    "units nonsense": lambda group, key: group[key].attrs.update(units="furlong / fortnight²"),
    "units a number": lambda group, key: group[key].attrs.update(units=3.0),
    "units empty": lambda group, key: group[key].attrs.update(units="", flux_units="", time_units="", wave_units=""),
    "units not UTF-8": lambda group, key: group[key].attrs.update(units=np.bytes_(b"\xff\xfe"), time_units=b"\xff"),
    "scale a word": lambda group, key: group[key].attrs.update(scale_factor="x", add_offset="y"),
    "scale nan": lambda group, key: group[key].attrs.update(scale_factor=np.nan),
    "fill value a word": lambda group, key: group[key].attrs.update(_FillValue="x"),
    "coordinates missing": lambda group, key: group[key].attrs.update(coordinates="a b c"),
    "groups in a circle": _loop,
}


def fits_files(content: bytes) -> Iterator[Made]:
    """Yield FITS files with other headers, columns and images."""
    from astropy.io import fits

    with fits.open(io.BytesIO(content), memmap=False) as file:
        n_hdu = len(file)
        headers = [hdu.header.copy() for hdu in file]
    for number, header in enumerate(headers):
        for key, values in _CARDS.items():
            if key in header:
                for value in values:
                    yield f"{number}: {key} = {value}", partial(_card, content, header, number, key, value)
        for change in ("dropped", "twice"):
            yield f"{number}: {change}", partial(_hdus, content, number, change)
    for number in range(n_hdu):
        with fits.open(io.BytesIO(content), memmap=False) as file:
            hdu = file[number]
            names = [column.name for column in getattr(hdu, "columns", [])]
            image = None if names or hdu.data is None else np.array(hdu.data)
        if image is not None:
            for what, other in other_arrays(image):
                if np.asarray(other).dtype.kind in "fiu" and np.ndim(other):
                    yield f"{number}: {what}", partial(_image, content, number, np.asarray(other))
        for name in names:
            for what in ("nan", "absent", "text", "renamed", "two axes", "ragged"):
                yield f"{number}: column {name} {what}", partial(_column, content, number, name, what)


#: Keywords of headers, and what may stand there.
_CARDS: dict[str, tuple[str, ...]] = {
    "NAXIS": ("0", "1", "3", "999", "-1", "99999999999"),
    "NAXIS1": ("0", "1", "-8", "1000000000000", "3000000000", "8.5", "'x'"),
    "NAXIS2": ("0", "1", "-8", "1000000000000", "400000000", "T"),
    "BITPIX": ("8", "-64", "7", "0", "'x'"),
    "TFIELDS": ("0", "1", "999", "99999", "-1"),
    "PCOUNT": ("1000000000000", "-1", "3000000000"),
    "GCOUNT": ("0", "1000000000"),
    "TFORM1": ("'1PD(3)'", "'Z'", "'1000000000D'", "'-1D'", "'20A'", "'1QD(9)'", "''"),
    "TFORM2": ("'1PE(3)'", "'4X'", "'999999999999E'", "'1C'"),
    "TTYPE1": ("''", "'a/b'", "3"),
    "TUNIT2": ("'furlong'", "''", "'Jy Jy Jy'"),
    "TZERO6": ("'x'", "1E400"),
    "XTENSION": ("'IMAGE'", "'TABLE'", "'NONSENSE'"),
    "EXTNAME": ("''", "'PRIMARY'"),
    "SIMPLE": ("F",),
    "BJDREFI": ("'x'", "1E300"),
    "TICID": ("'../../x'", "-1"),
    "OBJECT": ("'../../../etc/x'", "''", "3.5"),
    "TEFF": ("'hot'", "-1"),
    "NUM_FRM": ("0", "'x'", "-3"),
}


def _card(content: bytes, header: Any, number: int, key: str, value: str) -> bytes:
    old = header.cards[key].image.encode()[:80]
    at = -1
    for _ in range(number + 1 if key not in ("XTENSION", "SIMPLE") else 1):
        found = content.find(old, at + 1)
        at = found if found >= 0 else at
    new = f"{key:8s}= {value:>20s}".ljust(80)[:80].encode()
    return content[:at] + new + content[at + 80 :] if at >= 0 else content


def _hdus(content: bytes, number: int, change: str) -> bytes:
    from astropy.io import fits

    with fits.open(io.BytesIO(content), memmap=False) as file:
        hdus = [hdu.copy() for hdu in file]
    if change == "twice":
        hdus.append(hdus[number] if number else fits.ImageHDU())
    else:
        del hdus[max(number, 1) : max(number, 1) + 1]
    return _written(hdus)


def _image(content: bytes, number: int, image: Any) -> bytes:
    from astropy.io import fits

    with fits.open(io.BytesIO(content), memmap=False) as file:
        hdus = [hdu.copy() for hdu in file]
    hdus[number].data = image
    return _written(hdus)


def _column(content: bytes, number: int, name: str, what: str) -> bytes:
    from astropy.io import fits

    with fits.open(io.BytesIO(content), memmap=False) as file:
        hdus = [hdu.copy() for hdu in file]
    table = hdus[number]
    values, n_row = np.array(table.data[name]), len(table.data)
    columns = [column for column in table.columns if column.name != name]
    new = {
        "nan": lambda: fits.Column(name, "D", array=np.full(n_row, np.nan)),
        "absent": lambda: None,
        "text": lambda: fits.Column(name, "9A", array=np.full(n_row, "nonsense")),
        "renamed": lambda: fits.Column(f"{name}?", "D", array=values.reshape(n_row, -1)[:, 0].astype(float)),
        "two axes": lambda: fits.Column(name, "6D", dim="(2,3)", array=np.ones((n_row, 3, 2))),
        "ragged": lambda: fits.Column(name, "PD()", array=np.array([np.ones(i % 3) for i in range(n_row)], object)),
    }[what]()
    hdus[number] = fits.BinTableHDU.from_columns([*columns, *([new] if new else [])], header=table.header)
    return _written(hdus)


def _written(hdus: Any) -> bytes:
    import warnings

    from astropy.io import fits

    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fits.HDUList(hdus).writeto(file, output_verify="silentfix+ignore")
    return file.getvalue()


def parquet_files(content: bytes) -> Iterator[Made]:
    """Yield parquet files with other columns, types and numbers of rows."""
    import polars as pl

    frame = pl.read_parquet(io.BytesIO(content))
    first, n_row, dtype = frame.columns[0], frame.height, frame.dtypes[0]
    numeric = dtype.is_numeric()
    value: Any
    changes: dict[str, Callable[[], Any]] = {
        "no rows": lambda: frame.head(0),
        "no columns": lambda: frame.select([]),
        "one row": lambda: frame.head(1),
        "one row less": lambda: frame.head(n_row - 1),
        "one row more": lambda: pl.concat([frame, frame.head(1)]),
        "one column": lambda: frame.select(first),
        "one column less": lambda: frame.drop(first),
        "renamed": lambda: frame.rename({first: "é\n../x"}),
        "missing values": lambda: frame.with_columns(pl.lit(None, dtype).alias(first)),
        "lists": lambda: frame.with_columns(pl.lit([[1.0, 2.0]]).first().alias(first)),
        "structures": lambda: frame.with_columns(pl.struct(first).alias(first)),
        "categories": lambda: frame.with_columns(pl.lit("a").cast(pl.Categorical).alias(first)),
        "dates": lambda: frame.with_columns(pl.lit(0).cast(pl.Date).alias(first)),
    }
    for kind in (pl.Float32, pl.Int8, pl.UInt64, pl.Boolean, pl.String):
        changes[f"as {kind}"] = lambda kind=kind: frame.with_columns(pl.all().cast(kind, strict=False))
        changes[f"first as {kind}"] = lambda kind=kind: frame.with_columns(pl.col(first).cast(kind, strict=False))
    for value in (float("nan"), float("inf"), -1e308) if numeric else ():
        changes[f"first {value}"] = lambda value=value: frame.with_columns(pl.lit(value).alias(first))
        changes[f"all {value}"] = lambda value=value: frame.with_columns(pl.all() * 0.0 + value)
    for what, change in changes.items():
        yield what, partial(_parquet, change)
    yield "a large constant", _many_rows


def _parquet(change: Callable[[], Any]) -> bytes:
    file = io.BytesIO()
    change().write_parquet(file, compression="zstd")
    return file.getvalue()


def _many_rows() -> bytes:
    """Return a small file whose single column takes 800 MB in memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file, block = io.BytesIO(), pa.table({"column_0": np.zeros(10**6)})
    with pq.ParquetWriter(file, block.schema, compression="zstd") as writer:
        for _ in range(BOMB // 10**6):
            writer.write_table(block)
    return file.getvalue()
