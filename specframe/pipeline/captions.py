"""What figures of a run are called and say below them, by the names of their files, and their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py

from specframe.api.files import file_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["figure_order", "figure_place", "figure_texts", "has_covariance"]

_CAPTIONS = {
    "comparison": "Predicted against true values, and their difference; of a model, on held-out targets.",
    "calibration": "Left: how often the truth lies within intervals of a nominal coverage. Right: the probability "
    "that was predicted below the truth; flat when error bars are right.",
    "error-spectrum": "Above: root mean square of the real and of the predicted errors by wavelength; equal when error "
    "bars are right. Below: the mean of predicted minus true. Bands are 68 % intervals by a bootstrap over targets.",
    "error-by-sigma": "Real against predicted errors. Their root mean square in bins of predicted error lies on the "
    "dashed line when error bars are right, with 95 % intervals by a bootstrap over targets; where it is level, the "
    "predicted errors do not tell good from bad.",
    "scores-by": "Scores of classes of the targets with 95 % intervals by a bootstrap. A dotted line is the nominal "
    "coverage.",
    "training": "Losses of the training that made the final model, by epoch. A dotted line is the epoch whose weights "
    "were kept.",
    "parameters": "Predicted against true values of each parameter, on held-out targets. Error bars are 68 % "
    "intervals. Triangles: the prediction lies at the edge of the training labels or beyond. Rings: targets unlike "
    "those of the training set.",
    "parameter-residuals": "Predicted minus true over the true value. The line is the mean in bins, with its standard "
    "error and the scatter of the residuals; a falling line is a model that draws predictions to the middle of its "
    "training set.",
    "parameter-histograms": "Predicted minus true, and the distribution that the stated errors promise. The dotted "
    "line is a normal distribution as wide as the residuals; skew is 0 for errors alike to both sides.",
    "parameter-calibration": "For each parameter, left: how often the truth lies within intervals of a nominal "
    "coverage. Right: the probability that was predicted below the truth; flat when error bars are right.",
    "parameter-correlations": "Predicted minus true of the parameters against each other, and their correlations ρ, "
    "beside those that follow from the stated covariances or samples, where there are such.",
    "predicted-parameters": "Mean and 68 % interval (thinner: 95 %) of each target. Triangles lie at the edge of the "
    "training labels or beyond, rings are targets unlike those of the training set.",
    "parameter-posterior": "Joint posterior of the parameters of a target. Contours hold 39 and 86 %, dashed lines are "
    "median and 68 % interval, full lines the truth where it is known.",
    "spectrum": "Spectrum with its 68 % error bars, the truth where it is known, and published spectra to compare "
    "with.",
    "light-curve": "White light curve. Where a step fitted it, from top to bottom: raw with the model, detrended with "
    "the transit, and the residuals. Dotted lines are the contacts, crosses samples that were clipped.",
    "residuals": "Above: the light of each channel relative to its median, by wavelength and time. Below: what is left "
    "after the model, in units of the flux error.",
    "posterior": "Parameters of the white-light fit against each other. Contours hold 39 and 86 % of the draws, dashed "
    "lines are the median and the 68 % interval.",
    "allan": "Scatter of white-light residuals averaged over bins (Pont et al. 2006, Winn et al. 2008). Above the line "
    "of white noise there is red noise, and errors of averages are larger by the factor β.",
}
_COVARIANCE = (
    " The errors of the channels are correlated: 'covariance' in predictions.nc holds the covariance of all depths."
)
#: Figures of all targets come first, those of a target together.
_OF_ALL = (
    "predicted-parameters",
    "parameters",
    "parameter-residuals",
    "parameter-histograms",
    "parameter-calibration",
    "parameter-correlations",
    "comparison",
    "calibration",
    "error-spectrum",
    "error-by-sigma",
    "scores-by",
    "training",
)
_OF_TARGET = ("parameter-posterior", "spectrum", "light-curve", "residuals", "posterior", "allan")

#: Figures that are the main result, and those that tell whether error bars are right; others go with the scores.
_RESULT = ("predicted-parameters",)
_CALIBRATION = (
    "calibration",
    "parameter-calibration",
    "parameter-histograms",
    "error-spectrum",
    "error-by-sigma",
    "parameter-correlations",
)
#: Figures whose file is named after the rank of the target, too.
_RANKED = ("parameter-posterior", "spectrum")

_RANKS = {"best": "smallest error", "median": "median error", "worst": "largest error"}


def figure_texts(name: str, drawn: Mapping[str, str], correlated: bool = False) -> tuple[str, str]:
    """Return title and caption of a figure.

    Parameters
    ----------
    name
        Its file's, without the suffix.
    drawn
        The targets that figures are drawn of, and why they.
    correlated
        Whether the prediction has a covariance of the channels.
    """
    kind = _kind(name)
    return _title(name, drawn), _CAPTIONS.get(kind, "") + (_COVARIANCE if correlated and kind == "spectrum" else "")


def figure_order(name: str, drawn: Mapping[str, str]) -> tuple[int, int, int, str]:
    """Return the place of a figure: those of all targets come first, then target by target."""
    kind, target, _ = _parts(name, drawn)
    if kind in _OF_ALL:
        return 0, _OF_ALL.index(kind), 0, name
    targets = list(drawn)
    return (
        1 if kind else 2,
        targets.index(target) if target in drawn else len(targets),
        _OF_TARGET.index(kind) if kind in _OF_TARGET else 0,
        name,
    )


def figure_place(name: str, drawn: Mapping[str, str]) -> tuple[str, str]:
    """Return the part of the report that a figure stands in, and the target that it is of, ``""`` for none."""
    kind, target, _ = _parts(name, drawn)
    if kind in _OF_TARGET and target in drawn:
        return "target", target
    return ("result" if kind in _RESULT else "calibration" if kind in _CALIBRATION else "scores"), ""


def has_covariance(path: Path) -> bool:
    """Return whether a file of predictions says how errors of channels go together."""
    if not path.is_file():
        return False
    with h5py.File(path, "r") as file:
        return "covariance" in file


def _kind(stem: str) -> str:
    return next((kind for kind in _CAPTIONS if stem == kind or stem.startswith(f"{kind}-")), "")


def _parts(stem: str, drawn: Mapping[str, str]) -> tuple[str, str, str]:
    """Return kind, target and what else the name of a figure's file says."""
    kind = _kind(stem)
    rest = stem.removeprefix(kind).removeprefix("-")
    if kind in _RANKED:
        rest = rest.partition("-")[2]
    # the longest, since a name may begin like another
    found = [target for target in drawn if rest == file_name(target) or rest.startswith(f"{file_name(target)}-")]
    target = max(found, key=len, default=rest if kind in _RANKED else "")
    return kind, target, rest.removeprefix(file_name(target)).removeprefix("-") if target else rest


def _title(stem: str, drawn: Mapping[str, str]) -> str:
    kind, target, rest = _parts(stem, drawn)
    name = kind.replace("-", " ").capitalize() or stem
    if kind == "allan":
        name = "Allan curve"
    if not target:
        return f"{name}: {rest}" if rest else name
    node, _, visit = rest.rpartition("-")
    where = f", {node}/{visit}" if node else ""
    why = drawn.get(target, "")
    return f"{name} of target {target}{where}" + (f" ({_RANKS.get(why, why)})" if why and why != "first" else "")
