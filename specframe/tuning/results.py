"""Everything that a search leaves in its folder."""

from __future__ import annotations

import json
from collections import Counter
from importlib import metadata
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

from specframe.config import to_yaml, tuned_pipeline
from specframe.pipeline.manifest import make_manifest
from specframe.pipeline.outputs import write_text
from specframe.tuning.trials import Trial, spelled_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astropy.table import Table

    from specframe.config.search import Dimension, Tuning
    from specframe.pipeline.session import Session
    from specframe.pipeline.targets.gather import Gathered

__all__ = ["best_of", "ranked", "trial_table", "write_search"]


def write_search(session: Session, gathered: Gathered, tuning: Tuning, trials: Sequence[Trial]) -> None:
    """Write table, best pipeline, figures and manifest; they appear together when all of them are complete."""
    from specframe.report import save_figure
    from specframe.tuning.figures import draw_search

    best = best_of(trials, tuning.maximise)
    with session.directory.writing() as folder:
        with session.phase("write"):
            content = StringIO()
            trial_table(tuning, trials).write(content, format="ascii.ecsv")
            write_text(folder / "trials.ecsv", content.getvalue())
            if best is not None:
                write_text(folder / "best.yaml", _best_yaml(session, tuning, best, len(trials)))
        with session.phase("figures"):
            for name, figure in draw_search(tuning, trials, session.spec.seed).items():
                save_figure(figure, folder / "figures" / f"{name}.png")
        manifest = make_manifest(
            session.spec,
            session.command,
            session.started,
            gathered,
            session.registry,
            session.timings,
            run=session.progress.run,
            reused=session.reused,
            tuned={
                **tuning.to_data(),
                "optuna": metadata.version("optuna"),
                "trials": dict(Counter(trial.state for trial in trials)),
                "seconds": round(sum(trial.seconds for trial in trials), 3),
                "best": None
                if best is None
                else {
                    "trial": best.number,
                    "score": best.score,
                    "interval": best.interval,
                    "values": best.values,
                },
            },
        )
        session.directory.finish(folder, manifest)


def best_of(trials: Sequence[Trial], maximise: bool) -> Trial | None:
    """Return the complete trial with the best score, the first of equals."""
    order = ranked(trials, maximise)
    return order[0] if order else None


def ranked(trials: Sequence[Trial], maximise: bool) -> list[Trial]:
    """Return the complete trials, the best first, each combination of values once."""
    complete = [trial for trial in trials if trial.state == "complete" and trial.same_as is None]
    return sorted(complete, key=lambda trial: ((-1 if maximise else 1) * float(trial.score or 0.0), trial.number))


def trial_table(tuning: Tuning, trials: Sequence[Trial]) -> Table:
    """Return a table with a row for each trial.

    Columns: ``trial``, ``state`` (``complete``, ``pruned``, ``failed``), the score, its interval ``<score>_lower`` and
    ``<score>_upper`` (NaN where there is none), ``folds`` that were judged (0: all), ``duration`` in s, a column for
    each key of the space (choices as JSON text), ``same_as`` (-1: no other trial has the same values), ``reason``.
    """
    from astropy.table import Column, Table

    bounds = [trial.interval or (np.nan, np.nan) for trial in trials]
    name = tuning.score
    columns = [
        Column([trial.number for trial in trials], "trial", dtype=int),
        Column([trial.state for trial in trials], "state", dtype=str),
        Column([np.nan if trial.score is None else trial.score for trial in trials], name, dtype=float),
        Column([low for low, _ in bounds], f"{name}_lower", dtype=float),
        Column([high for _, high in bounds], f"{name}_upper", dtype=float),
        Column([len(trial.folds) for trial in trials], "folds", dtype=int),
        Column([round(trial.seconds, 3) for trial in trials], "duration", dtype=float, unit="s"),
        *(_value_column(dimension, [trial.values[dimension.key] for trial in trials]) for dimension in tuning.space),
        Column([-1 if trial.same_as is None else trial.same_as for trial in trials], "same_as", dtype=int),
        Column([" ".join(trial.reason.split()) for trial in trials], "reason", dtype=str),
    ]
    return Table(columns, meta={"score": name, "direction": "maximise" if tuning.maximise else "minimise"})


def _value_column(dimension: Dimension, values: Sequence[Any]) -> Any:
    from astropy.table import Column

    if dimension.is_integer:
        return Column(list(values), dimension.key, dtype=int)
    numbers = all(isinstance(choice, int | float) and not isinstance(choice, bool) for choice in dimension.choices)
    if not dimension.choices or numbers:
        return Column(list(values), dimension.key, dtype=float)
    return Column([v if isinstance(v, str) else json.dumps(v) for v in values], dimension.key, dtype=str)


def _best_yaml(session: Session, tuning: Tuning, best: Trial, count: int) -> str:
    registry = session.registry
    spec = tuned_pipeline(session.spec, best.values, lambda block, pin: registry, check_paths=False)
    interval = "" if best.interval is None else f" [{best.interval[0]:.5g}, {best.interval[1]:.5g}]"
    source = f" of {session.spec.path}" if session.spec.path else ""
    values = "".join(f"#   {key}: {spelled_values(value)}\n" for key, value in best.values.items())
    return (
        f"# The best of {count} trials by specframe tune{source}: trial {best.number}, "
        f"{tuning.score} {best.score:.5g}{interval}.\n"
        "# It was chosen for this score, which is therefore too good: report one on data that the search did not see.\n"
        f"{values}"
        f"{to_yaml(spec)}"
    )
