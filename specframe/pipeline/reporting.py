"""The report of a run, made from what lies in its folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from specframe.report import ReportFigure, write_report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from specframe.pipeline.result import Run

__all__ = ["report_folder", "report_run"]

_CAPTIONS = {
    "comparison": "Predicted against true values of held-out targets, and their difference.",
    "calibration": "Left: how often the truth lies within intervals of a nominal coverage. Right: the probability "
    "that was predicted below the truth; flat when error bars are right.",
    "spectrum": "Predicted spectrum with its 68 % error bars, and the truth where it is known.",
    "light-curve": "White light curve; where a step fitted it, with the model, detrended, and what is left.",
    "residuals": "What is left after the model, by wavelength and time.",
}

_PARTS = {"cv": "held-out folds", "test": "measured, not learned"}
_RANKS = {"best": "best", "median": "with median error", "worst": "worst"}


def report_run(run: Run, path: Path) -> Path:
    """Write the report of a complete run to ``path``."""
    return report_folder(path, run.path, run.manifest)


def report_folder(path: Path, folder: Path, manifest: Mapping[str, Any]) -> Path:
    """Write the report of the results in ``folder`` to ``path``."""
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    figures = sorted((folder / "figures").glob("*.png"), key=lambda file: (_order(file.stem), file.stem))
    pipeline = manifest["pipeline"]
    return write_report(
        path,
        title=pipeline.get("description") or "specframe run",
        description=" > ".join(step["id"] for step in pipeline["steps"]),
        summary={
            "targets": len(manifest["products"]),
            "set aside": len(manifest["set_aside"]),
            "finished": manifest["finished"],
            "seed": manifest["seed"],
        },
        scores={title: metrics[part] for part, title in _PARTS.items() if metrics[part]},
        reasons=metrics["missing"],
        figures=[ReportFigure(_title(file.stem), _caption(file.stem), file) for file in figures],
        set_aside=manifest["set_aside"],
        provenance={
            "specframe": manifest["specframe"],
            "command": manifest["command"],
            "started": manifest["started"],
            "components": {
                name: f"{entry['distribution']} {entry['version']}, code {entry['code'][:12]}"
                for name, entry in manifest["components"].items()
            },
            "packages": manifest["packages"],
            "hardware": manifest["hardware"],
        },
        timings=manifest["timings"]["phases"],
        pipeline=(folder / "pipeline.yaml").read_text(encoding="utf-8"),
    )


def _kind(stem: str) -> str:
    return next((kind for kind in _CAPTIONS if stem == kind or stem.startswith(f"{kind}-")), "")


def _order(stem: str) -> int:
    order = ["spectrum", "comparison", "calibration", "light-curve", "residuals"]
    kind = _kind(stem)
    return order.index(kind) if kind in order else len(order)


def _title(stem: str) -> str:
    kind = _kind(stem)
    name = kind.replace("-", " ").capitalize() or stem
    rest = stem.removeprefix(kind).strip("-")
    if kind == "spectrum":
        rank, _, target = rest.partition("-")
        return f"{name} of target {target}" + ("" if rank.isdigit() else f", predicted {_RANKS[rank]}")
    return f"{name}: {rest}" if rest else name


def _caption(stem: str) -> str:
    return _CAPTIONS.get(_kind(stem), "")
