"""Which figures a run draws, and of which targets."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from specframe.api.files import file_name
from specframe.api.observation import nodes
from specframe.errors import DataError, UsageError
from specframe.evaluate.evaluation import is_complete
from specframe.evaluate.outputs import are_parameters
from specframe.pipeline.comparing import of_target
from specframe.pipeline.targets.quality import flagged
from specframe.pipeline.targets.target import reason_of
from specframe.report import (
    draw_allan,
    draw_calibration,
    draw_classes,
    draw_comparison,
    draw_error_by_sigma,
    draw_error_spectrum,
    draw_light_curve,
    draw_parameter_calibration,
    draw_parameter_histograms,
    draw_parameter_posterior,
    draw_parameter_residuals,
    draw_parameters,
    draw_posterior,
    draw_predicted_parameters,
    draw_residual_correlations,
    draw_residual_image,
    draw_spectrum,
    draw_training,
    has_joint_posterior,
)
from specframe.report.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import xarray as xr
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from specframe.evaluate.evaluation import Evaluation
    from specframe.pipeline.comparing import Published
    from specframe.pipeline.targets.gather import Gathered

__all__ = ["FigureSources", "draw_figures", "drawn_targets"]

#: Without known truths, the first targets are drawn, so many.
_FIRST = 2
#: Flagged targets that are drawn besides, one for each flag before a second one for any.
_FLAGGED = 2


@dataclass(frozen=True)
class FigureSources:
    """What the figures of a run are drawn of."""

    #: ``None`` where the result are light curves.
    prediction: xr.Dataset | None
    #: The targets whose light curves are drawn, and how they are got.
    targets: Sequence[str]
    observation: Callable[[str], xr.DataTree]
    #: Spectra of others, which lie over those of their targets.
    published: Sequence[Published] = ()
    #: Scores of classes of targets, by what they are sorted by.
    by: Mapping[str, Mapping[str, Evaluation]] = field(default_factory=dict)
    #: How the training of models went, by step.
    trained: Mapping[str, xr.Dataset] = field(default_factory=dict)


def drawn_targets(gathered: Gathered, prediction: xr.Dataset | None) -> dict[str, str]:
    """Return the targets whose light curves are drawn, and why they.

    The best, median and worst prediction where the truth is known, else the first ones; and a few that carry flags.
    """
    chosen: dict[str, str] = {}
    if prediction is not None and _known(prediction):
        for rank, target in _chosen(prediction).items():
            chosen.setdefault(target, rank)
    else:
        chosen = dict.fromkeys(list(gathered.keys)[:_FIRST], "first")
    of_flag = list(flagged(gathered.quality, list(gathered.keys)).items())
    longest = max((len(targets) for _, targets in of_flag), default=0)
    turns = [(targets[i], flag) for i in range(longest) for flag, targets in of_flag if i < len(targets)]
    for target, flag in turns:
        if target not in chosen and sum(why.startswith("flagged") for why in chosen.values()) < _FLAGGED:
            chosen[target] = f"flagged {flag}"
    return chosen


def draw_figures(sources: FigureSources, save: Callable[[Figure, str], object]) -> tuple[list[str], dict[str, str]]:
    """Draw what there is to draw; return the names of figures, and of those that were not drawn the reasons.

    A figure that fails is left out: it must not cost the others, or the results.

    Parameters
    ----------
    sources
        What to draw.
    save
        Takes a figure and its name, which is that of its file without the suffix.
    """
    drawn, missing = [], {}
    for name, draw in _figures(sources):
        try:
            save(draw(), name)
        except Exception as error:
            missing[name] = reason_of(error)
        else:
            drawn.append(name)
    return drawn, missing


def _figures(sources: FigureSources) -> Iterator[tuple[str, Callable[[], Figure]]]:
    if sources.prediction is not None:
        yield from _of_prediction(sources.prediction, sources.published)
    for name, classes in sources.by.items():
        yield f"scores-by-{file_name(name)}", partial(draw_classes, name, classes)
    for step, history in sources.trained.items():
        yield f"training-{file_name(step)}", partial(draw_training, history, step)
    yield from _of_light_curves(sources)


def _known(prediction: xr.Dataset) -> bool:
    return "truth" in prediction and bool(np.isfinite(prediction["truth"].values).any())


def _of_prediction(
    prediction: xr.Dataset, published: Sequence[Published]
) -> Iterator[tuple[str, Callable[[], Figure]]]:
    truth = prediction.get("truth")
    known = is_complete(prediction)
    complete = prediction if known.all() else prediction.isel(target=known)
    if are_parameters(prediction) and not _is_depth(prediction):
        yield from _of_parameters(prediction, complete)
    elif truth is not None and _known(complete):
        if "wavelength" in prediction.coords or prediction.sizes["output"] == 1:
            yield "comparison", partial(draw_comparison, complete, truth)
        if "std" in prediction or "lower" in prediction:
            yield "calibration", partial(draw_calibration, complete, truth)
        if "wavelength" in prediction.coords and prediction.sizes["output"] > 1:
            yield "error-spectrum", partial(draw_error_spectrum, complete, truth)
        if "std" in prediction:
            yield "error-by-sigma", partial(draw_error_by_sigma, complete, truth)
    if "wavelength" in prediction.coords and prediction.sizes["output"] > 1:
        targets = [str(name) for name in prediction["target"].values]
        for rank, target in _chosen(prediction).items():
            others = {other.label: other.spectrum for other in of_target(published, target, targets)}
            draw = partial(draw_spectrum, prediction, target, truth, others)
            yield f"spectrum-{rank}-{file_name(target)}", draw


def _is_depth(prediction: xr.Dataset) -> bool:
    """Whether the only output is a transit depth, whose errors are told in ppm."""
    return prediction.sizes["output"] == 1 and Quantity.of(prediction).error_unit == "ppm"


def _of_parameters(prediction: xr.Dataset, complete: xr.Dataset) -> Iterator[tuple[str, Callable[[], Figure]]]:
    """Yield what outputs with units of their own are judged by, output by output."""
    several = prediction.sizes["output"] > 1
    if _known(complete):
        truth = complete["truth"]
        yield "parameters", partial(draw_parameters, complete, truth)
        yield "parameter-residuals", partial(draw_parameter_residuals, complete, truth)
        yield "parameter-histograms", partial(draw_parameter_histograms, complete, truth)
        if "std" in prediction or "lower" in prediction:
            yield "parameter-calibration", partial(draw_parameter_calibration, complete, truth)
        if several:
            yield "parameter-correlations", partial(draw_residual_correlations, complete, truth)
        elif "std" in prediction:
            yield "error-by-sigma", partial(draw_error_by_sigma, complete, truth)
    else:
        yield "predicted-parameters", partial(draw_predicted_parameters, prediction)
    if has_joint_posterior(prediction):
        for rank, target in _chosen(prediction).items():
            draw = partial(draw_parameter_posterior, prediction, target, prediction.get("truth"))
            yield f"parameter-posterior-{rank}-{file_name(target)}", draw


def _of_light_curves(sources: FigureSources) -> Iterator[tuple[str, Callable[[], Figure]]]:
    for target in sources.targets:
        try:
            observation = sources.observation(target)
        except (DataError, UsageError) as error:
            yield f"light-curve-{file_name(target)}", partial(_refuse, error)
            continue
        curves = {
            path: data
            for path, data in nodes(observation)
            if "flux" in data and data["flux"].dims == ("wavelength", "time")
        }
        for path, data in curves.items():
            name, title = f"{file_name(target)}-{file_name(path.replace('/', '-'))}", f"{target}, {path}"
            yield f"light-curve-{name}", partial(draw_light_curve, data, title=title)
            if "model" in data and data.sizes["wavelength"] > 1:
                yield f"residuals-{name}", partial(draw_residual_image, data, title=title)
            if "white_sample" in data:
                yield f"posterior-{name}", partial(draw_posterior, data, title=title)
        if any("model" in data for data in curves.values()):
            yield f"allan-{file_name(target)}", partial(draw_allan, curves, title=target)


def _refuse(error: Exception) -> Figure:
    raise error


def _chosen(prediction: xr.Dataset) -> dict[str, str]:
    """Return the targets predicted best, in the middle and worst where the truth is known, else the first ones."""
    targets = [str(target) for target in prediction["target"].values]
    if "truth" not in prediction:
        return {str(i + 1): target for i, target in enumerate(targets[:3])}
    error = _typical_errors(prediction)
    order = [int(i) for i in np.argsort(error) if np.isfinite(error[i])]
    if not order:
        return {str(i + 1): target for i, target in enumerate(targets[:3])}
    return {
        rank: targets[i] for rank, i in (("best", order[0]), ("median", order[len(order) // 2]), ("worst", order[-1]))
    }


def _typical_errors(prediction: xr.Dataset) -> NDArray[np.float64]:
    """Return the root mean square error of each target (n_target,), NaN where none is known.

    Those of parameters are in units of how much each of them differs between targets.
    """
    truth = prediction["truth"].values
    squared = np.square(prediction["mean"].values - truth)
    if not are_parameters(prediction):
        return np.asarray(np.sqrt(np.mean(squared, axis=1)))
    known = np.isfinite(squared)
    variance = np.array(
        [np.var(column[np.isfinite(column)]) if np.isfinite(column).any() else 0.0 for column in truth.T]
    )
    total = np.where(known, squared, 0.0) @ np.where(variance > 0, 1.0 / np.where(variance > 0, variance, 1.0), 0.0)
    mean = np.divide(total, known.sum(axis=1), out=np.full(len(total), np.nan), where=known.any(axis=1))
    return np.asarray(np.sqrt(mean))
