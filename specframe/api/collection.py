"""The collection: what models fit on, made by ``collate`` from the Observations of many targets.

A :class:`xarray.DataTree` whose variables all have the leading dim ``target``. The node ``/spectrum`` holds ``depth``
and ``depth_error (target, wavelength)``, merged over instruments and visits in ascending wavelength, and where asked
for ``depth_covariance (target, wavelength, wavelength_other)``. A node ``/<instrument>`` holds the instrument's
variables stacked over targets (``AIRS-CH0/flux (target, wavelength, time)``), its visits averaged with weights from
their errors; ``/catalogue`` holds what the loader knows besides (``catalogue/Rs (target,)``). A model names what it
reads by these paths; a bare name such as ``flux`` means that variable of every instrument, and ``depth`` means
``spectrum/depth``. Of alternatives, ``depth|flux``, it is the first that the targets have.

Of targets whose instruments and visits were fitted together, in a node ``/spectrum/joint``, the depths are those of
that fit, and what else it found is ``spectrum/white_depth (target,)``, ``spectrum/mid_transit (target, visit)``.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.api.observation import nodes
from specframe.api.visits import MERGED, combine_visits, merged_depths
from specframe.errors import ContainerError, DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["collate", "design_matrix", "inputs_chosen", "variables_read"]

_CATALOGUE = "catalogue/"
#: What is read where nothing is named.
_DEFAULT = ("depth|flux",)


def collate(
    observations: Iterable[xr.DataTree],
    inputs: Sequence[str] = (),
    catalogue: xr.Dataset | None = None,
    reject: Callable[[str, DataError], None] | None = None,
    like: xr.DataTree | None = None,
) -> xr.DataTree:
    """Stack ``inputs`` of many Observations into one collection.

    Parameters
    ----------
    observations
        Read one by one; only what ``inputs`` names is kept of each.
    inputs
        Paths in the collection, or alternatives ``depth|flux``, of which the first is read that the first Observation
        has. Empty: ``depth|flux``.
    catalogue
        Variables on dim ``target`` from the loader, for inputs under ``catalogue/``.
    reject
        Called with the target and the reason when a target does not fit with the others (another wavelength grid or
        number of samples) or all of it is masked; it is then left out. Without it the error is raised.
    like
        A collection that a model was fitted on (one target of it will do): targets must fit with it rather than with
        most of the others.

    Raises
    ------
    ContainerError
        When an input does not exist, or no target is left.
    """
    import xarray as xr

    rows: dict[str, dict[str, xr.DataArray]] = {}
    wanted: list[str] = []
    for observation in observations:
        target = str(observation.attrs["target"])
        if not wanted:
            wanted = [name for name in inputs_chosen(inputs, observation) if not name.startswith(_CATALOGUE)]
        try:
            rows[target] = _extract(observation, wanted)
            if rows[target] and all(_is_masked(array) for array in rows[target].values()):
                del rows[target]
                raise ContainerError(
                    f"target {target}: all of {', '.join(wanted)} is masked, so nothing is to learn from"
                )
        except DataError as error:
            _refuse(target, error, reject)
    for target, misfit in _misfits(rows, like):
        _refuse(target, misfit, reject)
        del rows[target]
    for name in inputs:
        if name.startswith(_CATALOGUE):
            for target in _uncatalogued(rows, name.removeprefix(_CATALOGUE), catalogue):
                _refuse(target, ContainerError(f"target {target} is not in the loader's catalogue"), reject)
                del rows[target]
    if not rows:
        raise ContainerError("collate: no target is left to learn from")

    targets = list(rows)
    by_node: dict[str, dict[str, xr.DataArray]] = {"/": {}}
    for path, example in next(iter(rows.values())).items():
        node, _, name = path.rpartition("/")
        stacked = np.stack([rows[target][path].values for target in targets])
        coords = {k: c for k, c in example.coords.items() if set(c.dims) <= set(example.dims) and c.dims}
        by_node.setdefault(f"/{node}", {})[name] = xr.DataArray(
            stacked, dims=("target", *example.dims), coords=coords, attrs=example.attrs
        )
    for name in inputs:
        if name.startswith(_CATALOGUE):
            assert catalogue is not None
            key = name.removeprefix(_CATALOGUE)
            by_node.setdefault("/catalogue", {})[key] = catalogue[key].sel(target=targets).drop_vars("target")
    return xr.DataTree.from_dict(
        {path: xr.Dataset(variables, coords={"target": targets}) for path, variables in by_node.items()}
    )


def inputs_chosen(inputs: Sequence[str], observation: xr.DataTree) -> tuple[str, ...]:
    """Return ``inputs`` without alternatives: of ``depth|flux`` the first that ``observation`` has, else the last.

    Empty inputs are those of the collection's default.
    """
    there = {str(name) for _, data in nodes(observation) for name in data.data_vars}
    chosen = []
    for name in inputs or _DEFAULT:
        alternatives = name.split("|")
        chosen.append(next((a for a in alternatives if a.rpartition("/")[2] in there), alternatives[-1]))
    return tuple(dict.fromkeys(chosen))


def variables_read(inputs: Sequence[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the variables of an Observation's nodes that ``inputs`` name, and those that ``collate`` uses besides.

    So whoever holds Observations in files reads no others. Besides are masks, and the errors that visits are weighted
    with; an Observation need not have them.
    """
    named = frozenset(name.rpartition("/")[2] for name in inputs if not name.startswith(_CATALOGUE))
    besides = {"mask", *(f"{name.removesuffix('_error')}_error" for name in named)}
    if named & set(MERGED):
        besides |= {"depth", "depth_error"}
    return named, frozenset(besides) - named


