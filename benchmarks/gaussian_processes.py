"""Gaussian processes in time, side by side: specframe's filter, celerite2, and GPyTorch exact and with inducing points.

Prints what 100 evaluations of the log likelihood with its gradient by amplitude and time scale take (Matern-3/2, known
noise), for one curve of 187, 1000 and 5000 samples and for 283 curves of 187, each with its own hyper-parameters. And
how far each likelihood is from the exact one, which dense algebra gives. Everything runs on one thread. What is slow is
evaluated less often than 100 times and extrapolated: such figures are marked with ~.

    OMP_NUM_THREADS=1 python benchmarks/gaussian_processes.py [--repeat 5] [--inducing 100] [--without-exact]
"""

from __future__ import annotations

import argparse
import platform
import time
import warnings
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import celerite2
import numpy as np
from celerite2 import backprop, terms
from scipy.linalg import cho_factor, cho_solve

from specframe_transit.gp.celerite import make_time_kernel
from specframe_transit.gp.params import MaternParams
from specframe_transit.gp.torch_kernels import torch_and_gpytorch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

#: Curves and samples of each.
SIZES = ((1, 187), (1, 1000), (1, 5000), (283, 187))
EVALUATIONS = 100
#: Times in d; flux in units of its noise, since GPyTorch takes no noise below 1e-3.
SPAN, NOISE, AMPLITUDE, TIMESCALE = 0.25, 1.0, 3.0, 0.03
#: A method that needs longer than this for a round, in s, is evaluated less often.
BUDGET = 2.0

CHOICE = """
What the default picks: `term: gp` takes specframe's recursions. They are exact for any times and any noise, linear in
the number of samples, and do all channels in one call. GPyTorch serves `term: gp-regressors`, where no such recursion
exists: exact up to 1500 samples, through inducing points above."""


@dataclass(frozen=True)
class Curves:
    """Data of several curves at the same times, and hyper-parameters at which they are evaluated."""

    time: NDArray[np.float64]
    residual: NDArray[np.float64]
    #: ln amplitude and ln time scale of each curve, (n_curve, 2).
    hyper: NDArray[np.float64]

    @property
    def variance(self) -> NDArray[np.float64]:
        """Variance of the noise of every sample."""
        return np.full(self.residual.shape, NOISE**2)

    @property
    def use(self) -> NDArray[np.bool_]:
        """All samples are used."""
        return np.ones(self.residual.shape, dtype=bool)


def make_curves(n_curve: int, n_time: int) -> Curves:
    rng = np.random.default_rng(n_curve + n_time)
    t = np.sort(rng.uniform(0.0, SPAN, n_time))
    lag = np.sqrt(3.0) * np.abs(t[:, None] - t) / TIMESCALE
    covariance = AMPLITUDE**2 * (1.0 + lag) * np.exp(-lag) + NOISE**2 * np.eye(n_time)
    residual = rng.standard_normal((n_curve, n_time)) @ np.linalg.cholesky(covariance).T
    hyper = np.log([AMPLITUDE, TIMESCALE]) + 0.1 * rng.standard_normal((n_curve, 2))
    return Curves(t, residual, hyper)


def dense_likelihood(curves: Curves) -> float:
    """Return the exact log likelihood, summed over curves."""
    total = 0.0
    for (log_amplitude, log_timescale), residual in zip(curves.hyper, curves.residual, strict=True):
        lag = np.sqrt(3.0) * np.abs(curves.time[:, None] - curves.time) / np.exp(log_timescale)
        matrix = np.exp(2.0 * log_amplitude) * (1.0 + lag) * np.exp(-lag) + NOISE**2 * np.eye(len(lag))
        factor = cho_factor(matrix, lower=True)
        total -= 0.5 * residual @ cho_solve(factor, residual) + np.log(np.diag(factor[0])).sum()
        total -= 0.5 * len(residual) * np.log(2.0 * np.pi)
    return float(total)


def specframe(curves: Curves) -> Callable[[], float]:
    kernel = make_time_kernel([MaternParams()], curves.time, NOISE)
    data = curves.time, curves.variance, curves.residual, curves.use
    return lambda: float(kernel.log_likelihood(curves.hyper, *data).value.sum())


