"""Where tasks are worked on: in this process, in several on this machine, on a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe.executors.dask import DaskExecutor
    from specframe.executors.executor import Executor
    from specframe.executors.process import ProcessExecutor
    from specframe.executors.serial import SerialExecutor

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "dask": ("DaskExecutor",),
        "executor": ("Executor",),
        "process": ("ProcessExecutor",),
        "serial": ("SerialExecutor",),
    },
)

__all__ = ["DaskExecutor", "Executor", "ProcessExecutor", "SerialExecutor"]
