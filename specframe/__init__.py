"""specframe: telescope data to spectra, and spectra to physical parameters, with uncertainties that can be trusted.

Names are imported when first used, so that ``import specframe`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe.pipeline.pipeline import Pipeline, load_pipeline, make
    from specframe.pipeline.result import Run
    from specframe.pipeline.run_comparison import compare_runs

__version__ = "0.1.0"

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "pipeline.pipeline": ("Pipeline", "load_pipeline", "make"),
        "pipeline.result": ("Run",),
        "pipeline.run_comparison": ("compare_runs",),
    },
    ready=("__version__",),
)

__all__ = ["Pipeline", "Run", "__version__", "compare_runs", "load_pipeline", "make"]
