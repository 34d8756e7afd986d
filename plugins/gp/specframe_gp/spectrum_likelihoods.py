"""Likelihoods from which a process along wavelength learns: of known spectra, of measured ones, of their difference."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from specframe_gp.arithmetic import cholesky, torch
from specframe_gp.hyper_parameters import HyperParameters
from specframe_gp.kernels import make_kernel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from specframe_gp.bins import Binned
    from specframe_gp.params import KernelParams
    from specframe_gp.spectra import Axis

__all__ = ["Amplitude", "Difference", "KnownSpectra", "Likelihood", "MeasuredSpectra", "amplitude_nodes"]

Amplitude = Literal["each", "depth", "common"]

#: Normal priors of hyper-parameters. Variances are in units of the square of a typical spectrum's features.
_PRIORS = {
    "log_rest": (-7.0, 3.0),
    "log_spread": (-0.7, 1.0),
    "exponent": (0.5, 0.5),
    "log_inflation": (0.0, 0.5),
    "log_jitter": (-4.0, 3.0),
    "log_level": (-4.0, 3.0),
    "log_smooth": (-4.0, 3.0),
    "log_smooth_length": (2.0, 1.0),
}
#: Variance of the noise that known spectra are taken to have, in units of that of their features.
_BLUR = 1e-5
#: The least variance of a spectrum that is independent in every channel, in units of its features.
_LEAST_REST = {torch.float64: 1e-8, torch.float32: 1e-6}
#: Amplitudes over which a measured spectrum is integrated, and a known one, around its own.
_COARSE, _HERMITE = 9, 9
#: How far amplitudes reach, in standard deviations of their logarithm.
_RANGE = 3.0


def amplitude_nodes(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points of a standard normal variable, evenly spaced, and their probabilities."""
    if count == 1:
        return np.zeros(1), np.ones(1)
    nodes = np.linspace(-_RANGE, _RANGE, count)
    density = np.exp(-0.5 * np.square(nodes))
    return nodes, density / density.sum()


class Likelihood(HyperParameters):
    """Hyper-parameters, each with a leading axis of length 1, and how probable data are with them."""

    own_priors: ClassVar[Mapping[str, tuple[float, float]]] = _PRIORS

    def __init__(self, dtype: torch.dtype, names: tuple[str, ...]) -> None:
        self._dtype = dtype
        self._own = {name: torch.nn.Parameter(torch.zeros(1, dtype=dtype)) for name in names}
        self._kernel: Any = None

    @abstractmethod
    def log_likelihoods(self) -> torch.Tensor | None:
        """Return the logarithm of the probability of each target's data (n,), ``None`` where that is impossible."""

    @property
    @abstractmethod
    def weight(self) -> torch.Tensor:
        """Relative weights of the targets (n,)."""

    def negative_log_likelihood(self) -> torch.Tensor | None:
        """Return minus the weighted sum, shape (1,)."""
        each = self.log_likelihoods()
        return None if each is None else -(self.weight * each).sum()[None]

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """Return all hyper-parameters by name."""
        kernel = {} if self._kernel is None else dict(self._kernel.named_parameters())
        return {**{f"kernel.{name}": value for name, value in kernel.items()}, **self._own}

    def _at_the_priors(self) -> None:
        self.set_hyper_parameters({name: mean.numpy() for name, (mean, _) in self.priors().items()})

    def _tensor(self, values: NDArray[np.float64]) -> torch.Tensor:
        return torch.as_tensor(np.ascontiguousarray(values), dtype=self._dtype)

    def _value(self, name: str) -> torch.Tensor:
        """Return a variance or a length by the name of its logarithm, 0 where it is not one of the model's."""
        return self._own[name].exp() if name in self._own else torch.zeros(1, dtype=self._dtype)


