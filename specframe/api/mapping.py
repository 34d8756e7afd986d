"""Components that turn one Observation into another: calibrators and detrenders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from specframe.api.base import BaseComponent

if TYPE_CHECKING:
    import xarray as xr

    from specframe.api.component import Kind
    from specframe.api.observation import Level

__all__ = ["Calibrator", "Detrender"]


class _Mapping(BaseComponent, ABC):
    """Maps over the targets one by one, in several processes, each call independent of the others."""

    #: Levels of nodes that it takes, checked before ``apply``.
    consumes: ClassVar[tuple[Level, ...]]
    #: Levels of nodes that it returns, checked after ``apply``.
    produces: ClassVar[tuple[Level, ...]]
    #: Whether results are stored where other steps follow; not worth it for what takes less time than a file does.
    stored: ClassVar[bool] = True

    @abstractmethod
    def apply(self, observation: xr.DataTree) -> xr.DataTree:
        """Return a new Observation; the one given is not changed.

        Raises :class:`~specframe.errors.DataError` when this target cannot be handled: it is set aside.
        """


class Calibrator(_Mapping):
    """Turns detector frames into light curves: electrons per wavelength and time, with errors and a mask.

    One of spectra (``consumes`` and ``produces`` ``("spectrum",)``) brings them into other units, onto other pixels or
    to another scale, with their errors.
    """

    kind: ClassVar[Kind] = "calibrator"
    consumes: ClassVar[tuple[Level, ...]] = ("frames",)
    produces: ClassVar[tuple[Level, ...]] = ("light-curves",)


class Detrender(_Mapping):
    """Removes systematics from light curves, and usually measures a transit depth per wavelength with its error."""

    kind: ClassVar[Kind] = "detrender"
    consumes: ClassVar[tuple[Level, ...]] = ("light-curves", "depths")
    produces: ClassVar[tuple[Level, ...]] = ("light-curves", "depths")