def design_matrix(X: Any, inputs: Sequence[str] = ()) -> tuple[NDArray[np.float64], list[str]]:
    """Return ``X`` as a matrix (n_target, n_feature), NaN where masked, and its targets' names.

    ``X`` is a collection, a Dataset or DataArray with leading dim ``target``, or an array whose first axis is the
    target. ``inputs`` choose variables of a collection, as in :func:`collate`; empty takes all it holds but errors.
    Targets of a bare array are named ``"0"``, ``"1"`` ...

    Raises
    ------
    ContainerError
        When a variable of ``inputs`` is not there, or the leading dim is not ``target``.
    """
    import xarray as xr

    if isinstance(X, xr.DataTree):
        columns = [_flat(array) for array in _chosen(X, inputs)]
        matrix = np.concatenate(columns, axis=1)
        return matrix, [str(t) for t in X.coords["target"].values]
    if isinstance(X, xr.Dataset):
        return design_matrix(xr.DataTree(X), inputs)
    if isinstance(X, xr.DataArray):
        if not X.dims or X.dims[0] != "target":
            raise ContainerError(f"expected an array with leading dim 'target', got dims {X.dims}")
        names = X["target"].values if "target" in X.coords else range(X.sizes["target"])
        return _flat(X), [str(t) for t in names]
    array = np.asarray(X, float)
    if array.ndim < 2:
        raise ContainerError(f"expected X of shape (n_target, n_feature), got shape {array.shape}")
    return array.reshape(len(array), -1), [str(i) for i in range(len(array))]


def _flat(array: xr.DataArray) -> NDArray[np.float64]:
    if "wavelength" in array.coords and array["wavelength"].dims == ("wavelength",):
        wavelength = array["wavelength"].values
        descends = np.flatnonzero(np.diff(wavelength) < 0)
        if descends.size:  # a column is known by its place, so another order would be taken for other data
            at = int(descends[0])
            raise ContainerError(
                f"wavelength must ascend, but index {at} has {wavelength[at]:g} and index {at + 1} has "
                f"{wavelength[at + 1]:g}: give X.sortby('wavelength')"
            )
    return np.asarray(array.values, float).reshape(array.shape[0], -1)


def _chosen(collection: xr.DataTree, inputs: Sequence[str]) -> list[xr.DataArray]:
    everything = {
        f"{node.path.strip('/')}/{name}".strip("/"): array
        for node in collection.subtree
        for name, array in node.to_dataset(inherit=False).data_vars.items()
    }
    if not inputs:
        chosen = [a for name, a in everything.items() if not name.endswith(("_error", "_covariance", "mask"))]
    else:
        chosen = []
        for name in inputs:
            found = [a for path, a in everything.items() if path == name or path.endswith(f"/{name}")]
            if not found:
                raise ContainerError(f"the collection has no {name!r} (there: {', '.join(everything) or 'nothing'})")
            chosen += found
    return chosen


