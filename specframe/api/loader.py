"""The loader: where targets, their data and their labels come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Self

from specframe.api.base import BaseComponent
from specframe.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from specframe.api.component import Kind

__all__ = ["Loader"]


class Loader(BaseComponent, ABC):
    """Finds targets and loads them one by one.

    ``load`` is called in any order, in several processes, and must not depend on earlier calls. It leaves large
    arrays in their files (:class:`~specframe.api.LazyFrames`). It raises :class:`~specframe.errors.InputFileError`
    for a file that is missing or wrong; the target is then set aside and the run goes on.
    """

    kind: ClassVar[Kind] = "loader"

    @abstractmethod
    def targets(self) -> list[str]:
        """Return the names of all targets, unique, in a fixed order, without loading them."""

    @abstractmethod
    def load(self, target: str) -> xr.DataTree:
        """Return the Observation of one target (see :mod:`specframe.api.observation`)."""

    def labels(self) -> xr.DataArray | None:
        """Return the labels known, dims ``(target, output)`` (see ``make_labels``), or ``None``.

        Targets without a label may be left out or be NaN; training leaves them out and says so.
        """
        return None

    def catalogue(self) -> xr.Dataset | None:
        """Return what else is known of the targets: variables on dim ``target`` (star, period ...), or ``None``.

        Cross-validation can group by any of them.
        """
        return None

    def files(self, target: str) -> list[Path]:
        """Return every file that ``load(target)`` reads; their contents decide whether a stored result is valid."""
        return []

    def relocated(self, path: Path) -> Self:
        """Return the same loader for other data, whose labels are not needed. Used by ``specframe predict``."""
        if "path" not in type(self.params).model_fields:
            raise UsageError(f"loader {self.name!r} has no parameter 'path', so it cannot be applied to {path}")
        return self.from_params(self.params.model_copy(update={"path": path}))
