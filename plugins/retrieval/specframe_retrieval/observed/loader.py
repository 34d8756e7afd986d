"""The loader ``observed-spectra``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from specframe.api import Loader, make_observation
from specframe.errors import InputFileError
from specframe_retrieval.files.arrays import listed
from specframe_retrieval.files.folder import matching_files, stem
from specframe_retrieval.observed.params import ObservedSpectraParams, SpectrumParams
from specframe_retrieval.observed.spectrum import read_spectrum

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from specframe.api import Params

__all__ = ["ObservedSpectra"]


class ObservedSpectra(Loader):
    """Loads observed spectra, one target from each file, into the node ``/spectrum/0``.

    See :func:`~specframe_retrieval.observed.read_spectrum` for what it reads and how.

    Raises
    ------
    InputFileError
        When a file is missing or damaged, or its arrays are not what they should be. Names file and array.
    """

    name: ClassVar[str] = "observed-spectra"
    Params: ClassVar[type[Params]] = ObservedSpectraParams
    params: ObservedSpectraParams

    def targets(self) -> list[str]:
        """Return the targets, sorted by path, or as the parameter ``targets`` has them."""
        found = self._files()
        chosen = self.params.targets
        if chosen is None:
            return list(found)
        return list(dict.fromkeys(target for target in chosen if self._file(target, found)))

    def load(self, target: str) -> xr.DataTree:
        """Return the Observation of one target."""
        path = self._file(target, self._files())
        options: dict[str, Any] = {name: getattr(self.params, name) for name in SpectrumParams.model_fields}
        node = read_spectrum(path, **options)
        known = {name: getattr(self.params, name) for name in ("distance", "radius", "reference")}
        return make_observation(
            target,
            {"spectrum/0": node},
            source=path.name,
            **{name: value for name, value in known.items() if value is not None},
        )

    def files(self, target: str) -> list[Path]:
        """Return the target's file."""
        return [self._file(target, self._files())]

    def relocated(self, path: Path) -> Self:
        """Return the same loader for the spectra at ``path``; a single file keeps the name given, if any."""
        return self.from_params(self.params.model_copy(update={"path": path, "targets": None}))

    def _file(self, target: str, found: dict[str, Path]) -> Path:
        if target not in found:
            raise InputFileError(self.params.path, f"has no target {target!r}; there: {listed(found)}")
        return found[target]

    def _files(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for path in matching_files(self.params.path, self.params.pattern):
            target = self._name(path)
            if target in found:
                raise InputFileError(
                    self.params.path,
                    f"{found[target].name} and {path.name} would both be target {target!r}; the parameter target tells "
                    "them apart, e.g. '{folder}-{stem}', or pattern takes one of them",
                )
            found[target] = path
        return found

    def _name(self, path: Path) -> str:
        template = self.params.target or "{stem}"
        parts = template.split("{stem}")
        return stem(path).join(part.replace("{folder}", path.absolute().parent.name) for part in parts)
