"""``manifest.json``: exactly what was run, on what, with what, and what came of it."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.pipeline.keys import code_digest, content_digest, file_digest, package_versions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from specframe.config.spec import PipelineSpec
    from specframe.pipeline.gather import Gathered
    from specframe.registry import Registry

__all__ = ["hardware", "make_manifest", "output_hashes"]


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
    from specframe import __version__

    used = {step.component.qualified_name: step.component for step in spec.steps}
    used |= {part.component.qualified_name: part.component for part in (*spec.scores, *spec.exports, *spec.compared)}
    loader = gathered.worker.loader
    return {
        "specframe": __version__,
        "command": command,
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": spec.seed,
        "pipeline": spec.to_data(),
        "origins": {"file": None if spec.path is None else str(spec.path), **spec.origins},
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
        "packages": package_versions(),
        "hardware": hardware(),
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
