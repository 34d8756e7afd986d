"""The loader ``light-curves``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from specframe.api import Loader, make_observation
from specframe.errors import InputFileError
from specframe_io.curves.blocks import read_blocks
from specframe_io.curves.files import curve_files
from specframe_io.curves.nodes import nodes_of
from specframe_io.curves.params import LightCurvesParams
from specframe_io.curves.regressor_file import RegressorFile
from specframe_io.folder import chosen_targets, of_target
from specframe_io.names import listed

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from specframe.api import Params
    from specframe_io.curves.files import CurveFile

__all__ = ["LightCurves"]


class LightCurves(Loader):
    """Loads light curves from text, ECSV, npy, npz, NetCDF, HDF5 or FITS; the parameters say which column is what.

    A file may hold one channel or many, one visit or many, one instrument or many; files that belong together become
    the channels of a node ``/<instrument>/<visit>``. Visits are numbered by time.

    - ``time`` has the file's own numbers, in d; ``attrs`` say what they count from. Phases become days by the period.
    - ``flux`` and ``flux_error`` are the file's, in its units; with a comparison star they are divided by its flux, in
      magnitudes they are relative to the median, and both are then without unit.
    - Without errors they are estimated from the scatter of neighbouring samples of each channel;
      ``attrs["flux_error_origin"]`` and the flag ``errors-estimated`` say so.
    - ``mask`` is where flux, error or a regressor is not finite, an error is not above 0, or the column mask is not 0.
    - Regressors are variables (time) or, where they differ between channels, (wavelength, time), with
      ``attrs["role"] == "regressor"``.
    - ``limb_darkening (coefficient, wavelength)`` and ``limb_darkening_white (coefficient)``, with ``attrs["law"]``.

    Raises
    ------
    InputFileError
        When a file is missing, damaged, pickled or not what the parameters say. Names file, column, line and parameter.

    References
    ----------
    - Espinoza, Kossakowski & Brahm 2019, MNRAS 490, 2262 (files of juliet), doi:10.1093/mnras/stz2688
    """

    name: ClassVar[str] = "light-curves"
    Params: ClassVar[type[Params]] = LightCurvesParams
    params: LightCurvesParams

    def targets(self) -> list[str]:
        """Return the targets in the order of their files' names, or those chosen."""
        return chosen_targets(self._found(), self.params.targets, self.params.path)

    def load(self, target: str) -> xr.DataTree:
        """Return the Observation of one target."""
        params = self.params
        found = of_target(self._found(), target, params.path)
        blocks = [block for file in found for block in read_blocks(file, params)]
        given = params.regressor_file
        regressor_file = None if given is None else RegressorFile(given, params)
        nodes = nodes_of(blocks, params.path, params, regressor_file)
        system = {name: value for name, value in params.system.model_dump().items() if value is not None}
        source = f"light-curves, {listed(file.path.name for file in found)}"
        return make_observation(target, nodes, source=source, **system)

    def files(self, target: str) -> list[Path]:
        """Return the files with the light curves, and the tables that the parameters name."""
        params = self.params
        tables = (params.wavelength, params.regressor_file, params.limb_darkening, params.limb_darkening_white)
        others = [getattr(table, "path", None) for table in tables]
        own = [file.path for file in of_target(self._found(), target, params.path)]
        return list(dict.fromkeys([*own, *(path for path in others if path is not None)]))

    def relocated(self, path: Path) -> Self:
        """Return the same loader for files of the same form, whose targets have names of their own."""
        return self.from_params(self.params.model_copy(update={"path": path, "target": None, "targets": None}))

    def _found(self) -> dict[str, list[CurveFile]]:
        found = curve_files(self.params.path, self.params.pattern, self.params.target)
        there = {file.instrument or "" for files in found.values() for file in files}
        unknown = sorted(set(self.params.clocks) - there)
        if unknown:
            raise InputFileError(
                self.params.path, f"clocks names {listed(map(repr, unknown))}; the files are of {listed(sorted(there))}"
            )
        return found
