"""Work in the folder of a run: alone in it, logged, and with a record where it fails."""

from __future__ import annotations

import shlex
import sys
import traceback
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING

from specframe.api.refusal import cannot_write, refuses_all
from specframe.errors import SpecframeError
from specframe.pipeline.manifest import failure_manifest
from specframe.pipeline.premises import premises_of
from specframe.progress.messages import logged_to
from specframe.progress.place import raised_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from specframe.pipeline.directory import Content
    from specframe.pipeline.session import Session

__all__ = ["in_directory"]


def in_directory(session: Session, fresh: bool, work: Callable[[], None], content: Content = "run") -> None:
    """Do the work in the session's folder, alone in it, and log how it began and ended."""
    directory, progress = session.directory, session.progress
    directory.open(content)
    session.executor.tell = progress.tell
    spec = session.spec
    session.executor.premises = premises_of(directory.path, (*spec.steps, *spec.scores), session.plugin_files)
    with logged_to(progress), _without_dask_locks(), directory.locked():
        directory.recover()
        directory.open(content)  # again: another process may have finished here before the lock was ours
        if fresh:
            directory.forget()
        progress.event("start", command=session.command, argv=shlex.join(sys.argv))
        try:
            work()
        except BaseException as error:
            with suppress(OSError, SpecframeError):  # a full disk must not hide what went wrong
                _leave_failure(session, error)
            if isinstance(error, OSError) and refuses_all(error):
                raise cannot_write(error.filename or directory.path, error) from error
            raise
        progress.event("finished", timings={k: round(v, 3) for k, v in session.timings.items()})


def _without_dask_locks() -> AbstractContextManager[object]:
    """Keep xarray from asking a Dask client that the caller has open for locks of our files, which it cannot name."""
    dask = sys.modules.get("dask")
    if dask is None:
        return nullcontext()
    settings: AbstractContextManager[object] = dask.config.set(scheduler="synchronous")
    return settings


def _leave_failure(session: Session, error: BaseException) -> None:
    """Log an error, and leave ``failed.json`` unless the results were complete before it."""
    trace = "".join(traceback.format_exception(error))
    message = f"{type(error).__name__}: {error}"
    session.progress.event("failed", **raised_at(error).fields(), error=message, traceback=trace)
    if session.directory.complete:
        return
    manifest = failure_manifest(
        session.spec,
        session.command,
        session.started,
        session.registry,
        session.timings,
        error,
        run=session.progress.run,
        argv=shlex.join(sys.argv),
    )
    session.directory.fail(manifest)
