"""Linear models on top of the fit, on simulated planets of the Ariel data challenge: who is worth what.

Takes the planets of ``configs/ariel-sim.yaml`` from raw frames to fitted spectra once, with that file's loader,
calibrator and detrender (the stage store keeps them), and prints the pulls of the fitted spectra. Then cross-validates
every model on the same fits with everything fitted inside the fold, and prints for each the 2024 challenge's score,
the error and its coverage, beside the score that photon and read noise would allow.

    OMP_NUM_THREADS=1 python benchmarks/ariel_models.py [--targets 96] [--seed 3] [--out FOLDER] [--only ROW]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from noise_limit import allowed_shrinkage, depth_limits, white_limit

from specframe import Pipeline
from specframe.api import make_prediction, nodes
from specframe.errors import DataError, RunError
from specframe.pipeline.fit.collected import learning_data
from specframe.pipeline.fit.crossval import cross_validate
from specframe.pipeline.fit.learning import learning_steps
from specframe.pipeline.targets.gather import gather_targets
from specframe.pipeline.targets.target import TargetWorker
from specframe_ariel import ArielSimulated, GllAdc24
from specframe_ariel.simulate.planet import draw_planet
from specframe_ariel.simulate.truth import planet_truth

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

CONFIG = Path(__file__).parents[1] / "configs" / "ariel-sim.yaml"

SIGMA = {"id": "sigma", "uncertainty": "residual"}
FLAT = {"id": "white", "model": "flat"}
MEASURED = {"id": "fitted", "model": "measured"}
SHRUNK = {"id": "shrunk", "model": "pca-shrinkage"}


def _residual(model: str, **params: Any) -> list[dict[str, Any]]:
    return [{"id": "fit", "model": model, "learns": "residual", "with": params}, SIGMA]


#: Rows of the table: the learning steps of each. What has no error of its own gets that of out-of-fold residuals.
MODELS: dict[str, list[dict[str, Any]]] = {
    "naive": [{"model": "naive"}],
    "flat": [FLAT],
    "fitted (`measured`)": [MEASURED],
    "`ridge`": [{"model": "ridge"}, SIGMA],
    "`pca-ridge`": [{"model": "pca-ridge"}, SIGMA],
    "flat + `ridge` residual": [FLAT, *_residual("ridge")],
    "flat + `pca-ridge` residual": [FLAT, *_residual("pca-ridge")],
    "fit + `ridge` residual": [MEASURED, *_residual("ridge")],
    "fit + `pca-ridge` residual": [MEASURED, *_residual("pca-ridge")],
    "`pca-shrinkage`, `amplitude: common`": [{**SHRUNK, "with": {"amplitude": "common"}}],
    "`pca-shrinkage`": [SHRUNK],
    # out-of-fold predictions within out-of-fold predictions: with numbers that are chosen each time it takes 8 minutes
    "`pca-shrinkage` + `ridge` residual": [
        {**SHRUNK, "with": {"n_components": 6, "bias_modes": 1}},
        *_residual("ridge"),
    ],
}
WITH_COVARIANCE = {
    "`pca-shrinkage`, `depth_covariance`": [{**SHRUNK, "with": {"depth_covariance": True}}],
}
#: Planets that tell what spectra the simulator makes, for the true prior; draws of noise that are averaged.
POPULATION, DRAWS = 2000, 5
#: Orders of the polynomial drift that is free in the limits: none, one less than the fit's and the simulator's, theirs.
ORDERS = (0, 3, 4)


def reduction(targets: int | None, seed: int | None, detrender: str | None) -> list[dict[str, Any]]:
    """Return the steps ``data``, ``curves`` and ``transit`` of the pipeline file; what is given replaces its values."""
    given = {"n_targets": targets, "seed": seed}
    overrides = [f"data.{name}={value}" for name, value in given.items() if value is not None]
    steps = {step["id"]: step for step in Pipeline.from_yaml(CONFIG, overrides).spec.to_data()["steps"]}
    base: list[dict[str, Any]] = [steps[name] for name in ("data", "curves", "transit")]
    if detrender is not None and detrender != base[2]["detrend"]:
        base[2] = {"id": "transit", "detrend": detrender}
    return base


class Fits:
    """Fitted spectra of simulated planets, made once and kept in the stage store, and what is true of them."""

    def __init__(self, base: list[dict[str, Any]], out: Path, workers: int) -> None:
        self.base = base
        self.out, self.workers = out, workers
        Pipeline(self.base).run(out, executor="process" if workers > 1 else "serial", workers=workers)
        self.loader = ArielSimulated(**self.base[0]["with"])
        self.params = self.loader.params
        self.catalogue = self.loader.catalogue()
        gathered = self._gather([])[1]
        self.targets = tuple(gathered.keys)
        self.labels = self.loader.labels().sel(target=list(self.targets))
        self.observations = list(gathered.observations())

    def _gather(self, steps: list[dict[str, Any]], **evaluate: Any) -> Any:
        pipeline = Pipeline(self.base + steps, evaluate=evaluate or None)
        session = pipeline.session(self.out, quiet=True)
        worker = TargetWorker(session.recipe(), session.registry)
        return session, gather_targets(worker, session.progress)

    def cross_validated(self, steps: list[dict[str, Any]], folds: int, group: str) -> xr.Dataset:
        """Return out-of-fold predictions of every planet."""
        session, gathered = self._gather(steps, cross_validation={"folds": folds, "group": group})
        learning = learning_steps(session.spec.steps)
        data = learning_data(gathered, learning, self.catalogue, group)
        return cross_validate(session, learning, data, self.labels.sel(target=list(data.targets)))

    def truths(self) -> list[xr.DataTree]:
        """Return what is true of each planet."""
        index = {name: i for i, name in enumerate(self.loader.targets())}
        return [planet_truth(self.params, draw_planet(self.params, index[target])) for target in self.targets]

    def population(self) -> NDArray[np.float64]:
        """Return true spectra of many other planets of the same kind."""
        other = ArielSimulated(**{**self.base[0]["with"], "n_targets": POPULATION, "seed": self.params.seed + 100_000})
        return np.asarray(other.labels().values)


def row(name: str, prediction: xr.Dataset, labels: xr.DataArray) -> str:
    """Return a line of the table."""
    labels = labels.sel(target=prediction["target"].values)
    mean, std = prediction["mean"].values, prediction["std"].values
    error = 1e6 * (mean - labels.values)
    pull = np.abs(mean - labels.values) / std
    score = GllAdc24().score(prediction, labels)
    cells = (
        f"{score:.3f}",
        f"{np.sqrt(np.mean(error**2)):.1f}",
        f"{np.median(np.abs(error)):.1f}",
        f"{np.mean(pull < 1.0):.3f}",
        f"{np.mean(pull < 1.959964):.3f}",
        f"{1e6 * std.mean():.1f}",
    )
    return f"| {name} | " + " | ".join(cells) + " |"


def print_models(fits: Fits, models: dict[str, list[dict[str, Any]]], folds: int, group: str) -> None:
    """Print the table of all models."""
    print("| model | 2024 score | rms, ppm | median, ppm | within 1 std | within 1.96 std | mean std, ppm |")
    print("|---|---|---|---|---|---|---|")
    for name, steps in models.items():
        try:
            print(row(name, fits.cross_validated(steps, folds, group), fits.labels), flush=True)
        except (DataError, RunError) as error:
            print(f"| {name} | {error} ||||||", flush=True)


def print_limits(fits: Fits, limits: NDArray[np.float64]) -> None:
    """Print what noise would allow: the truth with that noise, and the same shrunk with the true prior."""
    true = fits.labels.values
    population = fits.population()
    drawn, shrunk = [], []
    for draw in range(DRAWS):
        depth = true + limits * np.random.default_rng([fits.params.seed, draw]).standard_normal(true.shape)
        drawn.append((depth, limits))
        shrunk.append(allowed_shrinkage(depth, limits, population))
    for name, draws in (("noise limit", drawn), ("noise limit, shrunk with the true prior", shrunk)):
        mean, std = (np.concatenate([draw[i] for draw in draws]) for i in (0, 1))
        names = [f"{target}-{draw}" for draw in range(DRAWS) for target in fits.targets]
        labels = fits.labels.isel(target=np.tile(np.arange(len(true)), DRAWS)).assign_coords(target=names)
        print(row(name, make_prediction(labels, mean, std), labels), flush=True)


def fitted_spectra(observations: list[xr.DataTree]) -> dict[str, NDArray[np.float64]]:
    """Return depth and error (n_target, n_channel) and white depth, its error and channels' weights in it."""
    rows: dict[str, list[Any]] = {"depth": [], "error": [], "white": [], "white_error": [], "weight": []}
    for observation in observations:
        measured = [data for _, data in nodes(observation) if "depth" in data]
        wavelength = np.concatenate([data["wavelength"].values for data in measured])
        order = np.argsort(wavelength)
        depth = np.concatenate([data["depth"].values for data in measured])[order]
        error = np.concatenate([data["depth_error"].values for data in measured])[order]
        if len(measured) == 1 and "white_weight" in measured[0]:
            joint = measured[0]
            weight = joint["white_weight"].values[order]
            white, white_error = float(joint["white_depth"]), float(joint["white_depth_error"])
        else:
            weight = np.nan_to_num(1.0 / np.square(error))
            white_error = 1.0 / np.sqrt(weight.sum())
            weight = weight / weight.sum()
            white = float(np.nansum(weight * depth))
        for name, value in zip(rows, (depth, error, white, white_error, weight), strict=True):
            rows[name].append(value)
    return {name: np.array(values) for name, values in rows.items()}


