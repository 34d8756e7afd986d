"""The loaders ``model-grid`` and ``spectral-library``."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from specframe.api import Loader, make_labels, make_observation, read_unit
from specframe.errors import InputFileError, UsageError
from specframe_retrieval.files.arrays import listed
from specframe_retrieval.library.assembly import assembled, label_columns
from specframe_retrieval.library.checks import GridReport, grid_report
from specframe_retrieval.library.guess import guess_labels
from specframe_retrieval.library.numbers import label_values
from specframe_retrieval.library.params import ModelGridParams, SpectralLibraryParams

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api import Params
    from specframe_retrieval.library.params import LabelColumn, SpectraParams
    from specframe_retrieval.library.spectra import Spectra

__all__ = ["ModelGrid", "SpectralLibrary"]

_LOG = logging.getLogger(__name__)


class _SpectraLoader(Loader):
    """Loads many spectra with labels, each into the node ``/spectrum/0`` of a target of its own."""

    params: SpectraParams
    #: Whether the spectra hold no noise.
    _clean: ClassVar[bool]
    #: Whether labels that are not named are told by what the columns hold.
    _guesses: ClassVar[bool]
    #: Whether columns that the parameters name may be missing, as in other data than these were written for.
    _lenient = False
    _opened: Spectra | None = None
    _reported: GridReport | None = None

    def targets(self) -> list[str]:
        """Return the targets in the order of the file, or of the files' names."""
        return list(self._spectra().row_names)

    def load(self, target: str) -> xr.DataTree:
        """Return the Observation of one spectrum."""
        spectra, row = self._found(target)
        node = spectra.node(
            row,
            self._clean,
            wavelength_range=self.params.wavelength_range,
            resolving_power=self.params.resolving_power,
            **self._error_options(),
        )
        stated = {} if self.params.reference is None else {"reference": self.params.reference}
        return make_observation(target, {"spectrum/0": node}, source=self.params.path.name, **stated)

    def labels(self) -> xr.DataArray | None:
        """Return the labels of the targets that have any, NaN where one is not known; ``None`` where there are none.

        Their units are in the coordinate ``unit (output)``.
        """
        for one in self._labels()[1]:
            _LOG.info("%s: %s", self.params.path.name, one)
        return self._label_array()

    def catalogue(self) -> xr.Dataset:
        """Return all that is known of the spectra, on dim ``target``, with the labels and ``duplicate``.

        ``duplicate`` is the first target whose spectrum is the same, or the same but for a factor: cross-validation
        that groups by it never tests on a spectrum that it has trained on. ``attrs["findings"]`` lists what
        :meth:`report` found; flaws are in the log, too, as warnings.
        """
        import xarray as xr

        spectra, report = self._spectra(), self.report()
        targets = self.targets()
        first = {name: names[0] for names in report.duplicates for name in names}
        columns = {**spectra.columns, **self._labels()[0]}
        columns["duplicate"] = np.array([first.get(target, target) for target in targets])
        findings = [*spectra.said, *report.findings()]
        for one in findings:
            _LOG.warning("%s: %s", self.params.path.name, one)
        return xr.Dataset(
            {name: ("target", column) for name, column in columns.items()},
            coords={"target": np.array(targets)},
            attrs={"findings": [*findings, *report.notes()]},
        )

    def report(self) -> GridReport:
        """Return what is wrong with the spectra, or limits what can be learned from them.

        Spectra whose files cannot be read have no pixels there.
        """
        if self._reported is None:
            spectra = self._spectra()
            self._reported = grid_report(
                self.targets(),
                [_values(spectra, row) for row in range(len(spectra))],
                self._label_array(),
                scale=not spectra.holds_depths(),  # a deeper transit is another planet
                noisy=not self._clean,
            )
        return self._reported

    def files(self, target: str) -> list[Path]:
        """Return the file that holds the spectrum, the table and the file of wavelengths."""
        spectra, row = self._found(target)
        others = [self.params.table, getattr(self.params.wavelength, "path", None)]
        return [*spectra.files(row), *(path for path in others if path is not None)]

    def relocated(self, path: Path) -> Self:
        """Return the same loader for the spectra at ``path``, of which less may be known than the parameters name."""
        update: dict[str, Any] = {"path": path}
        if path != self.params.path:
            update |= {"table": None, "key": None}
        moved = self.from_params(self.params.model_copy(update=update))
        moved._lenient = True
        return moved

    def __getstate__(self) -> dict[str, Any]:
        return {"params": self.params, "_lenient": self._lenient}

    def _spectra(self) -> Spectra:
        if self._opened is None:
            self._opened = assembled(self.params, self._guesses, self._lenient)
        return self._opened

    def _found(self, target: str) -> tuple[Spectra, int]:
        spectra = self._spectra()
        row = spectra.row_of(target)
        if row is None:
            raise InputFileError(
                self.params.path,
                f"has no spectrum {target!r} among its {len(spectra)} ({listed(spectra.row_names, 3)})",
            )
        return spectra, row

    def _error_options(self) -> dict[str, Any]:
        return {}

    def _label_array(self) -> xr.DataArray | None:
        found, _ = self._labels()
        if not found:
            return None
        values = np.column_stack(list(found.values()))
        known: NDArray[np.bool_] = np.asarray(np.isfinite(values).any(axis=1))
        if not known.any():
            raise InputFileError(self.params.path, f"no spectrum has a label {listed(map(repr, found))}")
        targets = [target for target, there in zip(self.targets(), known.tolist(), strict=True) if there]
        return make_labels(values[known], targets, list(found), self._units(list(found)))

    def _labels(self) -> tuple[dict[str, NDArray[np.float64]], list[str]]:
        """Return the labels (row,) by name, and what was assumed."""
        spectra = self._spectra()
        wanted, said = self._wanted(spectra)
        values = {}
        for name, one in wanted.items():
            column = one.column if one.column is not None else name
            if column not in spectra.columns:
                if self._lenient:
                    continue
                raise InputFileError(
                    self.params.path,
                    f"has no column or array {column!r} for label {name!r} (there: "
                    f"{listed(spectra.columns, 12) or 'none with a value for each spectrum'})",
                )
            values[name] = label_values(self.params.path, name, spectra.columns[column], one.as_)
        return values, said

    def _wanted(self, spectra: Spectra) -> tuple[dict[str, LabelColumn], list[str]]:
        if self.params.labels is not None:
            return label_columns(self.params, list(spectra.columns)), []
        return guess_labels(self._free_columns(spectra)) if self._guesses else ({}, [])

    def _free_columns(self, spectra: Spectra) -> dict[str, Any]:
        return {name: column for name, column in spectra.columns.items() if name != self.params.target}

    def _units(self, names: list[str]) -> list[str]:
        given = {self.params.rename.get(name, name): unit for name, unit in self.params.label_units.items()}
        unknown = [name for name in given if name not in names]
        if unknown and not self._lenient:
            raise UsageError(f"{self.params.path}: label_units: {unknown[0]!r} is none of the labels {listed(names)}")
        spectra = self._spectra()
        wanted, _ = self._wanted(spectra)
        units = []
        for name in names:
            column = wanted[name]
            unit = (
                given.get(name)
                or column.units
                or (spectra.column_units.get(column.column or name, "") if column.as_ == "number" else "")
            )
            try:
                read_unit(unit)
            except ValueError as error:
                raise UsageError(
                    f"{self.params.path}: label_units: {name!r} has {unit!r}, which is no unit: {error}"
                ) from None
            units.append(unit)
        return units