def celerite(curves: Curves) -> Callable[[], float]:
    """Loop over curves with celerite2's compiled recursions, forward and backward.

    The step from its matrices to amplitude and time scale is written out here: its numpy interface gives no gradients,
    and its JAX interface needs more packages.
    """
    t, n = curves.time, len(curves.time)
    variance = curves.variance

    def one(hyper: NDArray[np.float64], residual: NDArray[np.float64], diag: NDArray[np.float64]) -> float:
        term = terms.Matern32Term(sigma=np.exp(hyper[0]), rho=np.exp(hyper[1]))
        c, a, u, v = term.get_celerite_matrices(t, diag)
        d, w, s = backprop.factor_fwd(t, c, a, u, v, np.empty(n), np.empty((n, 2)), np.empty((n, 2, 2)))
        y = residual[:, None]
        z, f = backprop.solve_lower_fwd(t, c, u, w, y, np.empty((n, 1)), np.empty((n, 2, 1)))
        value = -0.5 * float((z[:, 0] ** 2 / d).sum() + np.log(d).sum() + n * np.log(2.0 * np.pi))
        bar_z = -z / d[:, None]
        bar_d = 0.5 * (z[:, 0] ** 2 / d - 1.0) / d
        empty = np.empty_like
        _, bar_c, bar_u, bar_w, _ = backprop.solve_lower_rev(
            t, c, u, w, y, z, f, bar_z, empty(t), empty(c), empty(u), empty(w), empty(y)
        )
        _, more_c, bar_a, more_u, _ = backprop.factor_rev(
            t, c, a, u, v, d, w, s, bar_d, bar_w, empty(t), empty(c), empty(a), empty(u), empty(v)
        )
        bar_c, bar_u = bar_c + more_c, bar_u + more_u
        _, _, real, imaginary, decay, _ = term.get_coefficients()
        gradient = (
            2.0 * ((bar_u * u).sum() + real[0] * bar_a.sum()),
            -bar_c.sum() * decay[0] - imaginary[0] * (bar_u[:, 0] @ v[:, 1] - bar_u[:, 1] @ v[:, 0]),
        )
        assert np.isfinite(gradient).all()
        return value

    return lambda: sum(one(*row) for row in zip(curves.hyper, curves.residual, variance, strict=True))


def gpytorch_model(curves: Curves, inducing: int) -> Callable[[], float]:
    """Return GPyTorch's own exact GP, batched over curves, or with ``inducing`` points, looped over curves."""
    torch, gpytorch = torch_and_gpytorch()
    torch.set_num_threads(1)

    class Model(gpytorch.models.ExactGP):  # type: ignore[name-defined, misc]
        def __init__(self, x, y, likelihood, hyper) -> None:  # type: ignore[no-untyped-def]
            super().__init__(x, y, likelihood)
            batch = y.shape[:-1]
            self.mean_module = gpytorch.means.ZeroMean(batch_shape=batch)
            base = gpytorch.kernels.MaternKernel(nu=1.5, batch_shape=batch)
            kernel = gpytorch.kernels.ScaleKernel(base, batch_shape=batch).double()
            kernel.outputscale = torch.exp(2.0 * hyper[..., 0])
            base.lengthscale = torch.exp(hyper[..., 1]).reshape(*batch, 1, 1)
            points = torch.linspace(0.0, SPAN, inducing or 1, dtype=torch.float64)[:, None]
            self.kernel = kernel
            if inducing:
                kernel = gpytorch.kernels.InducingPointKernel(kernel, inducing_points=points, likelihood=likelihood)
                kernel.inducing_points.requires_grad_(False)
            self.covar_module = kernel

        def forward(self, x):  # type: ignore[no-untyped-def]
            return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))

    hyper, y = torch.from_numpy(curves.hyper), torch.from_numpy(curves.residual)
    x, noise = torch.from_numpy(curves.time)[:, None], torch.from_numpy(curves.variance)
    if len(y) == 1 or inducing:
        parts = [(x, y[i], noise[i], hyper[i]) for i in range(len(y))]
    else:
        parts = [(x.expand(len(y), -1, -1).contiguous(), y, noise, hyper)]
    losses = []
    for inputs, values, own_noise, own_hyper in parts:
        likelihood = gpytorch.likelihoods.FixedNoiseGaussianLikelihood(own_noise)
        model = Model(inputs, values, likelihood, own_hyper).train()
        losses.append((model, gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model), inputs, values))

    def evaluate() -> float:
        total = 0.0
        # The exact one without conjugate gradients and random traces; the low-rank one takes Woodbury's identity.
        exactly = gpytorch.settings.max_cholesky_size(10**6)
        with exactly, gpytorch.settings.fast_computations(log_prob=bool(inducing)):
            for model, loss, inputs, values in losses:
                model.zero_grad()
                value = (loss(model(inputs), values) * values.shape[-1]).sum()
                value.backward()
                total += float(value.detach())
        kernel = model.kernel
        assert kernel.base_kernel.raw_lengthscale.grad is not None
        return total

    return evaluate


