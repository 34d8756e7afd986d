"""Scores of a run by classes of its targets, ``evaluate.by``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.config.problem import nearest
from specframe.errors import DataError
from specframe.evaluate.classes import target_classes
from specframe.evaluate.evaluation import Evaluation, evaluate_scores, judged_targets
from specframe.evaluate.outputs import output_units
from specframe.pipeline.stages.keys import seed_for
from specframe.pipeline.targets.target import reason_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from specframe.api.score import Score
    from specframe.pipeline.session import Session
    from specframe.pipeline.targets.gather import Gathered

__all__ = ["scores_by_class"]

#: The mean true value of a target, and the mean of its predicted errors.
_OWN = ("truth", "std")


def scores_by_class(
    session: Session,
    gathered: Gathered,
    scores: Sequence[Score],
    prediction: xr.Dataset,
    labels: xr.DataArray,
    catalogue: xr.Dataset | None,
) -> dict[str, dict[str, Evaluation]]:
    """Return the scores of each class, by what ``evaluate.by`` names and the name of the class.

    What cannot be used is reported and left out: the run is worth more than its breakdown.
    """
    found: dict[str, dict[str, Evaluation]] = {}
    for name in session.spec.by:
        try:
            judged = judged_targets(prediction, labels)
            values, units = _values(name, judged.prediction, judged.truth, catalogue, gathered)
            found[name] = {
                label: evaluate_scores(
                    scores,
                    judged.prediction.isel(target=rows),
                    judged.truth.isel(target=rows),
                    session.spec.bootstrap,
                    seed_for(session.spec.seed, "bootstrap", name, label),
                )
                for label, rows in target_classes(values, units).items()
            }
        except DataError as error:
            session.progress.say(f"no scores by {name!r}: {reason_of(error)}")
    return found


def _values(
    name: str, prediction: xr.Dataset, truth: xr.DataArray, catalogue: xr.Dataset | None, gathered: Gathered
) -> tuple[NDArray[np.generic], str]:
    """Return the value of each target, (n_target,), and its units."""
    targets = [str(target) for target in prediction["target"].values]
    quality = [gathered.quality[target] for target in targets if target in gathered.quality]
    if catalogue is not None and name in catalogue.data_vars:
        variable = catalogue[name].reindex(target=targets)
        return variable.values, str(variable.attrs.get("units", ""))
    outputs = [str(output) for output in prediction["output"].values]
    units = output_units(prediction)
    if name in outputs:
        return truth.values[:, outputs.index(name)], units[outputs.index(name)]
    if name in _OWN and len(set(units)) > 1:
        raise DataError(f"the outputs have different units; name one of them: {', '.join(outputs[:5])}")
    if name == "truth":
        return np.nanmean(truth.values, axis=1), units[0]
    if name == "std" and "std" in prediction:
        return prediction["std"].values.mean(axis=1), units[0]
    if any(name in row.values for row in quality):
        numbers = [gathered.quality[t].values.get(name, np.nan) if t in gathered.quality else np.nan for t in targets]
        return np.array(numbers), next((row.units[name] for row in quality if name in row.units), "")
    there = [*_OWN, *outputs, *(map(str, catalogue.data_vars) if catalogue is not None else ())]
    there += list(dict.fromkeys(key for row in quality for key in row.values))
    hint = nearest(name, there, "there are")
    raise DataError(f"neither the catalogue nor the quality table has it{f'; {hint}' if hint else ''}")
