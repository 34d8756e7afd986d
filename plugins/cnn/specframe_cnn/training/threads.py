"""A fixed number of threads, so that sums end in the same bits wherever they run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["threads"]


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch use ``count`` threads within the block and as many as before after it.

    Training and prediction run within such a block: with the number of the machine, or of a worker process that is
    held to one thread, the last bits of a sum would depend on where it runs.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
