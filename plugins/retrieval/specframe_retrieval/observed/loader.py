"""The loader ``observed-spectra``."""

from __future__ import annotations

import logging
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

_LOG = logging.getLogger(__name__)


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
    _found: dict[str, Path] | None = None

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
        """Return the same loader for the spectra at ``path``, which are called by their files' names.

        Distance and radius stay as they are; where they were given, a warning says that they are taken for these, too.
        """
        update: dict[str, Any] = {"path": path, "targets": None}
        if path != self.params.path:
            if self.params.target is not None and "{" not in self.params.target:
                update |= {"target": None, "reference": None}
            given = [name for name in ("distance", "radius") if getattr(self.params, name) is not None]
            if given:
                _LOG.warning("%s is taken to have the same %s as %s", path, " and ".join(given), self.params.path.name)
        return self.from_params(self.params.model_copy(update=update))

    def _file(self, target: str, found: dict[str, Path]) -> Path:
        if target not in found:
            raise InputFileError(self.params.path, f"has no target {target!r}; there: {listed(found)}")
        return found[target]

    def __getstate__(self) -> dict[str, Any]:
        return {"params": self.params}

    def _files(self) -> dict[str, Path]:
        """Return the file of each target; the folder is searched once per loader."""
        if self._found is not None:
            return self._found
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
        self._found = found
        return found

    def _name(self, path: Path) -> str:
        template = self.params.target or "{stem}"
        parts = template.split("{stem}")
        return stem(path).join(part.replace("{folder}", path.absolute().parent.name) for part in parts)
