"""Names that will go: they keep working for a while, and say so."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from specframe.errors import SpecframeDeprecationWarning

__all__ = ["Deprecation"]


@dataclass(frozen=True, kw_only=True)
class Deprecation:
    """Since when a name is deprecated, when it goes, and what to use instead.

    A name of a package that has another now is given to :func:`lazy_names` as ``renamed``. A function, method or
    parameter calls :meth:`warn` where it is used::

        _SMOOTH = Deprecation(since="0.3", until=2, instead="masked_median(values, use)")


        def smooth(values):
            _SMOOTH.warn("smooth()")
            ...

    Parameters
    ----------
    since
        Release of specframe, or of the plugin, that deprecated it.
    until
        Version of the api with which it goes.
    instead
        What to use instead.
    """

    since: str
    until: int
    instead: str

    def warn(self, name: str, stacklevel: int = 2) -> None:
        """Warn that ``name`` is used, with :class:`~specframe.errors.SpecframeDeprecationWarning`.

        ``stacklevel`` 2 blames the line that called whoever calls this.
        """
        warnings.warn(
            f"{name} is deprecated since {self.since} and goes with api {self.until}: use {self.instead}",
            SpecframeDeprecationWarning,
            stacklevel=stacklevel + 1,
        )
