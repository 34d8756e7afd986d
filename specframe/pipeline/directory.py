"""The run directory: a store of stages, and results that appear together when they are complete."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from specframe.errors import InputFileError, RunError, UsageError
from specframe.pipeline.downloaded import check_links, check_manifest
from specframe.pipeline.keys import content_digest
from specframe.pipeline.manifest import output_hashes
from specframe.pipeline.outputs import write_json
from specframe.pipeline.store import StageStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["FAILED", "MANIFEST", "Content", "RunDirectory", "locked"]

#: What a folder may hold.
Content = Literal["run", "prediction", "search"]

MANIFEST = "manifest.json"
#: What is left of a run that failed or was interrupted, until one succeeds.
FAILED = "failed.json"
_LOG = "log.jsonl"
_STAGES = "stages"
_WRITING = ".writing"
#: It also marks a folder as ours: folders of others may well hold a manifest.json or stages.
_LOCK = ".lock"
#: What other code relies on in a manifest.
_KEYS = {"outputs", "set_aside", "pipeline", "products", "timings"}


@contextmanager
def locked(lock: Path) -> Iterator[None]:
    """Keep other processes from working in the folder of the file ``lock``, which is made.

    The lock goes with the process, however it ends; the file stays. Raises :class:`UsageError` when another process
    holds it.
    """
    import fcntl

    try:  # not through a link that lies there: whatever it leads to is not ours
        file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
    except OSError as error:
        raise UsageError(f"{lock} cannot be opened: {error.strerror}") from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(
                f"another specframe is working in {lock.parent}; wait until it has finished, or name another --out"
            ) from None
        yield
    finally:
        os.close(file)


class RunDirectory:
    """One run's folder.

    ``manifest.json`` is removed first and written last: where it stands, the results beside it are complete and its
    own.
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
            When it is a file, or holds anything else.
        InputFileError
            When it holds a link that leads out of it, which results would be written through.
        """
        if self.path.is_file():
            raise UsageError(f"--out {self.path} is a file; name a folder")
        if self.path.is_dir() and any(self.path.iterdir()) and not self._is_run():
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
            raise UsageError(f"--out {self.path} cannot be made: {error.strerror}") from None

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
        if not prefix.endswith("/") and prefix not in outputs:
            raise InputFileError(self.path / MANIFEST, f"has no hash of {prefix}; run the pipeline again")
        listed = {name: digest for name, digest in outputs.items() if name.startswith(prefix)}
        for name, digest in listed.items():
            if content_digest(self.path / name) != digest:
                raise InputFileError(
                    self.path / name,
                    "differs from what the run wrote (its hash is in manifest.json); run the pipeline again",
                )
        for file in (self.path / prefix).rglob("*") if prefix.endswith("/") else ():
            name = file.relative_to(self.path).as_posix()
            if name not in listed and not file.name.startswith(".") and not file.is_dir():
                raise InputFileError(file, "is none of the files that the run wrote (manifest.json lists them)")

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
            raise RunError(f"cannot write the results into {self.path}: {error.strerror or error}") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def finish(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        """Move the results into place and write the manifest."""
        files = [file for file in folder.rglob("*") if file.is_file()]
        complete = {**manifest, "outputs": output_hashes(folder, files)}
        self._remove_old()
        for file in files:
            place = self.path / file.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            file.replace(place)
        write_json(self.path / MANIFEST, complete)
        (self.path / FAILED).unlink(missing_ok=True)
        self.complete = True

    def fail(self, manifest: Mapping[str, Any]) -> None:
        """Leave what is known of a run that came to nothing; results of an earlier one stay as they are."""
        write_json(self.path / FAILED, manifest)

    def _remove_old(self) -> None:
        """Remove what the manifest lists and nothing else: the rest is not ours."""
        if not (self.path / MANIFEST).is_file():
            return
        try:
            names = list(self.manifest()["outputs"])
        except InputFileError:
            names = []
        (self.path / MANIFEST).unlink()
        for name in names:
            (self.path / name).unlink(missing_ok=True)
        for folder in sorted({(self.path / name).parent for name in names}, reverse=True):
            if folder != self.path and folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def content(self) -> Content:
        """Return what the complete results in the folder are of."""
        try:
            manifest = self.manifest()
        except InputFileError:
            return "run"
        return "search" if "tuned" in manifest else "prediction" if "predicted_with" in manifest else "run"

    def _is_run(self) -> bool:
        return (self.path / _LOCK).is_file()
