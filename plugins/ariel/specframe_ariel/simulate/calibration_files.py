"""Real calibration files as the detector of simulated planets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe.errors import InputFileError
from specframe_ariel.parquet import read_image
from specframe_ariel.simulate.instrument import ROWS, Instrument

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

__all__ = ["read_calibration"]


def read_calibration(folder: Path, instrument: Instrument) -> dict[str, NDArray[Any]]:
    """Read ``dark``, ``dead``, ``flat``, ``read`` (32, columns) and ``linear_corr`` (6, 32, columns) of a detector.

    ``folder`` holds ``<instrument>_calibration`` (2024) or ``<instrument>_calibration_0`` (2025), itself or in its
    folder ``calibration``.

    Raises
    ------
    InputFileError
        When there is no such folder, or a file in it is missing, damaged, of another shape or not finite.
    """
    names = [f"{instrument.name}_calibration", f"{instrument.name}_calibration_0"]
    places = [parent / name for parent in (folder, folder / "calibration") for name in names]
    found = next((place for place in places if place.is_dir()), None)
    if found is None:
        raise InputFileError(
            folder, f"expected a folder {' or '.join(names)} of a challenge, here or in calibration/; there is none"
        )
    shape = (ROWS, instrument.columns)
    images = {name: read_image(found / f"{name}.parquet", shape) for name in ("dark", "flat", "read")}
    coefficients = read_image(found / "linear_corr.parquet", (6 * ROWS, instrument.columns))
    images["linear_corr"] = coefficients.reshape(6, *shape)
    for name, image in images.items():
        bad = ~np.isfinite(image) | ((image < 0) if name == "read" else False)
        if bad.any():
            at = tuple(int(i) for i in np.argwhere(bad)[0])
            rule = "finite and not negative" if name == "read" else "finite"
            raise InputFileError(
                found / f"{name}.parquet",
                f"expected values that are {rule}, {int(bad.sum())} are not (the first is {image[at]:g}, row {at[-2]}, "
                f"column {at[-1]}): a detector cannot be simulated from it",
            )
    images["dead"] = read_image(found / "dead.parquet", shape, boolean=True)
    return images
