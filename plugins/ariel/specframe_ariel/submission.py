"""Submission files of the Ariel data challenges."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from specframe.api import Exporter, write_whole
from specframe.errors import DataError
from specframe_ariel.outputs import OUTPUTS, challenge_prediction
from specframe_ariel.params import SubmissionParams

if TYPE_CHECKING:
    import xarray as xr

    from specframe.api import Params

__all__ = ["SubmissionAdc24", "SubmissionAdc25"]


class _Submission(Exporter):
    Params: ClassVar[type[Params]] = SubmissionParams
    params: SubmissionParams

    def export(self, prediction: xr.Dataset, directory: Path) -> list[Path]:
        """Write the submission into ``directory``; values read back as they were.

        Raises :class:`~specframe.errors.DataError` when the prediction has no ``std``, other outputs than wl_1 ..
        wl_283, a negative depth (which the challenge refuses) or targets that are no planet ids.
        """
        ordered = challenge_prediction(prediction, self.name)
        targets = [str(target) for target in ordered["target"].values]
        strange = [target for target in targets if not target.isdecimal()]
        if strange:
            raise DataError(f"{self.name}: targets must be planet ids (whole numbers), got {strange[0]!r}")
        mean = ordered["mean"].values
        if (mean < 0).any():
            if self.params.negative == "error":
                target, output = np.argwhere(mean < 0)[0]
                raise DataError(
                    f"{self.name}: the challenge refuses negative depths, but {int((mean < 0).sum())} of {mean.size} "
                    f"are below 0, the first {mean[target, output]:g} for target {targets[target]}, {OUTPUTS[output]}; "
                    "set negative: zero to write them as 0"
                )
            mean = np.maximum(mean, 0.0)
        columns = [*OUTPUTS, *(f"sigma_{k}" for k in range(1, len(OUTPUTS) + 1))]
        table = pl.DataFrame(np.concatenate([mean, ordered["std"].values], axis=1), schema=columns, orient="row")
        table.insert_column(0, pl.Series("planet_id", [int(target) for target in targets]))
        return write_whole({Path(directory) / self.params.filename: table.write_csv().encode()})


class SubmissionAdc24(_Submission):
    """Submission of the 2024 challenge: a CSV with planet_id, wl_1 .. wl_283 and sigma_1 .. sigma_283."""

    name = "submission-adc24"


class SubmissionAdc25(_Submission):
    """Submission of the 2025 challenge: a CSV with planet_id, wl_1 .. wl_283 and sigma_1 .. sigma_283."""

    name = "submission-adc25"