class _AlongWavelength(Likelihood):
    """A prior of spectra: ``level + amplitude * (mean + f + rest)``, ``f`` a process along wavelength.

    Nothing is assumed of the level, which is integrated out (restricted likelihood, Patterson & Thompson 1971,
    Biometrika 58, 545). The amplitude is log-normal around ``white^exponent``.
    """

    def __init__(
        self, kernel: KernelParams, amplitude: Amplitude, log_white: NDArray[np.float64], dtype: torch.dtype, more: Any
    ) -> None:
        each = ("log_spread", "exponent") if amplitude == "each" else ()
        super().__init__(dtype, ("log_rest", *each, *more))
        self._kernel = make_kernel(kernel, 1, (1,), dtype)
        self._amplitude, self._log_white = amplitude, self._tensor(log_white)

    def kernel(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the covariance of ``f`` between points (p,)."""
        with torch.no_grad():
            return np.asarray(self._kernel(self._tensor(points[:, None])).to_dense()[0].numpy(), float)

    def rest(self) -> torch.Tensor:
        """Return the variance of what is independent in every channel, shape (1,)."""
        return self._value("log_rest") + _LEAST_REST[self._dtype]

    def exponent(self) -> torch.Tensor:
        """Return how amplitudes grow with the depth, shape (1,)."""
        if self._amplitude == "each":
            return self._own["exponent"]
        return torch.full((1,), float(self._amplitude == "depth"), dtype=self._dtype)

    def spread(self) -> torch.Tensor:
        """Return the standard deviation of the logarithm of amplitudes, shape (1,)."""
        return self._value("log_spread")

    def log_amplitudes(self, nodes: torch.Tensor) -> torch.Tensor:
        """Return logarithms of amplitudes (n, j) at nodes (j,)."""
        return self.exponent() * self._log_white[:, None] + self.spread() * nodes

    @abstractmethod
    def responsibilities(self, nodes: NDArray[np.float64], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability (n, j) that a target has each amplitude, at nodes (j,) with prior probabilities."""


class KnownSpectra(_AlongWavelength):
    """Known spectra (n, c), in units of typical features, all of which share one covariance but for the amplitude.

    Spectra that were computed are smooth to their last digits, and what those say of a kernel would outweigh all else.
    So each is taken to be known to the part ``sqrt(blur)`` of its features: the likelihood is the one expected with
    noise of that size.
    """

    def __init__(
        self,
        kernel: KernelParams,
        axis: Axis,
        spectra: NDArray[np.float64],
        mean: NDArray[np.float64],
        weight: NDArray[np.float64],
        log_white: NDArray[np.float64],
        amplitude: Amplitude,
        dtype: torch.dtype = torch.float64,
        blur: float = _BLUR,
    ) -> None:
        super().__init__(kernel, amplitude, log_white, dtype, ())
        self._points, self._average = self._tensor(axis.points[:, None]), self._tensor(axis.average)
        columns = np.concatenate([np.ones((1, len(mean))), mean[None], spectra])
        self._freedom = len(mean) - 1
        self._blur = self._tensor(blur * np.square(spectra.std(axis=1)))
        self._columns, self._weight = self._tensor(columns.T), self._tensor(weight)
        self._at_the_priors()

    @property
    def weight(self) -> torch.Tensor:
        """Relative weights of the targets (n,)."""
        return self._weight

    def log_likelihoods(self) -> torch.Tensor | None:
        """Return log p(spectrum) (n,), amplitudes integrated out.

        A known spectrum tells its amplitude well: the integral over its logarithm is by Gauss and Hermite around the
        product of a normal peak and the normal prior.
        """
        sums = self._sums()
        if sums is None:
            return None
        expected = self.log_amplitudes(torch.zeros(1, dtype=self._dtype))
        if self._amplitude != "each":
            return self._given(sums, expected)[:, 0]
        peak, variance = (value[:, None] for value in self._peak(sums))
        prior = self.spread().square()
        both = variance * prior / (variance + prior)
        abscissae, weights = np.polynomial.hermite.hermgauss(_HERMITE)
        at = both * (peak / variance + expected / prior) + (2.0 * both).sqrt() * self._tensor(abscissae)
        log = self._given(sums, at) - 0.5 * ((at - expected).square() / prior + (math.pi * prior / both).log())
        return torch.logsumexp(log + self._tensor(np.log(weights) + np.square(abscissae)), dim=1)

    def responsibilities(self, nodes: NDArray[np.float64], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability (n, j) of each amplitude, whose width is at least that between nodes."""
        with torch.no_grad():
            sums = self._sums()
            assert sums is not None
            peak, variance = self._peak(sums)
            at = self.log_amplitudes(self._tensor(nodes))
            width = variance + (self.spread() * float(nodes[1] - nodes[0])).square()
            log = -0.5 * (at - peak[:, None]).square() / width[:, None]
            return np.asarray(torch.softmax(log + self._tensor(np.log(probabilities)), dim=1).numpy(), float)

    def _sums(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor] | None:
        """Return squares of spectra (n,), their products with the mean (n,), its square, and log determinants."""
        covariance = self._average @ self._kernel(self._points).to_dense()[0] @ self._average.T
        n_channel = len(covariance)
        covariance = covariance + self.rest() * torch.eye(n_channel, dtype=self._dtype)
        factor = cholesky(covariance[None])
        if factor is None:
            return None
        columns = torch.cat([self._columns, torch.eye(n_channel, dtype=self._dtype)], dim=1)
        columns = torch.linalg.solve_triangular(factor[0], columns, upper=False)
        one = columns[:, :1]
        precision = one.square().sum()
        columns = columns - one * (one.T @ columns) / precision
        mean, spectra, each = columns[:, 1], columns[:, 2:-n_channel], columns[:, -n_channel:]
        scale = 2.0 * factor[0].diagonal().log().sum() + precision.log()
        own = spectra.square().sum(dim=0) + self._blur * each.square().sum()
        return own, mean @ spectra, mean.square().sum(), scale

    def _given(self, sums: tuple[torch.Tensor, ...], logs: torch.Tensor) -> torch.Tensor:
        """Return log p(spectrum | amplitude) at logarithms of amplitudes (n, j)."""
        own, cross, mean, scale = sums
        inverse = torch.exp(-logs)
        square = own[:, None] * inverse.square() - 2.0 * cross[:, None] * inverse + mean
        return -0.5 * (square + scale + self._freedom * math.log(2.0 * math.pi)) - self._freedom * logs

    def _peak(self, sums: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logarithms of the most probable amplitudes (n,) and their variances."""
        own, cross, _, _ = sums
        own = own.clamp(min=torch.finfo(self._dtype).tiny ** 0.5)
        inverse = (cross + (cross.square() + 4.0 * own * self._freedom).sqrt()) / (2.0 * own)
        return -inverse.log(), 1.0 / (own * inverse.square() + self._freedom)


class MeasuredSpectra(_AlongWavelength):
    """Measured spectra in bins, each with its own errors: the prior of spectra plus noise, around no mean shape."""

    def __init__(
        self,
        kernel: KernelParams,
        binned: Binned,
        weight: NDArray[np.float64],
        log_white: NDArray[np.float64],
        amplitude: Amplitude,
        jitter: bool,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        super().__init__(kernel, amplitude, log_white, dtype, ("log_inflation", *(("log_jitter",) if jitter else ())))
        self._points = self._tensor(binned.points[:, None])
        self._average = self._tensor(binned.average)
        self._depth, self._noise = self._tensor(binned.depth), self._tensor(binned.noise)
        self._white_part, self._weight = self._tensor(binned.white), self._tensor(weight)
        self._at_the_priors()

    @property
    def weight(self) -> torch.Tensor:
        """Relative weights of the targets (n,)."""
        return self._weight

    def log_likelihoods(self) -> torch.Tensor | None:
        """Return log p(measured spectrum) (n,), amplitudes integrated out."""
        nodes, probabilities = amplitude_nodes(_COARSE if self._amplitude == "each" else 1)
        evidence = self._log_evidence(nodes)
        return None if evidence is None else torch.logsumexp(evidence + self._tensor(np.log(probabilities)), dim=1)

    def responsibilities(self, nodes: NDArray[np.float64], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability (n, j) that a target has each amplitude."""
        with torch.no_grad():
            evidence = self._log_evidence(nodes)
            assert evidence is not None
            return np.asarray(torch.softmax(evidence + self._tensor(np.log(probabilities)), dim=1).numpy(), float)

    def _log_evidence(self, nodes: NDArray[np.float64]) -> torch.Tensor | None:
        """Return log p(measured spectrum | amplitude) (n, j) at the nodes (j,)."""
        square = torch.exp(2.0 * self.log_amplitudes(self._tensor(nodes)))
        covariance = self._average @ self._kernel(self._points).to_dense()[0] @ self._average.T
        noise = self._value("log_inflation")[:, None, None] * self._noise
        noise = noise + torch.diag_embed(self._value("log_jitter") * self._white_part)
        own = covariance + torch.diag_embed(self.rest() * self._white_part)  # shape: (n, b, b)
        total = square[:, :, None, None] * own[:, None] + noise[:, None]
        n_target, n_node, n_bin = total.shape[:3]
        factor = cholesky(total.reshape(-1, n_bin, n_bin))
        if factor is None:
            return None
        both = torch.stack([torch.ones_like(self._depth), self._depth], dim=2)
        both = both[:, None].expand(-1, n_node, -1, -1).reshape(-1, n_bin, 2)
        both = torch.linalg.solve_triangular(factor, both, upper=False)
        one, depth = both[:, :, 0], both[:, :, 1]
        precision = one.square().sum(dim=1)
        distance = depth.square().sum(dim=1) - (one * depth).sum(dim=1).square() / precision
        scale = 2.0 * factor.diagonal(dim1=-2, dim2=-1).log().sum(dim=1) + precision.log()
        log = -0.5 * (distance + scale + (n_bin - 1) * math.log(2.0 * math.pi))
        return torch.reshape(log, (n_target, n_node))


class Difference(Likelihood):
    """Measured minus known spectra in bins: ``N = inflation * C + jitter + white^2 (level + smooth k)``.

    ``C`` is the reported covariance, ``k`` a squared exponential along wavelength. A fit of a wrong orbit moves all
    channels alike, one of a wrong star by a part of the depth that varies slowly with wavelength.
    """

    def __init__(
        self,
        binned: Binned,
        weight: NDArray[np.float64],
        white: NDArray[np.float64],
        jitter: bool,
        systematics: bool,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        further = ("log_level", "log_smooth", "log_smooth_length") if systematics else ()
        super().__init__(dtype, ("log_inflation", *(("log_jitter",) if jitter else ()), *further))
        self._depth, self._noise = self._tensor(binned.depth), self._tensor(binned.noise)
        self._white_part, self._weight = self._tensor(binned.white), self._tensor(weight)
        self._square_white = self._tensor(np.square(white))[:, None, None]
        centre = binned.average @ binned.points
        self._square_distance = self._tensor(np.square(centre[:, None] - centre[None, :]))
        self._at_the_priors()

    @property
    def weight(self) -> torch.Tensor:
        """Relative weights of the targets (n,)."""
        return self._weight

    def log_likelihoods(self) -> torch.Tensor | None:
        """Return log p(measured - known spectrum) (n,)."""
        noise = self._value("log_inflation")[:, None, None] * self._noise
        noise = noise + torch.diag_embed(self._value("log_jitter") * self._white_part)
        if "log_level" in self._own:
            square_length = self._value("log_smooth_length").square()
            smooth = self._value("log_smooth") * torch.exp(-0.5 * self._square_distance / square_length)
            noise = noise + self._square_white * (self._value("log_level") + smooth)
        factor = cholesky(noise)
        if factor is None:
            return None
        depth = torch.linalg.solve_triangular(factor, self._depth[:, :, None], upper=False)[:, :, 0]
        scale = 2.0 * factor.diagonal(dim1=-2, dim2=-1).log().sum(dim=1)
        log: torch.Tensor = -0.5 * (depth.square().sum(dim=1) + scale + depth.shape[1] * math.log(2.0 * math.pi))
        return log
