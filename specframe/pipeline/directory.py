"""The run directory: a store of stages, and results that appear together when they are complete."""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from specframe.api.refusal import cannot_write, refuses_all
from specframe.errors import InputFileError, RunError, SpecframeError, UsageError
from specframe.pipeline.downloaded import check_links, check_manifest, checked_output
from specframe.pipeline.manifest import output_hashes
from specframe.pipeline.outputs import write_json
from specframe.pipeline.stages.inventory import CHECKPOINTS
from specframe.pipeline.stages.store import StageStore, remove_unfinished

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["FAILED", "MANIFEST", "Content", "RunDirectory", "is_begun", "locked"]

#: What a folder may hold.
Content = Literal["run", "prediction", "search"]

MANIFEST = "manifest.json"
#: What is left of a run that failed or was interrupted, until one succeeds.
FAILED = "failed.json"
_LOG = "log.jsonl"
_STAGES = "stages"
#: Results that are being written, and complete ones that are being moved into place.
_WRITING, _COMPLETE = ".writing", ".complete"
#: The manifest of the results that complete ones replace.
_REPLACED = ".replaced.json"
#: It also marks a folder as ours: folders of others may well hold a manifest.json or stages.
_LOCK = ".lock"
#: What other code relies on in a manifest.
_KEYS = {"outputs", "set_aside", "pipeline", "products", "timings"}
#: What a file system says when another process has the lock; whatever else it says is that it has no locks.
_HELD = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES}
_log = logging.getLogger(__name__)


@contextmanager
def locked(lock: Path) -> Iterator[None]:
    """Keep other processes from working in the folder of the file ``lock``, which is made.

    The lock goes with the process, however it ends; the file stays. Where the file system has no locks, a warning says
    so.

    Raises
    ------
    UsageError
        When another process holds it, or the folder is read-only.
    WriteError
        When the disk is full.
    """
    import fcntl

    try:  # not through a link that lies there: whatever it leads to is not ours
        file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UsageError(f"{lock} cannot be opened: {error.strerror}") from None
        raise _unusable(lock.parent, error) from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _HELD:
                raise UsageError(
                    f"another specframe is working in {lock.parent}; wait until it has finished, or name another --out"
                ) from None
            _log.warning(
                "the file system of %s has no locks (%s): nothing keeps a second specframe from working in it at the "
                "same time, so see to it that none does",
                lock.parent,
                error.strerror,
            )
        yield
    finally:
        os.close(file)


