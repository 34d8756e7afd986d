"""Observations as NetCDF-4 files, written and read by h5py directly.

The files are ordinary NetCDF-4, and ``xarray.open_datatree`` reads them. xarray's own writer takes 50 to 300 ms for an
Observation of 2 MB with some 30 variables, about as long as reducing a full-size planet; this takes a few ms
(``benchmarks/stage_store.py``), because it sets each attribute once and looks nothing up again.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from specframe.errors import ContainerError

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path
    from typing import TypeAlias

    import xarray as xr

    _Identifier: TypeAlias = h5py.h5d.DatasetID | h5py.h5g.GroupID

__all__ = ["encode_tree", "read_tree", "write_tree"]

#: How NetCDF-4 marks a dimension that has no values of its own, with its length.
_BARE_DIMENSION = "This is a netCDF dimension but not a netCDF variable."
#: An Observation has some ten groups.
_MOST_GROUPS = 10_000
_STRING = h5py.string_dtype()
_RESERVED = {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid", "dtype", "coordinates"}


def write_tree(path: Path, tree: xr.DataTree) -> None:
    """Write a tree whose nodes hold numbers, bools and strings.

    Raises :class:`ContainerError` for a variable or attribute that NetCDF has no type for.
    """
    path.write_bytes(encode_tree(tree))


def encode_tree(tree: xr.DataTree) -> memoryview:
    """Return the file that :func:`write_tree` writes."""
    # HDF5 ends the process when the disk is full, so the file is made in memory and written by Python, which raises
    content = io.BytesIO()
    with h5py.File(content, "w", track_order=True) as file:
        for node in tree.subtree:
            # in the order of the tree, which steps after it follow, whether they get it from the store or not
            group = file if node.parent is None else file.create_group(node.path, track_order=True)
            data = node.to_dataset(inherit=False)
            _write_attributes(group.id, data.attrs, node.path)
            _write_node(group, data, node.path)
    return content.getbuffer()


def read_tree(path: Path, names: Container[str] | None = None) -> xr.DataTree:
    """Read what :func:`write_tree` wrote, into memory.

    With ``names``, only the variables that they contain, the values of their dimensions, and variables without
    dimensions are read: a few numbers of a large Observation take a fraction of the time.
    """
    import xarray as xr

    nodes: dict[str, xr.Dataset] = {}
    with h5py.File(path, "r") as file:
        groups: list[tuple[str, h5py.Group]] = [("/", file)]
        while groups:
            name, group = groups.pop(0)
            if len(nodes) > _MOST_GROUPS:
                raise OSError(f"has more than {_MOST_GROUPS:,} groups, or such as hold themselves")
            items = {key.decode(): h5py.h5o.open(group.id, key) for key in _names(group)}
            variables = {key: item for key, item in items.items() if isinstance(item, h5py.h5d.DatasetID)}
            nodes[name] = _read_node(group, variables, names)
            prefix = name.rstrip("/")
            groups += [
                (f"{prefix}/{key}", h5py.Group(item))
                for key, item in items.items()
                if isinstance(item, h5py.h5g.GroupID)
            ]
    return xr.DataTree.from_dict(nodes)


# The rest of this module talks to HDF5 by h5py's low-level interface where there is much to do: a tree has some 30
# variables with 3 attributes each, and the high-level one takes three times as long for them.
def _write_node(group: h5py.Group, data: xr.Dataset, where: str) -> None:
    scales: dict[str, h5py.h5d.DatasetID] = {}
    for name, size in sorted(data.sizes.items(), key=lambda item: str(item[0])):
        if name in data.variables:
            scales[str(name)] = _write_variable(group, str(name), data[name].variable, where)
            h5py.h5ds.set_scale(scales[str(name)], str(name).encode())
        else:
            scales[str(name)] = group.create_dataset(str(name), (size,), ">f4").id
            h5py.h5ds.set_scale(scales[str(name)], f"{_BARE_DIMENSION}{size:10d}".encode())
    for key, variable in data.variables.items():
        if key in scales:
            continue
        written = _write_variable(group, str(key), variable, where)
        for axis, dim in enumerate(variable.dims):
            h5py.h5ds.attach_scale(written, scales[str(dim)], axis)
    secondary = sorted(str(name) for name in data.coords if name not in scales)
    if secondary:
        group.attrs["coordinates"] = " ".join(secondary)


def _write_variable(group: h5py.Group, name: str, variable: xr.Variable, where: str) -> h5py.h5d.DatasetID:
    values = np.asarray(variable.values)
    if values.dtype.kind == "b":
        written = _create(group, name, values.view(np.int8))
        _create_attribute(written, "dtype", "bool")
    elif values.dtype.kind in "UO":
        if not all(isinstance(value, str) for value in values.ravel()):
            raise ContainerError(f"{where}: variable {name!r} holds Python objects; use numbers, bools or strings")
        written = group.create_dataset(name, data=values.astype(object), dtype=_STRING).id
    elif values.dtype.kind in "fiu":
        written = _create(group, name, values)
    else:
        raise ContainerError(f"{where}: variable {name!r} has dtype {values.dtype}; use numbers, bools or strings")
    _write_attributes(written, variable.attrs, f"{where}, variable {name!r}")
    return written


def _create(group: h5py.Group, name: str, values: np.ndarray[Any, Any]) -> h5py.h5d.DatasetID:
    if not name.isascii():
        return group.create_dataset(name, data=values).id
    without_times = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    without_times.set_obj_track_times(False)  # else the file would depend on when it was written
    kind = h5py.h5t.py_create(values.dtype)
    created = h5py.h5d.create(group.id, name.encode(), kind, _space(values), without_times)
    if values.size:
        created.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(values).reshape(values.shape))
    return created


def _write_attributes(item: _Identifier, attrs: dict[Any, Any], where: str) -> None:
    for name, value in sorted(attrs.items(), key=lambda item: str(item[0])):
        if isinstance(value, bool | np.bool_):
            value = np.int8(value)
        array = np.asarray(value)
        if array.dtype.kind not in "fiuU":
            raise ContainerError(
                f"{where}: attribute {name!r} is a {type(value).__name__}, which NetCDF has no type for; use a number, "
                "a string or a list of them"
            )
        _create_attribute(item, str(name), value)


def _create_attribute(item: _Identifier, name: str, value: Any) -> None:
    array = np.asarray(value)
    if array.dtype.kind == "U":
        array = array.astype(_STRING)
    kind = h5py.h5t.py_create(array.dtype, logical=True)
    h5py.h5a.create(item, name.encode(), kind, _space(array)).write(array)


def _space(array: np.ndarray[Any, Any]) -> h5py.h5s.SpaceID:
    return h5py.h5s.create_simple(array.shape) if array.ndim else h5py.h5s.create(h5py.h5s.SCALAR)


def _names(group: h5py.Group) -> list[bytes]:
    """Return the names of what is in a group, in the order in which it was written where that is known."""
    names: list[bytes] = []
    try:
        group.id.links.iterate(names.append, idx_type=h5py.h5.INDEX_CRT_ORDER)
    except (ValueError, RuntimeError):  # not written by us
        names = list(group.id)
    return names


def _read_node(group: h5py.Group, items: dict[str, h5py.h5d.DatasetID], names: Container[str] | None) -> xr.Dataset:
    import xarray as xr

    attrs = _read_attributes(group)
    secondary = set(str(group.attrs.get("coordinates", "")).split())
    chosen = {
        name: h5py.Dataset(item) for name, item in items.items() if names is None or name in names or item.rank == 0
    }
    dims = {name: _dims(name, item) for name, item in chosen.items()}
    for name in sorted({dim for of_one in dims.values() for dim in of_one} - dims.keys()):
        chosen[name], dims[name] = h5py.Dataset(items[name]), (name,)
    variables = {
        name: xr.Variable(dims[name], _values(item), _read_attributes(item))
        for name, item in chosen.items()
        if not _is_bare(item)
    }
    coordinates = {name for name, variable in variables.items() if name in secondary or variable.dims == (name,)}
    return xr.Dataset(
        {name: variable for name, variable in variables.items() if name not in coordinates},
        coords={name: variables[name] for name in variables if name in coordinates},
        attrs=attrs,
    )


def _is_bare(item: h5py.Dataset) -> bool:
    """Return whether it only stands for a dimension that has no values."""
    return bool(item.is_scale) and h5py.h5ds.get_scale_name(item.id).startswith(_BARE_DIMENSION.encode())


def _dims(name: str, item: h5py.Dataset) -> tuple[str, ...]:
    if item.is_scale:
        return (name,)
    if not item.shape:
        return ()
    return tuple(
        h5py.h5r.get_name(references[0], item.id).rpartition(b"/")[2].decode()
        for references in item.attrs["DIMENSION_LIST"]
    )


def _values(item: h5py.Dataset) -> Any:
    if h5py.check_string_dtype(item.dtype):
        return np.asarray(item.asstr()[()]).astype(str)
    values = item[()]
    return values.view(bool) if item.attrs.get("dtype") == "bool" else values


def _read_attributes(item: h5py.Group | h5py.Dataset) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name in item.attrs:
        if name in _RESERVED:
            continue
        value = item.attrs[name]
        if isinstance(value, np.generic):
            value = value.item()
        elif isinstance(value, np.ndarray):
            value = value.astype(str).tolist() if value.dtype.kind == "O" else value
        plain[name] = value
    return plain