def _refuse(target: str, error: DataError, reject: Callable[[str, DataError], None] | None) -> None:
    if reject is None:
        raise error
    reject(target, error)


def _extract(observation: xr.DataTree, wanted: Sequence[str]) -> dict[str, xr.DataArray]:
    """Return ``{path in the collection: array without dim target}`` of one Observation."""
    by_instrument = _by_instrument(observation)
    found: dict[str, xr.DataArray] = {}
    for name in wanted:
        if name.removeprefix("spectrum/") in MERGED:
            name = name.removeprefix("spectrum/")
            try:
                found[f"spectrum/{name}"] = merged_depths(by_instrument, name)
            except ContainerError as error:
                raise ContainerError(f"target {observation.attrs['target']}: {error}") from None
            continue
        instrument, _, variable = name.rpartition("/")
        here = [i for i in by_instrument if instrument in ("", i) and any(variable in d for d in by_instrument[i])]
        if not here:
            there = sorted({f"{i}/{v}" for i, visits in by_instrument.items() for d in visits for v in d.data_vars})
            raise ContainerError(
                f"target {observation.attrs['target']}: no {name!r} to learn from (there: {', '.join(there)})"
            )
        for key in here:
            found[f"{key}/{variable}"] = combine_visits(by_instrument[key], variable)
    return found


def _by_instrument(observation: xr.DataTree) -> dict[str, list[xr.Dataset]]:
    found: dict[str, list[xr.Dataset]] = {}
    for path, data in nodes(observation):
        found.setdefault(path.partition("/")[0], []).append(data)
    return found


def _uncatalogued(targets: Iterable[str], key: str, catalogue: xr.Dataset | None) -> list[str]:
    """Return the targets that the catalogue lacks; raise when it has no variable ``key`` at all."""
    if catalogue is None or key not in catalogue:
        there = ", ".join(map(str, catalogue.data_vars)) if catalogue is not None else "nothing"
        raise ContainerError(f"collate: the loader's catalogue has no {key!r} (there: {there})")
    known = {str(target) for target in catalogue["target"].values}
    return [target for target in targets if target not in known]


def _is_masked(array: xr.DataArray) -> bool:
    return array.dtype.kind == "f" and bool(np.isnan(array.values).all())


_Form = tuple[tuple[str, tuple[int, ...], bytes], ...]


def _misfits(rows: dict[str, dict[str, xr.DataArray]], like: xr.DataTree | None) -> list[tuple[str, ContainerError]]:
    """Find the targets whose variables, shapes or wavelengths differ from ``like``, or from those of most targets."""
    forms = {target: _form(row) for target, row in rows.items()}
    if not forms:
        return []
    if like is None:
        usual, whose = Counter(forms.values()).most_common(1)[0][0], "most others have"
    else:
        usual, whose = _form(_first_row(like)), "the model was fitted on"
    expected = _described(usual)
    return [
        (
            target,
            ContainerError(
                f"target {target} does not fit: it has {_described(got)}, {whose} {expected}"
                + (", on other wavelengths" if _described(got) == expected else "")
                + "; bring all to one grid, and mask what a target lacks"
            ),
        )
        for target, got in forms.items()
        if got != usual
    ]


def _form(row: dict[str, xr.DataArray]) -> _Form:
    def wavelength(array: xr.DataArray) -> bytes:
        return np.round(array["wavelength"].values, 6).tobytes() if "wavelength" in array.coords else b""

    return tuple((path, array.shape, wavelength(array)) for path, array in sorted(row.items()))


def _described(form: _Form) -> str:
    return ", ".join(f"{path} {shape}" for path, shape, _ in form)


def _first_row(collection: xr.DataTree) -> dict[str, xr.DataArray]:
    """Return the first target of a collection as ``{path: array}``, without the catalogue."""
    return {
        f"{node.path.strip('/')}/{name}": array.isel(target=0)
        for node in collection.subtree
        if not f"{node.path.strip('/')}/".startswith(_CATALOGUE)
        for name, array in node.to_dataset(inherit=False).data_vars.items()
    }
