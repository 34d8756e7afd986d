"""The loader ``tess-kepler``."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Self

from specframe.api import Loader, make_observation
from specframe.errors import InputFileError
from specframe_io.folder import chosen_targets, matching_files, of_target
from specframe_io.names import listed
from specframe_io.system import known_system
from specframe_io.tess_kepler.light_curve import read_star, read_visit
from specframe_io.tess_kepler.params import TessKeplerParams
from specframe_io.tess_kepler.windows import transit_windows

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from specframe.api import Params
    from specframe_io.tess_kepler.light_curve import Visit

__all__ = ["TessKepler"]


class TessKepler(Loader):
    """Loads light curves of TESS (SPOC, TESS-SPOC, QLP), Kepler and K2; all files of one star are one target.

    A file becomes a node ``/TESS/<sector>``, ``/Kepler/<quarter>`` or ``/K2/<campaign>`` with one channel, the band of
    the mission. Of several files of one of these that follow each other, the nodes are ``<quarter>-1`` ...
    With ``transits`` each transit is a visit, ``/TESS/<sector>-t<number>``.

    - ``time`` is the file's number in d: BJD (TDB) less BJDREFI + BJDREFF, which ``time_reference`` says.
    - ``mask`` is where QUALITY has one of the bits, or flux or error is not a number.
    - Centroids, the field's motion and the background are regressors.
    - ``exposure_time`` is FRAMETIM x NUM_FRM; the star's TEFF and RADIUS are attributes of the root.

    Raises
    ------
    InputFileError
        When a file, table or column is missing, damaged or of another mission. Names them.

    References
    ----------
    - Ricker et al. 2015, J. Astron. Telesc. Instrum. Syst. 1, 014003 (TESS), doi:10.1117/1.JATIS.1.1.014003
    - Borucki et al. 2010, Science 327, 977 (Kepler), doi:10.1126/science.1185402
    - Howell et al. 2014, PASP 126, 398 (K2), doi:10.1086/676406
    """

    name: ClassVar[str] = "tess-kepler"
    Params: ClassVar[type[Params]] = TessKeplerParams
    params: TessKeplerParams

    def targets(self) -> list[str]:
        """Return the stars, sorted by their first file."""
        return chosen_targets(self._stars(), self.params.targets, self.params.path)

    def load(self, target: str) -> xr.DataTree:
        """Return the Observation of one star."""
        files = self.files(target)
        visits: dict[tuple[str, str], list[Visit]] = {}
        for path in files:
            visit = read_visit(path, self.params)
            visits.setdefault((visit.mission, visit.number), []).append(visit)
        nodes: dict[str, xr.Dataset] = {}
        for (mission, number), found in sorted(visits.items(), key=lambda item: min(map(_start, item[1]))):
            parts = sorted(found, key=_start)
            for one, other in pairwise(parts):
                if _start(other) <= float(one.node["time"][-1]):
                    raise InputFileError(
                        other.path,
                        f"is of the same time as {one.path.name} ({mission} {number}); choose one of them with the "
                        "parameter pattern, or put them in folders of their own",
                    )
            for i, part in enumerate(parts):
                name = f"{mission}/{number}" + (f"-{i + 1}" if len(parts) > 1 else "")
                nodes |= self._visits(name, part)
        if not nodes:
            raise InputFileError(
                self.params.path,
                f"no transit of {target} is covered by the data: see mid_transit (BJD, TDB) and period of transits",
            )
        attrs = read_star(files[0]).attrs | known_system(self.params.system)
        return make_observation(target, nodes, source=listed([path.name for path in files]), **attrs)

    def files(self, target: str) -> list[Path]:
        """Return the files of a star."""
        return of_target(self._stars(), target, self.params.path)

    def relocated(self, path: Path) -> Self:
        """Return the same loader for the files at ``path``."""
        return self.from_params(self.params.model_copy(update={"path": path, "targets": None}))

    def _visits(self, name: str, visit: Visit) -> dict[str, xr.Dataset]:
        """Return a light curve, or its transits."""
        transits = self.params.transits
        if transits is None:
            return {name: visit.node}
        found = transit_windows(visit.node, visit.zero, transits)
        return {f"{name}-t{number}": node for number, node in found.items()}

    def _stars(self) -> dict[str, list[Path]]:
        """Return the files of each star."""
        found: dict[str, list[Path]] = {}
        for path in matching_files(self.params.path, self.params.pattern):
            name = read_star(path).name
            found.setdefault(self.params.names.get(name, name), []).append(path)
        return found


def _start(visit: Visit) -> float:
    return float(visit.node["time"][0])
