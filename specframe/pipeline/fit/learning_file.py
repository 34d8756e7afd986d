"""What models learn from, as a folder of files: written once, read by every process that fits.

Arrays are NumPy's ``.npy``: types and bytes come back as they were, and large ones are read where they lie, so that the
processes of one machine share their memory. A JSON file says what they belong to.
"""

from __future__ import annotations

import json
import shutil
import socket
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.refusal import cannot_write
from specframe.errors import ContainerError, RunError
from specframe.pipeline.fit.learning import LearningData

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

__all__ = ["read_learning", "write_learning"]

_STRUCTURE = "structure.json"
#: Bytes from which an array is shared between processes rather than read by each.
_SHARED = 2**20


def write_learning(folder: Path, data: LearningData, labels: xr.DataArray) -> None:
    """Write the data and their labels into ``folder``, in place of what lies there.

    Raises
    ------
    ContainerError
        When a variable or attribute is no number, bool, string, or list of them.
    WriteError
        When the disk takes no more.
    """
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        writer = _Writer(folder)
        structure = {
            "collections": {step: writer.tree(tree) for step, tree in data.collections.items()},
            "observed": None
            if data.observed is None
            else {step: writer.tree(tree) for step, tree in data.observed.items()},
            "targets": list(data.targets),
            "groups": writer.value(np.asarray(data.groups)),
            "depths": writer.array(data.depths),
            "depth_errors": writer.array(data.depth_errors),
            "labels": writer.array(labels),
            "trees": writer.trees,
        }
        (folder / _STRUCTURE).write_text(json.dumps(structure), encoding="utf-8")
    except OSError as error:
        raise cannot_write(folder, error) from error


def read_learning(folder: Path) -> tuple[LearningData, xr.DataArray]:
    """Read what :func:`write_learning` wrote: the data and their labels.

    Raises :class:`RunError` where the folder cannot be seen.
    """
    try:
        structure = json.loads((folder / _STRUCTURE).read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(
            f"{folder} cannot be read on {socket.gethostname()} ({error.strerror}): the run's folder must lie where "
            "all workers see it"
        ) from error
    reader = _Reader(folder)
    trees = [reader.tree(nodes) for nodes in structure["trees"]]
    labels = reader.array(structure["labels"])
    assert labels is not None
    observed = structure["observed"]
    data = LearningData(
        collections={step: trees[number] for step, number in structure["collections"].items()},
        targets=tuple(structure["targets"]),
        groups=reader.value(structure["groups"]),
        depths=reader.array(structure["depths"]),
        depth_errors=reader.array(structure["depth_errors"]),
        observed=None if observed is None else {step: trees[number] for step, number in observed.items()},
    )
    return data, labels


class _Writer:
    """Writes arrays, each into a file of its own, and describes in JSON what is made of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        #: Nodes of the trees written so far; steps that read the same share one.
        self.trees: list[list[Any]] = []
        self._known: dict[int, int] = {}

    def tree(self, tree: xr.DataTree) -> int:
        """Return the number of a tree among all."""
        if id(tree) not in self._known:
            nodes = [[node.path, self._dataset(node.to_dataset(inherit=False), node.path)] for node in tree.subtree]
            self._known[id(tree)] = len(self.trees)
            self.trees.append(nodes)
        return self._known[id(tree)]

    def array(self, array: xr.DataArray | None) -> Any:
        if array is None:
            return None
        return {"name": array.name, "data": self._dataset(array.to_dataset(name=_VALUES), _VALUES)}

    def _dataset(self, data: xr.Dataset, where: str) -> Any:
        variables = [
            {
                "name": name,
                "dims": list(variable.dims),
                "values": self.value(np.asarray(variable.values), f"{where}: variable {name!r}"),
                "attrs": self._attrs(variable.attrs, f"{where}: variable {name!r}"),
                "coordinate": name in data.coords,
            }
            for name, variable in data.variables.items()
        ]
        return {"variables": variables, "attrs": self._attrs(data.attrs, where)}

    def _attrs(self, attrs: dict[Any, Any], where: str) -> Any:
        return [[name, self.value(value, f"{where}, attribute {name!r}")] for name, value in attrs.items()]

    def value(self, value: Any, where: str = "") -> Any:
        """Return plain data as JSON has them; others as what says how to make them again."""
        if value is None or type(value) in (bool, int, float, str):
            return value
        if isinstance(value, list | tuple):
            return {type(value).__name__: [self.value(item, where) for item in value]}
        if isinstance(value, np.ndarray | np.generic):
            array = np.asarray(value)
            if array.dtype.kind == "O" and all(isinstance(item, str) for item in array.ravel()):
                return {"text": self._file(array.astype(str))}
            if array.dtype.kind in "biufcUSmM":
                return {("array" if isinstance(value, np.ndarray) else "scalar"): self._file(array)}
        raise ContainerError(
            f"{where} holds {type(value).__name__}, which cannot be sent to other processes; use numbers, bools or "
            "strings"
        )

    def _file(self, array: np.ndarray[Any, Any]) -> int:
        np.save(self._folder / f"{self._count}.npy", array, allow_pickle=False)
        self._count += 1
        return self._count - 1


#: What the variable of a DataArray is called meanwhile: it may have no name, or that of a coordinate.
_VALUES = "__values__"


class _Reader:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def tree(self, nodes: list[Any]) -> xr.DataTree:
        import xarray as xr

        return xr.DataTree.from_dict({path: self._dataset(described) for path, described in nodes})

    def array(self, described: Any) -> xr.DataArray | None:
        if described is None:
            return None
        return self._dataset(described["data"])[_VALUES].rename(described["name"])

    def _dataset(self, described: Any) -> xr.Dataset:
        import xarray as xr

        parts: dict[bool, dict[Any, xr.Variable]] = {False: {}, True: {}}
        for one in described["variables"]:
            variable = xr.Variable(one["dims"], self.value(one["values"]), self._attrs(one["attrs"]))
            parts[one["coordinate"]][one["name"]] = variable
        return xr.Dataset(parts[False], coords=parts[True], attrs=self._attrs(described["attrs"]))

    def _attrs(self, described: Any) -> dict[Any, Any]:
        return {name: self.value(value) for name, value in described}

    def value(self, described: Any) -> Any:
        if not isinstance(described, dict):
            return described
        ((kind, content),) = described.items()
        if kind in ("list", "tuple"):
            items = [self.value(item) for item in content]
            return items if kind == "list" else tuple(items)
        array = self._file(content)
        return array.astype(object) if kind == "text" else array[()] if kind == "scalar" else array

    def _file(self, number: int) -> np.ndarray[Any, Any]:
        path = self._folder / f"{number}.npy"
        # copies are made of what is written to: components must not, but nothing should break or warn where one does
        shared = "c" if path.stat().st_size >= _SHARED else None
        return np.asarray(np.load(path, mmap_mode=shared, allow_pickle=False))  # type: ignore[arg-type]
