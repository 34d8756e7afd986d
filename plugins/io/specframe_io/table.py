"""The loader ``table``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from specframe.api import Loader, make_labels, make_observation
from specframe.errors import InputFileError
from specframe_io.arrays import Arrays, patterns_of
from specframe_io.names import listed
from specframe_io.params import TableParams
from specframe_io.source import Source, open_source
from specframe_io.targets import rows_of

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

    from specframe_io.params import CatalogueParams, LabelParams

__all__ = ["Table"]


class Table(Loader):
    """Loads arrays in which every row is a target: light curves or spectra, with labels and a catalogue.

    Samples that are not finite, or have an error that is not positive, are masked. Light curves without errors get
    them from the scatter of neighbouring samples, one per channel, and say so in ``flux_error``'s ``attrs``; they
    contain whatever varies from one sample to the next. Spectra without errors have NaN there. Channels without
    wavelengths are numbered 1, 2 ... and samples without times are 1 s apart, which their ``attrs`` say too.

    Labels and catalogue may stand in other files, whose rows are found by the targets' names; where the data have no
    names, rows belong together by their order. Targets without a row of labels have no labels.

    Each file is read once per loader. Copies of a loader in other processes are small and read their own.

    Raises
    ------
    InputFileError
        From every method, when a file is missing, damaged or not what the parameters say. Names file, array and row.
    """

    name = "table"
    Params: ClassVar[type[TableParams]] = TableParams
    params: TableParams
    _opened: dict[Path, Source] | None = None
    _numbered: dict[str, int] | None = None

    def targets(self) -> list[str]:
        """Return the targets in the file's order."""
        return list(self._rows())

    def load(self, target: str) -> xr.DataTree:
        """Return the Observation of one target, with a single node ``<instrument>/0``."""
        rows = self._rows()
        if target not in rows:
            raise InputFileError(self.params.path, f"has no target {target!r} among its {len(rows)}")
        node = self._arrays().node(rows[target])
        return make_observation(target, {f"{self.params.instrument}/0": node}, source=self.params.path.name)

    def labels(self) -> xr.DataArray | None:
        """Return the labels of the targets that have any, or ``None`` without the parameter ``labels``."""
        wanted = self.params.labels
        if wanted is None:
            return None
        source, rows, columns = self._matched(wanted)
        if not columns:
            raise InputFileError(
                source.path,
                f"has no labels: nothing but the targets' names matches {listed(patterns_of(wanted.columns))}",
            )
        unknown = set(wanted.strip) - set(columns)
        if unknown:
            raise InputFileError(source.path, f"labels.strip names {min(unknown)!r}, which is not among the labels")
        values: NDArray[np.float64] = np.column_stack(
            [source.parsed(name, array, wanted.strip.get(name, "")) for name, array in columns.items()]
        )
        found = {target: row for target, row in rows.items() if row is not None}
        if not found:
            raise InputFileError(source.path, f"has labels of none of the {len(rows)} targets in {self.params.path}")
        values, outputs = values[list(found.values())], list(columns)
        if wanted.reduce is not None:
            reduce = np.mean if wanted.reduce == "mean" else np.median
            values, outputs = np.asarray(reduce(values, axis=1, keepdims=True)), [wanted.reduce]
        if wanted.name is not None:
            if len(outputs) > 1:
                raise InputFileError(
                    source.path, f"labels.name is for a single label, but there are {len(outputs)}; see labels.reduce"
                )
            outputs = [wanted.name]
        wavelength = self._arrays().label_wavelength(wanted, outputs)
        return make_labels(values, list(found), outputs, wanted.units, wavelength)

    def catalogue(self) -> xr.Dataset | None:
        """Return the catalogue's columns on dim ``target``, or ``None`` without the parameter ``catalogue``."""
        import xarray as xr

        wanted = self.params.catalogue
        if wanted is None:
            return None
        fill = wanted.missing == "fill"
        source, rows, columns = self._matched(wanted, missing_ok=fill)
        absent = [target for target, row in rows.items() if row is None]
        if absent and not fill:
            raise InputFileError(
                source.path,
                f"the catalogue lacks {len(absent)} of {len(rows)} targets, first {absent[0]}; with missing: fill they "
                "get NaN or empty text",
            )
        if not columns:
            return None
        variables = {name: ("target", _picked(array, list(rows.values()))) for name, array in columns.items()}
        return xr.Dataset(variables, coords={"target": list(rows)})

    def files(self, target: str) -> list[Path]:
        """Return the data file, and other files with wavelengths or times."""
        del target
        return self._arrays().files()

    def relocated(self, path: Path) -> Self:
        """Return a loader of other data in the same form, without labels and with what there is of the catalogue."""
        catalogue = self.params.catalogue
        if catalogue is not None:
            catalogue = catalogue.model_copy(update={"missing": "fill"})
        return self.from_params(self.params.model_copy(update={"path": path, "labels": None, "catalogue": catalogue}))

    def __getstate__(self) -> dict[str, Any]:
        return {"params": self.params}

    def _source(self, path: Path | None) -> Source:
        if self._opened is None:
            self._opened = {}
        path = path or self.params.path
        if path not in self._opened:
            self._opened[path] = open_source(path)
        return self._opened[path]

    def _arrays(self) -> Arrays:
        return Arrays(self.params, self._source)

    def _rows(self) -> dict[str, int]:
        """Return the row of each target."""
        if self._numbered is None:
            self._numbered = {name: row for row, name in enumerate(self._arrays().target_names())}
        return self._numbered

    def _matched(
        self, wanted: LabelParams | CatalogueParams, missing_ok: bool = False
    ) -> tuple[Source, dict[str, int | None], dict[str, NDArray[Any]]]:
        """Return the source of labels or catalogue, the row there of each target, and the columns."""
        source = self._source(wanted.path)
        own = self._rows()
        key = wanted.target or self.params.target
        patterns = patterns_of(wanted.columns)
        columns = source.columns(patterns, missing_ok)
        if key in columns and key not in patterns:  # a pattern such as * takes the targets' names along
            del columns[key]
        rows: dict[str, int | None] = dict(own)
        expected = len(own)
        if key is not None and not (wanted.path is None and wanted.target is None):
            theirs = source.targets(key)
            if not theirs:
                raise InputFileError(source.path, "has no rows, expected one per target")
            rows, expected = rows_of(list(own), theirs), len(theirs)
        for name, array in columns.items():
            if len(array) != expected:
                raise InputFileError(source.path, f"{name!r} has {len(array)} rows, but there are {expected} targets")
        return source, rows, columns


def _picked(array: NDArray[Any], rows: list[int | None]) -> NDArray[Any]:
    """Return the rows asked for, NaN or empty text where there is none."""
    there = np.array([row is not None for row in rows])
    index = np.array([0 if row is None else row for row in rows])
    if array.dtype.kind in "US":
        picked = array.astype(str)[index]
        return np.where(there, picked, "")
    return array[index] if there.all() else np.where(there, array[index].astype(float), np.nan)
