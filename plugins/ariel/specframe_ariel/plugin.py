"""What the plugin offers: the Ariel data challenges, from detector frames to a scored submission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api import Component, hookimpl
from specframe_ariel import params
from specframe_ariel.simulate.params import SimulatedParams

if TYPE_CHECKING:
    from collections.abc import Iterator


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Yield the components of this plugin."""
    yield Component(
        kind="loader",
        name="ariel-challenge",
        target="specframe_ariel.loader:ArielChallenge",
        params=params.ArielChallengeParams,
        summary="Detector frames, calibration files and labels of the Ariel data challenges 2024 and 2025",
        tags=("ariel", "frames", "parquet"),
        example="specframe_ariel.examples:challenge",
    )
    yield Component(
        kind="calibrator",
        name="ariel-detector",
        target="specframe_ariel.calibrator:ArielDetector",
        params=params.ArielDetectorParams,
        summary="Detector frames to light curves: the complete calibration chain in one pass over the raw frames",
        tags=("ariel", "detector", "cds"),
    )
    yield Component(
        kind="loader",
        name="ariel-simulated",
        target="specframe_ariel.simulate.loader:ArielSimulated",
        params=SimulatedParams,
        summary="Simulated Ariel planets with known spectra, as detector frames made on the fly",
        tags=("ariel", "frames", "simulation"),
        example="specframe_ariel.examples:simulation",
    )
    for year, exporter, score, score_params in (
        (2024, "SubmissionAdc24", "GllAdc24", params.GllAdc24Params),
        (2025, "SubmissionAdc25", "GllAdc25", params.GllAdc25Params),
    ):
        yield Component(
            kind="exporter",
            name=f"submission-adc{year - 2000}",
            target=f"specframe_ariel.submission:{exporter}",
            params=params.SubmissionParams,
            summary=f"Submission file of the Ariel data challenge {year}",
            tags=("ariel", "csv"),
            example="specframe_ariel.examples:spectra",
        )
        yield Component(
            kind="score",
            name=f"gll-adc{year - 2000}",
            target=f"specframe_ariel.score:{score}",
            params=score_params,
            summary=f"Score of the Ariel data challenge {year}: Gaussian log-likelihood between naive and ideal",
            tags=("ariel", "likelihood"),
            example="specframe_ariel.examples:scored_spectra",
        )