def print_pulls(fits: Fits, depth: NDArray[np.float64], limits: dict[int, NDArray[np.float64]]) -> None:
    """Print whether the errors of the fitted spectra hold, before anything is learned."""
    fitted = fitted_spectra(fits.observations)
    pull = (fitted["depth"] - depth) / fitted["error"]
    white_true = np.nansum(fitted["weight"] * depth, axis=1)
    white_pull = (fitted["white"] - white_true) / fitted["white_error"]
    n = len(pull)
    wavelength = fits.labels["wavelength"].values[1:]
    centred = (wavelength - wavelength.mean()) / np.square(wavelength - wavelength.mean()).sum()
    # Channels of a planet err together, planets do not: the scatter of the planets' slopes is the error of their mean.
    slopes = np.nansum(centred * (pull[:, 1:] - np.nanmean(pull[:, 1:], axis=1, keepdims=True)), axis=1)
    print("| fitted spectra | |")
    print("|---|---|")
    print(f"| white pulls, mean | {white_pull.mean():+.2f} ± {white_pull.std() / np.sqrt(n):.2f} |")
    print(f"| white pulls, standard deviation | {white_pull.std():.2f} ± {white_pull.std() / np.sqrt(2 * n):.2f} |")
    print(f"| channel pulls, mean | {np.nanmean(pull):+.3f} |")
    print(f"| channel pulls, standard deviation | {np.nanstd(pull):.3f} |")
    print(f"| FGS1 pulls, mean and standard deviation | {pull[:, 0].mean():+.2f}, {pull[:, 0].std():.2f} |")
    print(f"| slope of AIRS pulls, per um | {slopes.mean():+.3f} ± {slopes.std() / np.sqrt(n):.3f} |")
    for order, own in limits.items():
        what = f"drift of order {order} free" if order else "all but star level and depth known"
        ratio = np.median(fitted["white_error"] / white_limit(own))
        channels = np.nanmedian(fitted["error"] / own)
        print(f"| white error / limit, {what} | {ratio:.2f} |")
        print(f"| channel error / limit, {what} | {channels:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--targets", type=int, help="planets (default: those of the configuration, 96)")
    parser.add_argument("--seed", type=int, help="seed of the planets (default: the configuration's)")
    parser.add_argument("--detrender", help="another detrender, such as transit-polynomial")
    parser.add_argument("--folds", type=int, default=5, help="folds of the cross-validation (default 5)")
    parser.add_argument("--out", type=Path, help="folder that keeps the fits; default: a temporary one")
    parser.add_argument("--workers", type=int, default=1, help="processes that reduce planets (default 1)")
    parser.add_argument("--only", default="", help="rows of models whose name contains this")
    parser.add_argument("--pulls-only", action="store_true", help="judge the fits only, no models")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        base = reduction(arguments.targets, arguments.seed, arguments.detrender)
        fits = Fits(base, arguments.out or Path(temporary) / "fits", arguments.workers)
        truths = fits.truths()
        limits = {order: np.array([depth_limits(truth, order)[1] for truth in truths]) for order in ORDERS}
        depth = np.array([depth_limits(truth)[0] for truth in truths])
        print(f"\n{len(fits.targets)} planets, seed {fits.params.seed}, {base[2]['detrend']}\n")
        print_pulls(fits, depth, limits)
        if arguments.pulls_only:
            return
        models = dict(MODELS)
        if any("depth_covariance" in data for _, data in nodes(fits.observations[0])):
            models |= WITH_COVARIANCE
        models = {name: steps for name, steps in models.items() if arguments.only in name}
        print(f"\nCross-validated in {arguments.folds} folds of planets\n")
        print_models(fits, models, arguments.folds, "target")
        print_limits(fits, limits[0])
        stars = np.unique(fits.catalogue["star"].sel(target=list(fits.targets)).values)
        if len(stars) > 1:
            # One star is left for training: no folds within it, so only models that bring their own errors.
            alone = {name: steps for name, steps in models.items() if SIGMA not in steps}
            print(f"\nEach of {len(stars)} stars predicted from the other\n")
            print_models(fits, alone, len(stars), "star")


if __name__ == "__main__":
    main()
