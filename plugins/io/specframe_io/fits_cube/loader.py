"""The loader ``fits-cube``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from specframe.api import make_observation
from specframe.errors import InputFileError
from specframe_io.file_loader import FileLoader
from specframe_io.fits_cube.cube import cube_node
from specframe_io.fits_cube.extensions import Extensions
from specframe_io.fits_cube.params import FitsCubeParams
from specframe_io.fits_file import opened_fits
from specframe_io.names import listed
from specframe_io.system import known_system

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from specframe.api import Params

__all__ = ["FitsCube"]


class FitsCube(FileLoader):
    """Loads light curves in image extensions of FITS files, one file per target.

    By default as in ``TIME_NIRISS-O2``, ``WAVE_NIRISS-O2`` and ``DATA_NIRISS-O2`` (planes of flux and error), with
    ``MASK_NIRISS-O2`` (1 is good) and ``OOTM_NIRISS-O2`` (1 is out of transit): what follows the underscore is the
    instrument, and each becomes a node ``/<instrument>/0`` at level light-curves. Other names and layouts are given as
    parameters.

    ``out_of_transit (time)`` is kept where there is one. Whole and modified Julian dates are told by their size; the
    time scale is unknown unless ``TIMESYS`` or the parameter says it.

    Raises
    ------
    InputFileError
        When a file or extension is missing, damaged or of another shape. Names file and extension.
    """

    name: ClassVar[str] = "fits-cube"
    Params: ClassVar[type[Params]] = FitsCubeParams
    params: FitsCubeParams

    def load_file(self, target: str, path: Path, instrument: str | None = None) -> xr.DataTree:
        """Return the Observation in one file."""
        params = self.params
        parameter = "data" if params.flux is None else "flux"
        with opened_fits(path) as file:
            extensions = Extensions(path, file)
            suffixes = extensions.suffixes(str(params.flux or params.data), parameter)
            template = params.instrument if instrument is None else instrument + "-{suffix}" * (len(suffixes) > 1)
            named = {template.replace("{suffix}", _word(suffix)) or "fits-cube": suffix for suffix in suffixes}
            if len(named) < len(suffixes):
                raise InputFileError(
                    path, f"has {len(suffixes)} cubes, but instrument names them all {next(iter(named))!r}"
                )
            missing = [name for name in params.instruments or () if name not in named]
            if missing:
                raise InputFileError(path, f"has no {listed(map(repr, missing))}; there: {listed(named)}")
            nodes = {f"{name}/0": cube_node(extensions, named[name], params) for name in params.instruments or named}
        return make_observation(target, nodes, source=path.name, **known_system(params.system))


def _word(suffix: str) -> str:
    """Return a suffix as the name of a node."""
    return "-".join(suffix.replace("/", " ").split())
