"""Which figures a run draws, and of which targets."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from specframe.api.observation import nodes
from specframe.errors import DataError
from specframe.pipeline.store import safe_name
from specframe.pipeline.target import reason_of
from specframe.report import (
    draw_calibration,
    draw_comparison,
    draw_light_curve,
    draw_residual_image,
    draw_spectrum,
    save_figure,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import xarray as xr
    from matplotlib.figure import Figure

    from specframe.pipeline.gather import Gathered
    from specframe.pipeline.progress import Progress

__all__ = ["draw_figures"]

#: Light curves are drawn of this many targets, the first.
_LIGHT_CURVES = 2


def draw_figures(folder: Path, gathered: Gathered, prediction: xr.Dataset | None, progress: Progress) -> list[Path]:
    """Draw what there is to draw into ``folder``; a figure that fails is reported and left out."""
    drawn = []
    for name, draw in _figures(gathered, prediction):
        path = folder / f"{name}.png"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            save_figure(draw(), path)
        except Exception as error:  # a figure must not cost the results
            progress.say(f"figure {name} was not drawn: {reason_of(error)}")
            continue
        drawn.append(path)
    return drawn


def _figures(gathered: Gathered, prediction: xr.Dataset | None) -> Iterator[tuple[str, Callable[[], Figure]]]:
    if prediction is not None:
        yield from _of_prediction(prediction)
    yield from _of_light_curves(gathered)


def _of_prediction(prediction: xr.Dataset) -> Iterator[tuple[str, Callable[[], Figure]]]:
    truth = prediction.get("truth")
    known = truth is not None and bool(np.isfinite(truth.values).any())
    if truth is not None and known:
        if "wavelength" in prediction.coords or prediction.sizes["output"] == 1:
            yield "comparison", partial(draw_comparison, prediction, truth)
        else:
            for output in prediction["output"].values.astype(str):
                yield f"comparison-{safe_name(output)}", partial(draw_comparison, prediction, truth, output)
        if "std" in prediction or "lower" in prediction:
            yield "calibration", partial(draw_calibration, prediction, truth)
    if "wavelength" in prediction.coords and prediction.sizes["output"] > 1:
        for rank, target in _chosen(prediction).items():
            yield f"spectrum-{rank}-{safe_name(target)}", partial(draw_spectrum, prediction, target, truth)


def _of_light_curves(gathered: Gathered) -> Iterator[tuple[str, Callable[[], Figure]]]:
    for target in list(gathered.keys)[:_LIGHT_CURVES]:
        try:
            observation = gathered.worker.product(target, gathered.keys[target])
        except DataError:
            continue
        for path, data in nodes(observation):
            if "flux" not in data or data["flux"].dims != ("wavelength", "time"):
                continue
            name, title = f"{safe_name(target)}-{safe_name(path.replace('/', '-'))}", f"{target}, {path}"
            yield f"light-curve-{name}", partial(draw_light_curve, data, title=title)
            if "model" in data and data.sizes["wavelength"] > 1:
                yield f"residuals-{name}", partial(draw_residual_image, data, title=title)


def _chosen(prediction: xr.Dataset) -> dict[str, str]:
    """Return the targets predicted best, in the middle and worst where the truth is known, else the first ones."""
    targets = [str(target) for target in prediction["target"].values]
    if "truth" not in prediction:
        return {str(i + 1): target for i, target in enumerate(targets[:3])}
    error = np.sqrt(np.mean(np.square(prediction["mean"].values - prediction["truth"].values), axis=1))
    order = [int(i) for i in np.argsort(error) if np.isfinite(error[i])]
    if not order:
        return {str(i + 1): target for i, target in enumerate(targets[:3])}
    return {
        rank: targets[i] for rank, i in (("best", order[0]), ("median", order[len(order) // 2]), ("worst", order[-1]))
    }
