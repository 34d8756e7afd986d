"""How many threads numerical libraries use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

__all__ = ["THREAD_VARIABLES", "one_thread"]

#: Each worker computes with one thread: two BLAS threads on a busy machine made small factorisations 100 x slower.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def one_thread() -> AbstractContextManager[object]:
    """Compute as workers do, so that sums are made in the same order and results agree bit for bit."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits
