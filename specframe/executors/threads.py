"""How many threads numerical libraries use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

__all__ = ["one_blas_thread", "one_thread"]


def one_thread() -> AbstractContextManager[object]:
    """Compute as workers do, so that sums are made in the same order and results agree bit for bit."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits


def one_blas_thread() -> AbstractContextManager[object]:
    """Keep linear algebra to one thread, and leave the threads of other libraries alone.

    Models make many small factorisations. On a machine that has other work too, threads that wait for each other made
    cross-validation of a linear model 12 x slower.
    """
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="blas")
    return limits
