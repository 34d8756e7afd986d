"""``manifest.json``: exactly what was run, on what, with what, and what came of it; ``failed.json``: why not."""

from __future__ import annotations

import os
import platform
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.pipeline.stages.keys import code_digest, content_digest, file_digest, package_versions
from specframe.pipeline.targets.recipe import files_in
from specframe.progress.place import raised_at

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from specframe.config.spec import Part, PipelineSpec
    from specframe.pipeline.targets.gather import Gathered
    from specframe.registry import Registry

__all__ = ["failure_manifest", "hardware", "made_with", "make_manifest", "output_hashes", "parts_of"]


def make_manifest(
    spec: PipelineSpec,
    command: str,
    started: datetime,
    gathered: Gathered,
    registry: Registry,
    timings: Mapping[str, float],
    reused: Collection[str] = (),
    **more: Any,
) -> dict[str, Any]:
    """Return the manifest's content, without the hashes of outputs, which are added last."""
    loader = gathered.worker.loader
    made = made_with(spec, registry)
    return {
        "specframe": made.pop("specframe"),
        "command": command,
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        **made,
        "inputs": {target: {str(file): file_digest(file) for file in loader.files(target)} for target in gathered.keys},
        "products": dict(gathered.keys),
        "set_aside": [vars(entry) for entry in gathered.set_aside],
        "timings": {
            "phases": {name: round(seconds, 3) for name, seconds in timings.items()},
            "reused": sorted(reused),
            "steps": {
                step: {
                    "targets": len(seconds),
                    "total": round(float(np.sum(seconds)), 3),
                    "median": round(float(np.median(seconds)), 6),
                }
                for step, seconds in gathered.seconds.items()
            },
            "targets_from_store": gathered.stored,
        },
        **more,
    }


def failure_manifest(
    spec: PipelineSpec,
    command: str,
    started: datetime,
    registry: Registry,
    timings: Mapping[str, float],
    error: BaseException,
    **more: Any,
) -> dict[str, Any]:
    """Return what is known of a run that came to nothing: as its manifest, with the error in place of results."""
    made = made_with(spec, registry)
    interrupted = isinstance(error, KeyboardInterrupt)
    return {
        "specframe": made.pop("specframe"),
        "status": "interrupted" if interrupted else "failed",
        "command": command,
        "started": started.isoformat(timespec="seconds"),
        "failed": datetime.now(UTC).isoformat(timespec="seconds"),
        "error": {
            "type": type(error).__name__,
            "message": str(error),
            "step": raised_at(error).step or None,
            "target": raised_at(error).target or None,
            "traceback": "".join(traceback.format_exception(error)),
        },
        **made,
        "timings": {"phases": {name: round(seconds, 3) for name, seconds in timings.items()}},
        **more,
    }


def made_with(spec: PipelineSpec, registry: Registry) -> dict[str, Any]:
    """Return everything that results depend on but the targets' own files: configuration, code, versions, machine."""
    from specframe import __version__

    used = {part.component.qualified_name: part.component for part in parts_of(spec)}
    local = {str(Path(plugin.distribution)) for plugin in registry.plugins if Path(plugin.distribution).is_file()}
    return {
        "specframe": __version__,
        "seed": spec.seed,
        "pipeline": spec.to_data(),
        "origins": {"file": None if spec.path is None else str(spec.path), **spec.origins},
        "core": code_digest("specframe:"),
        "components": {
            name: {
                "kind": registered.component.kind,
                "distribution": registered.distribution,
                "version": registered.version,
                "code": code_digest(registered.component.target),
            }
            for name, registered in sorted(used.items())
        },
        "plugins": {
            f"{plugin.distribution}:{plugin.name}": {"version": plugin.version, "status": plugin.status}
            for plugin in registry.plugins
        },
        "plugin_files": {file: content_digest(Path(file)) for file in sorted(local)},
        "packages": package_versions(),
        "hardware": hardware(),
        "files": {
            str(file): file_digest(file) for part in parts_of(spec) for file in files_in(part.params.model_dump())
        },
    }


def parts_of(spec: PipelineSpec) -> Iterator[Part]:
    """Yield every component of a pipeline with its parameters."""
    yield from (*spec.steps, *spec.scores, *spec.exports, *spec.compared)
    if spec.predicted is not None:
        yield spec.predicted


def output_hashes(directory: Path, files: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of every output by its path below ``directory``."""
    return {file.relative_to(directory).as_posix(): content_digest(file) for file in sorted(files)}


def hardware() -> dict[str, Any]:
    """Return what this machine is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else None
    return {
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "python": sys.version.split()[0],
        "cpus": os.cpu_count(),
        "memory_bytes": memory,
    }
