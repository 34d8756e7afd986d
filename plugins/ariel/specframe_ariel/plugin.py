"""What the plugin offers: the Ariel data challenges, from detector frames to a scored submission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api import Component, hookimpl
from specframe_ariel import params

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
    )
    yield Component(
        kind="calibrator",
        name="ariel-detector",
        target="specframe_ariel.calibrator:ArielDetector",
        params=params.ArielDetectorParams,
        summary="Detector frames to light curves: the complete calibration chain in one pass over the raw frames",
        tags=("ariel", "detector", "cds"),
    )