def _values(spectra: Spectra, row: int) -> NDArray[Any]:
    try:
        return spectra.values(row)
    except InputFileError:  # it is set aside, with this reason, where it is loaded
        return np.empty(0)


class ModelGrid(_SpectraLoader):
    """Loads a grid of model spectra with its labels: npz, CSV, NetCDF, HDF5, or a folder of files.

    The values hold no noise (``attrs["noise"] = "absent"``), and their errors are 0 unless the file has any. Labels
    that are not named are all columns that can be one. Pixels that are not finite are masked; a spectrum that has no
    others is set aside.

    Raises
    ------
    InputFileError
        When a file is missing or damaged, or its arrays are not what the parameters say. Names file and array.
    """

    name: ClassVar[str] = "model-grid"
    Params: ClassVar[type[Params]] = ModelGridParams
    params: ModelGridParams
    _clean = True
    _guesses = True


class SpectralLibrary(_SpectraLoader):
    """Loads a library of observed spectra with labels, errors, and all else that is known of them.

    Rows may have wavelengths of their own. Labels are those that the parameters name; all other columns are in the
    catalogue, so that cross-validation can group by them. Pixels that are not finite, or whose error is not positive,
    are masked.

    Raises
    ------
    InputFileError
        When a file is missing or damaged, or its arrays are not what the parameters say. Names file and array.
    """

    name: ClassVar[str] = "spectral-library"
    Params: ClassVar[type[Params]] = SpectralLibraryParams
    params: SpectralLibraryParams
    _clean = False
    _guesses = False

    @classmethod
    def of(cls, spectra: Spectra, params: SpectralLibraryParams) -> Self:
        """Return a library of spectra that were put together otherwise; ``params`` say what their labels are."""
        self = cls.from_params(params)
        self._opened = spectra
        return self

    def row(self, target: str) -> tuple[Mapping[str, NDArray[Any]], int]:
        """Return the columns (row,), and the row of a target in them."""
        spectra, row = self._found(target)
        return spectra.columns, row

    def _error_options(self) -> dict[str, Any]:
        return {"snr": self.params.snr, "relative_error": self.params.relative_error}
