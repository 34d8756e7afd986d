"""Torch on one thread, and Cholesky factors of matrices that rounding has made indefinite."""

from __future__ import annotations

import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

with warnings.catch_warnings():
    # linear_operator, which gpytorch stands on, compiles with what torch advises against since 2.9
    warnings.simplefilter("ignore", DeprecationWarning)
    import gpytorch
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["JITTERS", "cholesky", "gpytorch", "one_thread", "torch"]

#: Parts of the mean variance that are added to a diagonal in turn until its Cholesky factorisation succeeds.
JITTERS = {
    torch.float64: (0.0, 1e-12, 1e-10, 1e-8, 1e-6),
    torch.float32: (0.0, 1e-7, 1e-6, 1e-5, 1e-4),
}
#: torch's number of threads belongs to the process: two fits at a time would put back each other's.
_LOCK = threading.RLock()


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread, so that results agree bit for bit wherever they are computed.

    With more, small factorisations on a busy machine are up to a hundred times slower, too.
    """
    with _LOCK:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def cholesky(matrix: torch.Tensor) -> torch.Tensor | None:
    """Return lower factors of symmetric matrices (b, n, n), ``None`` where the largest of :data:`JITTERS` fails.

    Only those matrices of the batch that need it get a jitter, the least that will do.
    """
    size = matrix.detach().diagonal(dim1=-2, dim2=-1).mean(dim=-1)
    if not bool(torch.isfinite(size).all()):
        return None
    identity = torch.eye(matrix.shape[-1], dtype=matrix.dtype)
    added = torch.zeros_like(size)
    failed = torch.ones_like(size, dtype=torch.bool)
    factor: torch.Tensor
    for part in JITTERS[matrix.dtype]:
        added = torch.where(failed, part * size, added)
        factor, info = torch.linalg.cholesky_ex(matrix + added[:, None, None] * identity if part else matrix)
        failed = info != 0
        if not bool(failed.any()):
            return factor
    return None