def timed(evaluate: Callable[[], float], number: int) -> float:
    before = time.perf_counter()
    for _ in range(number):
        evaluate()
    return (time.perf_counter() - before) / number * EVALUATIONS


def compare(n_curve: int, n_time: int, repeat: int, inducing: int, without_exact: bool) -> None:
    curves = make_curves(n_curve, n_time)
    methods = {
        "specframe": specframe(curves),
        "celerite2": celerite(curves),
        "GPyTorch exact": gpytorch_model(curves, 0),
        f"GPyTorch, {inducing} inducing points": gpytorch_model(curves, inducing),
    }
    if without_exact:
        del methods["GPyTorch exact"]
    exact = dense_likelihood(curves)
    errors, numbers, times = {}, {}, {name: [] for name in methods}
    for name, evaluate in methods.items():
        # the first call compiles or loads; the second shows how many fit into the budget
        errors[name] = evaluate() - exact
        numbers[name] = int(np.clip(BUDGET / (timed(evaluate, 1) / EVALUATIONS), 1, EVALUATIONS))
    for _ in range(repeat):
        for name, evaluate in methods.items():
            times[name].append(timed(evaluate, numbers[name]))
    own = median(times["specframe"])
    for name, measured in times.items():
        value = median(measured)
        mark = "" if numbers[name] == EVALUATIONS else "~"
        what = f"{n_time}" if n_curve == 1 else f"{n_curve} x {n_time}"
        print(f"| {what} | {name} | {mark}{value:.3g} s | {value / own:.3g} | {errors[name]:+.1e} |", flush=True)


def print_optima(repeat: int) -> None:
    """Print what it takes to find the hyper-parameters, from their default priors alone."""
    print("| optimum of | specframe | hyper-parameters within 2 errors of the truth |\n|---|---|---|")
    for n_curve, n_time in SIZES:
        curves = make_curves(n_curve, n_time)
        kernel = make_time_kernel([MaternParams()], curves.time, NOISE)
        data = curves.time, curves.variance, curves.residual, curves.use
        measured = []
        for _ in range(repeat):
            before = time.perf_counter()
            hyper, _, covariance = kernel.optimise(*data)
            measured.append(time.perf_counter() - before)
        pull = (hyper - np.log([AMPLITUDE, TIMESCALE])) / np.sqrt(np.einsum("cii->ci", covariance))
        within = np.mean(np.abs(pull) < 2.0)
        print(f"| {n_curve} x {n_time} | {median(measured):.3f} s | {within:.0%} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5, help="rounds of which medians are taken (default 5)")
    parser.add_argument("--inducing", type=int, default=100, help="inducing points of GPyTorch (default 100)")
    parser.add_argument("--without-exact", action="store_true", help="leave out GPyTorch exact, which takes minutes")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)
    torch, gpytorch = torch_and_gpytorch()
    versions = f"celerite2 {celerite2.__version__}, gpytorch {gpytorch.__version__}, torch {torch.__version__}"
    print(f"{platform.machine()}, Python {platform.python_version()}, {versions}; one thread\n")
    print(f"| samples | method | {EVALUATIONS} x likelihood and gradient | x specframe | ln L less exact |")
    print("|---|---|---|---|---|")
    for n_curve, n_time in SIZES:
        compare(n_curve, n_time, arguments.repeat, arguments.inducing, arguments.without_exact)
    print()
    print_optima(arguments.repeat)
    print(CHOICE)


if __name__ == "__main__":
    main()
