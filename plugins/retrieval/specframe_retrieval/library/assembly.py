"""Spectra of a file or folder with all that is known of them, as the parameters of a loader say."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.errors import InputFileError, UsageError
from specframe_retrieval.files.arrays import listed
from specframe_retrieval.files.folder import matching_files, stem
from specframe_retrieval.files.reader import file_state, read_arrays
from specframe_retrieval.files.roles import guess_names
from specframe_retrieval.library.guess import guess_labels
from specframe_retrieval.library.label_table import table_rows
from specframe_retrieval.library.names import column_names, names_from_labels, numbered_names
from specframe_retrieval.library.numbers import label_values
from specframe_retrieval.library.params import LabelColumn, WavelengthFile
from specframe_retrieval.library.pattern import as_glob, labels_in, words_of
from specframe_retrieval.library.selection import selected_rows
from specframe_retrieval.library.spectra import ArraySpectra, FileSpectra
from specframe_retrieval.library.spectral_table import table_layout
from specframe_retrieval.library.stacked_arrays import array_layout
from specframe_retrieval.observed.air import air_to_vacuum
from specframe_retrieval.observed.node import in_microns, scale_of_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from specframe_retrieval.files.arrays import NamedArrays
    from specframe_retrieval.library.layout import Layout
    from specframe_retrieval.library.params import SpectraParams
    from specframe_retrieval.library.spectra import Spectra

__all__ = ["assembled", "label_columns"]


def assembled(params: SpectraParams, guesses: bool = True, lenient: bool = False) -> Spectra:
    """Return the spectra that the parameters choose; decoded once per process, until a file changes.

    Their ``row_names`` are names of targets: unique and safe. ``guesses`` makes names of labels that nobody named;
    ``lenient`` lets columns be missing that the parameters name.

    Raises
    ------
    InputFileError
        When a file is missing or damaged, or its arrays are not what the parameters say.
    """
    if params.path.is_dir():
        return _of_folder(params, guesses, lenient)
    states = [file_state(path) for path in _files_read(params)]
    return _of_file(type(params), params.model_dump_json(), tuple(states), guesses, lenient)


def label_columns(params: SpectraParams, columns: Sequence[str] = ()) -> dict[str, LabelColumn]:
    """Return the labels by name and the column of each, which has the name that ``rename`` gives it.

    Those of a mapping stand in the order of ``columns``: the mapping's own is lost where a run writes it down.
    """
    wanted = params.labels
    if wanted is None:
        return {}
    if not isinstance(wanted, dict):
        renamed = [params.rename.get(name, name) for name in wanted]
        return {name: LabelColumn(column=name) for name in renamed}
    found = {}
    for name, one in wanted.items():
        column = LabelColumn(column=one) if isinstance(one, str) else one
        source = column.column if column.column is not None else name
        found[name] = column.model_copy(update={"column": params.rename.get(source, source)})
    place = {column: i for i, column in enumerate(columns)}
    return dict(sorted(found.items(), key=lambda item: (place.get(str(item[1].column), len(place)), item[0])))


def _files_read(params: SpectraParams) -> list[Path]:
    files = [params.path]
    if params.table is not None:
        files.append(params.table)
    if isinstance(params.wavelength, WavelengthFile):
        files.append(params.wavelength.path)
    return files


@lru_cache(maxsize=4)
def _of_file(
    kind: type[SpectraParams], written: str, states: tuple[tuple[str, int, int], ...], guesses: bool, lenient: bool
) -> Spectra:
    del states  # they are part of the key
    params = kind.model_validate_json(written)
    path = params.path
    source = read_arrays(path)
    matrix = source.attrs.get("matrix")
    if matrix is not None:  # of many spectra each has a row, however few they are
        source = replace(source, arrays={str(i): matrix[:, i] for i in range(matrix.shape[1])})
    layout = _layout(source, params)
    quantity = params.quantity or ("depth" if layout.is_depth else "flux")
    axis, named, stated = layout.axis, layout.axis_name, layout.axis_unit
    if axis is None or isinstance(params.wavelength, tuple | WavelengthFile):
        axis, named, stated = _given_axis(source, params, layout)
    if axis.shape not in ((layout.flux.shape[1],), layout.flux.shape):
        raise InputFileError(
            path,
            f"{axis.size} wavelengths in {named!r}, but spectra of {layout.flux.shape[1]} pixels ({layout.flux_name})",
        )
    wavelength = in_microns(path, named, axis, params.wavelength_units or stated)
    if params.medium == "air":
        wavelength = air_to_vacuum(wavelength)
    stated_units = params.flux_units if params.flux_units is not None else layout.units
    scale, units = scale_of_values(path, layout.flux_name, stated_units, quantity)
    if not len(layout.flux):
        raise InputFileError(path, "holds no spectra")
    spectra = ArraySpectra(
        path=path,
        columns=layout.columns,
        column_units={name: source.units[name] for name in layout.columns if name in source.units},
        row_names=layout.row_names,
        said=layout.said,
        wavelength=wavelength,
        flux=layout.flux,
        error=layout.error,
        bad=layout.mask,
        scale=scale,
        units=units,
        stated=stated_units is not None,
        quantity=quantity,
    )
    return _completed(spectra, params, list(layout.row_names), guesses, lenient)


def _layout(source: NamedArrays, params: SpectraParams) -> Layout:
    flux, error = params.flux, params.error
    for name in (flux, error):
        if isinstance(name, str) and not set(name) & set("*?[:"):
            source[name]  # says what is missing, and what is nearest
    single = isinstance(flux, str) and flux in source.arrays and source.arrays[flux].ndim > 1
    if single or (flux is None and any(array.ndim > 1 for array in source.arrays.values())):
        noise = error if isinstance(error, str) else None
        own = params.wavelength if isinstance(params.wavelength, str) else None
        if own is not None:
            source[own]
        return array_layout(source, flux if isinstance(flux, str) else None, noise, own, params.dims)
    lengths = {array.shape for array in source.arrays.values()}
    if len(lengths) > 1 or () in lengths:
        raise InputFileError(
            source.path,
            f"holds no array of spectra (row, pixel), and its arrays are no columns of one length: "
            f"{listed(f'{name} {array.shape}' for name, array in source.arrays.items())}",
        )
    _refuse_single(source, params)
    back = {new: old for old, new in params.rename.items()}
    known = [back.get(str(one.column), str(one.column)) for one in label_columns(params).values()]
    if params.target is not None:
        known.append(params.target)
    channels = None
    if isinstance(params.wavelength, tuple):
        channels = len(params.wavelength)
    elif isinstance(params.wavelength, WavelengthFile):
        channels = len(_column_of(params.wavelength)[0])
    return table_layout(source, _several(flux), _several(error), known, params.pattern, channels)


def _refuse_single(source: NamedArrays, params: SpectraParams) -> None:
    """Say that a file holds one spectrum, not many: a wavelength and a flux, row by row."""
    told = guess_names(source.arrays)
    if params.flux is None and source.named and len(source.arrays) < 5 and {"wavelength", "flux"} <= set(told):
        raise InputFileError(
            source.path,
            "holds a single spectrum; give the folder of such files as path, or read it with observed-spectra",
        )


def _several(names: str | tuple[str, ...] | None) -> tuple[str, ...] | None:
    return (names,) if isinstance(names, str) else names


def _given_axis(
    source: NamedArrays, params: SpectraParams, layout: Layout
) -> tuple[NDArray[np.float64], str, str | None]:
    """Return the wavelengths that the parameters give, their name and unit."""
    given = params.wavelength
    if isinstance(given, WavelengthFile):
        return _column_of(given)
    if isinstance(given, tuple):
        return np.array(given, float), "wavelength", None
    if isinstance(given, str):
        axis = source.numbers(given)
        return axis[0] if axis.ndim == 2 and not np.ptp(axis, axis=0).any() else axis, given, source.units.get(given)
    raise InputFileError(
        params.path,
        f"does not tell the wavelengths of the {layout.flux.shape[1]} pixels of {layout.flux_name!r}: give wavelength, "
        "the name of an array, a list of numbers, or {path: ...}",
    )


def _column_of(given: WavelengthFile) -> tuple[NDArray[np.float64], str, str | None]:
    other = read_arrays(given.path)
    name = given.column or guess_names(other.arrays).get("wavelength") or next(iter(other.arrays))
    return other.numbers(name).astype(float).ravel(), name, other.units.get(name)


def _of_folder(params: SpectraParams, guesses: bool, lenient: bool) -> Spectra:
    """Return the spectra of a folder, a file each."""
    if params.dims is not None:
        raise UsageError(f"dims is for arrays in one file, but {params.path} is a folder")
    for name in ("flux", "error", "wavelength"):
        if isinstance(getattr(params, name), tuple | WavelengthFile):
            raise UsageError(f"{name} must be a column's name where each spectrum has a file of its own")
    paths = matching_files(params.path, as_glob(params.pattern))
    if params.table is not None:
        paths = [path for path in paths if path.resolve() != params.table.resolve()]
    words = words_of(params.pattern)
    columns: dict[str, list[str]] = {word: [] for word in words}
    for path in paths:
        found = labels_in(path.relative_to(params.path).as_posix(), params.pattern) if words else {}
        if found is None:
            raise InputFileError(path, f"its name is not of the pattern {params.pattern!r}")
        for word, value in found.items():
            columns[word].append(value)
    chosen = {role: getattr(params, role) for role in ("wavelength", "flux", "error") if getattr(params, role)}
    reading = {
        "columns": chosen,
        "wavelength_units": params.wavelength_units,
        "flux_units": params.flux_units,
        "quantity": params.quantity,
        "medium": params.medium if params.medium == "air" else None,
    }
    names = [path.relative_to(params.path).as_posix() for path in paths]
    spectra = FileSpectra(
        path=params.path,
        columns={word: _numbers_or_text(values) for word, values in columns.items()},
        row_names=tuple(_unique_stems(paths, names)),
        paths=tuple(paths),
        reading=reading,
    )
    return _completed(spectra, params, names, guesses, lenient)


def _unique_stems(paths: Sequence[Path], names: Sequence[str]) -> list[str]:
    stems = [stem(path) for path in paths]
    return stems if len(set(stems)) == len(stems) else [name.replace("/", "-") for name in names]


def _numbers_or_text(words: list[str]) -> NDArray[Any]:
    try:
        return np.array(words, float)
    except ValueError:
        return np.array(words, str)


def _completed(spectra: Spectra, params: SpectraParams, names: list[str], guesses: bool, lenient: bool) -> Spectra:
    """Return the spectra with the columns of the table, all under their new names, and only those selected."""
    columns, units = dict(spectra.columns), dict(spectra.column_units)
    said: list[str] = []
    if params.table is not None:
        table = read_arrays(params.table)
        rows = table_rows(table, spectra, params, names)
        found = {name: array for name, array in table.arrays.items() if array.ndim == 1}
        kept = np.flatnonzero(rows >= 0)
        if not kept.size:
            raise InputFileError(params.table, f"has a row of none of the {len(rows)} spectra in {params.path}")
        if kept.size < len(rows):
            said.append(f"{len(rows) - kept.size} of {len(rows)} spectra are not in {params.table.name} and left out")
            spectra, rows = spectra.taken(kept), rows[kept]
            columns = dict(spectra.columns)
        columns |= {name: array[rows] for name, array in found.items()}
        units |= {name: unit for name, unit in table.units.items() if name in found}
    for old in params.rename:
        if old not in columns and not lenient:
            raise InputFileError(params.path, f"rename: no column {old!r} (there: {listed(columns, 12) or 'none'})")
    named = {params.rename.get(name, name): column for name, column in columns.items()}
    if len(named) < len(columns):
        raise InputFileError(params.path, f"rename gives two columns the same name: {listed(named, 12)}")
    units = {params.rename.get(name, name): unit for name, unit in units.items()}
    spectra = spectra.with_columns(named, units, *said)
    # before any are selected, so that a spectrum has the same name in every selection
    spectra = spectra.called(_target_names(spectra, params, guesses, lenient))
    wanted = {params.rename.get(name, name): one for name, one in params.select.items()}
    if lenient:
        wanted = {name: one for name, one in wanted.items() if name in named}
    if not wanted:
        return spectra
    return spectra.taken(selected_rows(params.path, {**_labels_asked(params, named, wanted), **named}, wanted))


def _labels_asked(
    params: SpectraParams, columns: Mapping[str, NDArray[Any]], wanted: Mapping[str, Any]
) -> dict[str, NDArray[Any]]:
    """Return the labels that are selected by and no columns: spectral types as numbers, logarithms."""
    if params.labels is None or wanted.keys() <= columns.keys():
        return {}
    labels = label_columns(params, list(columns))
    return {
        name: label_values(params.path, name, columns[str(one.column)], one.as_)
        for name, one in labels.items()
        if name in wanted and one.column in columns
    }


def _target_names(spectra: Spectra, params: SpectraParams, guesses: bool, lenient: bool) -> list[str]:
    key = params.target if params.target is None else params.rename.get(params.target, params.target)
    if key is not None and (key in spectra.columns or not lenient):
        if key not in spectra.columns:
            raise InputFileError(params.path, f"target: no column {key!r} (there: {listed(spectra.columns, 12)})")
        return column_names(params.path, key, spectra.columns[key])
    names: list[str] | None = None
    if guesses:
        columns = guess_labels(spectra.columns)[0]
        if params.labels is not None:
            columns = label_columns(params, list(spectra.columns))
        values = {}
        for name, one in columns.items():
            column = spectra.columns.get(one.column or name)
            if column is not None:
                values[name] = label_values(params.path, name, column, one.as_)
        names = names_from_labels(values)
    return names or numbered_names(spectra.row_names, len(spectra))
