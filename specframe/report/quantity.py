"""How the quantity of a prediction is named and scaled on an axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from specframe.evaluate.outputs import output_units

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Quantity"]

_LARGEST_IN_PPM = 0.01


@dataclass(frozen=True)
class Quantity:
    """A name, and factor and unit for values and for their errors."""

    name: str
    factor: float
    unit: str
    error_factor: float
    error_unit: str

    @classmethod
    def of(cls, prediction: xr.Dataset, output: str | None = None) -> Quantity:
        """Describe the labels, or a single ``output`` of them.

        Transit depths are in ppm up to 1 % and in percent above, their errors in ppm; everything else stays in the
        units it is in.
        """
        unit_of = dict(zip(prediction["output"].values.astype(str), output_units(prediction), strict=True))
        names = [output] if output is not None else list(unit_of)
        different = {unit_of[name] for name in names}
        units = different.pop() if len(different) == 1 else ""
        is_depth = units == "" and ("wavelength" in prediction.coords or all("depth" in name for name in names))
        if is_depth:
            in_ppm = bool(np.nanmax(np.abs(prediction["mean"].values)) < _LARGEST_IN_PPM)
            kind = (
                "Eclipse depth" if "eclipse" in str(prediction["mean"].attrs.get("long_name", "")) else "Transit depth"
            )
            return cls(kind, 1e6 if in_ppm else 1e2, "ppm" if in_ppm else "%", 1e6, "ppm")
        return cls(names[0] if len(names) == 1 else "Flux", 1.0, units, 1.0, units)

    @property
    def label(self) -> str:
        """Axis label of values."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    def error_label(self, what: str) -> str:
        """Axis label of differences, e.g. ``"Pred. - true (ppm)"``."""
        return f"{what} ({self.error_unit})".replace("\n ", "\n") if self.error_unit else what.strip()
