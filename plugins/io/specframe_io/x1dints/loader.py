"""The loader ``jwst-x1dints``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Self

from specframe.api import Loader, make_observation
from specframe.errors import InputFileError
from specframe_io.folder import chosen_targets, matching_files, of_target
from specframe_io.names import listed
from specframe_io.params import JwstX1dintsParams
from specframe_io.system import known_system
from specframe_io.x1dints.series import light_curves
from specframe_io.x1dints.spectra import primary_header, read_spectra

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from specframe.api import Params
    from specframe_io.x1dints.spectra import Spectra

__all__ = ["JwstX1dints"]

#: A file of one exposure, segment and detector (jw01366004001_04101_00001-seg001_nrs1_x1dints).
_EXPOSURE = re.compile(r"(jw\d+_\d+_\d+)(-seg\d+)?_[a-z0-9]+_x1dints", re.ASCII | re.IGNORECASE)
_SEGMENT = re.compile(r"-seg\d+", re.ASCII | re.IGNORECASE)


class JwstX1dints(Loader):
    """Loads time series of extracted spectra (x1dints) of the JWST pipeline; each exposure is one target.

    Segments and detectors of an exposure, told by the names of the files, belong together. Nodes are
    ``NIRISS-<order>``, otherwise ``<instrument>-<detector>``, with the order where it is not the first. Segments are
    joined in order of time. Both layouts of the files are read: one table per integration, and one row per
    integration.

    - ``time`` is the middle of the integration, as the file has it; ``time_reference`` says from when it counts.
    - ``exposure_time`` is EFFINTTM, the length of an integration in s.
    - Wavelengths are in um; flux is in Jy, or in adu/s where the flux calibration was skipped.
    - ``mask`` is where DQ has a bit of ``dq_bits``, or flux, error or wavelength are not known.

    Raises
    ------
    InputFileError
        When a file, table or column is missing, damaged or not what the pipeline writes. Names them.

    References
    ----------
    - JWST calibration pipeline, https://jwst-pipeline.readthedocs.io
    """

    name: ClassVar[str] = "jwst-x1dints"
    Params: ClassVar[type[Params]] = JwstX1dintsParams
    params: JwstX1dintsParams

    def targets(self) -> list[str]:
        """Return the names of the exposures, sorted by file, or those chosen."""
        return chosen_targets(self._exposures(), self.params.targets, self.params.path)

    def load(self, target: str) -> xr.DataTree:
        """Return the Observation of one exposure."""
        params = self.params
        parts: dict[str, list[Spectra]] = {}
        files = self.files(target)
        for path in files:
            for spectra in read_spectra(path, params.time_system, params.units):
                parts.setdefault(spectra.node, []).append(spectra)
        missing = [name for name in params.instruments or () if name not in parts]
        if missing:
            raise InputFileError(files[0], f"has no {listed(map(repr, missing))}; there: {', '.join(sorted(parts))}")
        nodes = {
            f"{name}/0": light_curves(parts[name], params.time_system, params.wavelength_tolerance, params.dq_bits)
            for name in params.instruments or sorted(parts)
        }
        header = primary_header(files[0])
        seconds = header.get("EFFINTTM")
        if isinstance(seconds, int | float) and seconds > 0:
            for node in nodes.values():
                node.attrs["exposure_time"] = float(seconds)
        version = header.get("CAL_VER")
        source = "JWST pipeline" if version is None else f"JWST pipeline {version}"
        return make_observation(
            target, nodes, source=f"{source}, {listed(path.name for path in files)}", **known_system(params.system)
        )

    def files(self, target: str) -> list[Path]:
        """Return the files of the exposure."""
        return of_target(self._exposures(), target, self.params.path)

    def relocated(self, path: Path) -> Self:
        """Return the same loader for the files at ``path``."""
        return self.from_params(self.params.model_copy(update={"path": path, "targets": None}))

    def _exposures(self) -> dict[str, list[Path]]:
        """Return the files of each target."""
        found: dict[str, list[Path]] = {}
        for file in matching_files(self.params.path, self.params.pattern):
            found.setdefault(_exposure(file), []).append(file)
        if self.params.name_from == "file":
            return found
        named: dict[str, list[Path]] = {}
        for exposure, members in found.items():
            name = _object(members[0])
            if name in named:
                raise InputFileError(
                    self.params.path,
                    f"{exposure} and {_exposure(named[name][0])} are both of {name!r}; use name_from: file",
                )
            named[name] = members
        return named


def _exposure(path: Path) -> str:
    stem = re.sub(r"\.fits(\.gz)?$", "", path.name, flags=re.IGNORECASE)
    match = _EXPOSURE.fullmatch(stem)
    return match[1] if match else _SEGMENT.sub("", stem).removesuffix("_x1dints")


def _object(path: Path) -> str:
    header = primary_header(path)
    for keyword in ("TARGPROP", "TARGNAME"):
        name = str(header.get(keyword, "")).strip()
        if name and name != "UNKNOWN":
            return name
    raise InputFileError(path, "the primary header names no target (TARGPROP, TARGNAME); use name_from: file")
