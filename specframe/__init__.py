"""specframe: telescope data to spectra, and spectra to physical parameters, with uncertainties that can be trusted.

Names are imported when first used, so that ``import specframe`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from specframe.pipeline.pipeline import Pipeline, load_pipeline, make
    from specframe.pipeline.result import Run

__version__ = "0.1.0"

_HOME = {
    "Pipeline": "specframe.pipeline.pipeline",
    "Run": "specframe.pipeline.result",
    "load_pipeline": "specframe.pipeline.pipeline",
    "make": "specframe.pipeline.pipeline",
}

__all__ = ["Pipeline", "Run", "__version__", "load_pipeline", "make"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
