"""The compiler of loops over samples that numpy cannot do at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compiled"]

_Function = TypeVar("_Function", bound="Callable[..., Any]")


def compiled(**options: Any) -> Callable[[_Function], _Function]:
    """Return a decorator that compiles at the first call and keeps the machine code on disk where it can be written.

    ``options`` are those of :func:`numba.njit`. The code runs without the lock of the interpreter.
    """

    def compile_function(function: _Function) -> _Function:
        try:
            kernel: _Function = numba.njit(cache=True, nogil=True, **options)(function)
        except RuntimeError:  # no folder that numba could write to: compile anew in each process
            kernel = numba.njit(nogil=True, **options)(function)
        return kernel

    return compile_function