class RunDirectory:
    """One run's folder.

    Where ``manifest.json`` stands, the results beside it are complete and its own. New results are written into a
    folder of their own. When they are complete and on the disk, that folder is renamed: from then on they are the
    results, and moving them into place is all that is left to do. Whoever works in the folder next does it where that
    was broken off, see :meth:`recover`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stages = path / _STAGES
        self.store = StageStore(self.stages)
        self.log = path / _LOG
        #: Whether results were completed here by this object.
        self.complete = False

    def open(self, content: Content = "run") -> None:
        """Make the folder for a run, a prediction, or a search.

        Raises
        ------
        UsageError
            When it is a file, cannot be made, or holds anything else.
        InputFileError
            When it holds a link that leads out of it, which results would be written through.
        """
        if self.path.is_file():
            raise UsageError(f"--out {self.path} is a file; name a folder")
        if self.path.is_dir() and any(self.path.iterdir()) and not is_begun(self.path):
            raise UsageError(f"--out {self.path} holds other files and no run of specframe; name a new folder")
        if self.path.is_dir():
            check_links(self.path)
        if (self.path / MANIFEST).is_file() and content != self.content():
            raise UsageError(
                f"--out {self.path} holds a {self.content()}, which a {content} would replace; name another folder"
            )
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(self.path, error) from None

    def recover(self) -> None:
        """Bring to an end what a killed process began here: complete results are moved into place, halves removed.

        Raises
        ------
        WriteError
            When the system refuses to.
        """
        remove_unfinished(self.path, below=False)
        remove_unfinished(self.stages)
        shutil.rmtree(self.path / _WRITING, ignore_errors=True)
        try:
            self._move_complete()
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def forget(self) -> None:
        """Forget what earlier runs stored in it; their results stay until there are new ones."""
        self.store.clear()
        self.log.unlink(missing_ok=True)

    def manifest(self) -> dict[str, Any]:
        """Read the manifest of a complete run."""
        path = self.path / MANIFEST
        if not path.is_file():
            failed = f" ({FAILED} says how the last one ended)" if (self.path / FAILED).is_file() else ""
            raise UsageError(f"{self.path}: there is no complete run here{failed}; 'specframe run' makes one")
        check_links(self.path)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            missing = _KEYS - content.keys()
        except (OSError, ValueError, AttributeError, RecursionError) as error:
            raise InputFileError(path, f"is no manifest ({error}); run the pipeline again") from None
        if missing:
            raise InputFileError(path, f"lacks {', '.join(sorted(missing))}: it was changed; run the pipeline again")
        return check_manifest(path, content)

    def run_manifest(self) -> dict[str, Any]:
        """Read the manifest of a complete run or prediction; a search is neither."""
        manifest = self.manifest()
        if "tuned" in manifest:
            best = self.path / "best.yaml"
            raise UsageError(f"{self.path} holds a search, not a run; 'specframe run {best}' makes one")
        return manifest

    def verify(self, prefix: str) -> None:
        """Check that the files below ``prefix`` are those that the manifest lists, to the byte, and no others.

        Files whose names begin with a dot, which file managers leave, are nobody's.
        """
        outputs = self.manifest()["outputs"]
        listed = [name for name in outputs if name.startswith(prefix)] if prefix.endswith("/") else [prefix]
        for name in listed:
            checked_output(self.path, name, outputs)
        for file in (self.path / prefix).rglob("*") if prefix.endswith("/") else ():
            name = file.relative_to(self.path).as_posix()
            if name not in listed and not file.name.startswith(".") and not file.is_dir():
                raise InputFileError(file, "is none of the files that the run wrote (manifest.json lists them)")

    @contextmanager
    def unchanged(self) -> Iterator[dict[str, Any]]:
        """Give the manifest, to read the results that it lists in the block.

        Raises
        ------
        RunError
            When another process put others in their place meanwhile: what was read may be of both.
        """
        before = self.manifest()
        try:
            yield before
        except (OSError, InputFileError, UsageError) as error:
            if not self._still(before):
                raise self._replaced() from error
            raise
        if not self._still(before):
            raise self._replaced()

    def _still(self, manifest: dict[str, Any]) -> bool:
        try:
            return self.manifest() == manifest
        except (InputFileError, UsageError):
            return False

    def _replaced(self) -> RunError:
        return RunError(
            f"{self.path}: another specframe replaced the results while they were read; run the same command again"
        )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from running in this folder; the lock goes with the process, however it ends.

        Raises
        ------
        UsageError
            When another process runs in it.
        """
        with locked(self.path / _LOCK):
            yield

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """Give a folder for the results; they replace those of an earlier run once the block is done."""
        folder = self.path / _WRITING
        shutil.rmtree(folder, ignore_errors=True)
        try:
            folder.mkdir(parents=True)
            yield folder
        except OSError as error:
            raise cannot_write(error.filename or self.path, error) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def finish(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        """Move the results into place, and their manifest last.

        All that may fail for want of room is done before anything of an earlier run is touched.
        """
        files = [file for file in folder.rglob("*") if file.is_file()]
        complete = {**manifest, "outputs": output_hashes(folder, files)}
        _synchronise(folder)
        write_json(folder / MANIFEST, complete)
        shutil.rmtree(self.path / _COMPLETE, ignore_errors=True)
        folder.replace(self.path / _COMPLETE)
        _synchronise_folder(self.path)
        self._move_complete()
        self.complete = True

    def _move_complete(self) -> None:
        """Move complete results into place, from wherever a killed process left that; do nothing if there are none."""
        folder, replaced = self.path / _COMPLETE, self.path / _REPLACED
        if (folder / MANIFEST).is_file():
            if (self.path / MANIFEST).is_file():
                (self.path / MANIFEST).replace(replaced)
            new = [file for file in folder.rglob("*") if file.is_file() and file != folder / MANIFEST]
            self._remove_old(_outputs(replaced) - _outputs(folder / MANIFEST))
            for file in new:
                place = self.path / file.relative_to(folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                file.replace(place)
            for touched in {(self.path / file.relative_to(folder)).parent for file in new}:
                _synchronise_folder(touched)
            (folder / MANIFEST).replace(self.path / MANIFEST)
            _synchronise_folder(self.path)
            (self.path / FAILED).unlink(missing_ok=True)
            shutil.rmtree(self.stages / CHECKPOINTS, ignore_errors=True)
        replaced.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)

    def fail(self, manifest: Mapping[str, Any]) -> None:
        """Leave what is known of a run that came to nothing; results of an earlier one stay as they are."""
        write_json(self.path / FAILED, manifest)

    def _remove_old(self, names: set[str]) -> None:
        """Remove results of an earlier run, which its manifest lists, and nothing else: the rest is not ours."""
        root = self.path.resolve()
        inside = [name for name in names if (root / name).resolve().is_relative_to(root)]
        for name in inside:
            (self.path / name).unlink(missing_ok=True)
        for folder in sorted({(self.path / name).parent for name in inside}, reverse=True):
            if folder != self.path and folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def content(self) -> Content:
        """Return what the complete results in the folder are of."""
        try:
            manifest = self.manifest()
        except InputFileError:
            return "run"
        return "search" if "tuned" in manifest else "prediction" if "predicted_with" in manifest else "run"


def is_begun(folder: Path) -> bool:
    """Return whether a run, a prediction or a search was ever begun in a folder."""
    return (folder / _LOCK).is_file()


def _unusable(folder: Path, error: OSError) -> SpecframeError:
    """Return the error to raise when work cannot even begin in a folder."""
    if refuses_all(error) and error.errno != errno.EROFS:
        return cannot_write(folder, error)
    return UsageError(f"--out {folder} cannot be written into: {error.strerror}; name a folder that can")


def _outputs(manifest: Path) -> set[str]:
    """Return the outputs that a manifest lists; none when there is no such file, or it was changed."""
    try:
        return set(check_manifest(manifest, json.loads(manifest.read_text(encoding="utf-8")))["outputs"])
    except (FileNotFoundError, ValueError, RecursionError, InputFileError):
        return set()


def _synchronise(folder: Path) -> None:
    """Bring all files and folders below ``folder`` to the disk: a machine that loses power then loses none of them."""
    for found, _, names in os.walk(folder):
        for name in names:
            with Path(found, name).open("rb") as file:
                os.fsync(file.fileno())
        _synchronise_folder(found)


def _synchronise_folder(folder: Path | str) -> None:
    """Bring the names in a folder to the disk, where the file system can."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
