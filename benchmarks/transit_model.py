"""Transit light curves of many channels with batman, channel by channel, as medians of interleaved runs.

Three sizes: 86 channels x 469 exposures (NIRISS), 20 x 75 (WFC3), 1 x 20,000 (a sector of TESS), quadratic and
four-parameter limb darkening. specframe also with the derivatives that a fit needs, which batman does not have, and
averaged over exposures; batman supersamples these 8 times. Printed with each: the largest difference of the fluxes.

    python benchmarks/transit_model.py [--repeat 9]
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import batman
import numpy as np

from specframe_transit.planet.eclipse import visible_fraction_with_gradient
from specframe_transit.planet.orbit import ORBIT_PARAMETERS, Orbit
from specframe_transit.planet.transit import transit_flux, transit_flux_with_gradient

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from specframe_transit.planet.transit import Law, TransitGradient

PPM = 1e6
#: Circular: on eccentric orbits batman's separations are off by 1e-6 R*, which is 0.1 ppm in ingress.
ORBIT = Orbit(period=5.5, mid_transit=0.0, semi_major_axis=16.4, inclination=88.5)
SIZES = {"86 x 469": (86, 469, 0.3), "20 x 75": (20, 75, 0.3), "1 x 20,000": (1, 20000, 27.0)}
LAWS: dict[Law, tuple[float, ...]] = {"quadratic": (0.35, 0.25), "nonlinear": (0.9, -0.6, 0.6, -0.3)}


@dataclass(frozen=True)
class Problem:
    """Channels and times, and how batman and specframe compute them."""

    time: NDArray[np.float64]
    radius_ratio: NDArray[np.float64]
    limb_darkening: NDArray[np.float64]
    law: Law
    exposure: float

    def batman(self, exposure: float = 0.0, max_err: float = 1.0) -> NDArray[np.float64]:
        """Return the fluxes (n_channel, n_time); the model is set up once and used for all channels.

        ``max_err`` in ppm is what batman may be off by, with the four-parameter law.
        """
        p = batman.TransitParams()
        p.t0, p.per, p.a, p.inc = ORBIT.mid_transit, ORBIT.period, ORBIT.semi_major_axis, ORBIT.inclination
        p.ecc, p.w, p.limb_dark = ORBIT.eccentricity, ORBIT.argument_of_periastron, self.law
        p.rp, p.u = float(self.radius_ratio.max()), self.limb_darkening[:, 0].tolist()
        sampling = {"supersample_factor": 8, "exp_time": exposure} if exposure else {}
        model = batman.TransitModel(p, self.time, max_err=max_err, **sampling)
        fluxes = []
        for radius, coefficients in zip(self.radius_ratio, self.limb_darkening.T, strict=True):
            p.rp, p.u = float(radius), coefficients.tolist()
            fluxes.append(model.light_curve(p))
        return np.array(fluxes)

    def flux(self, exposure: float = 0.0) -> NDArray[np.float64]:
        """Return the fluxes (n_channel, n_time)."""
        return transit_flux(ORBIT, self.time, self.radius_ratio, self.limb_darkening, self.law, exposure)

    def gradient(self, exposure: float = 0.0, orbit_parameters: Sequence[str] = ()) -> TransitGradient:
        """Return the fluxes with their derivatives."""
        return transit_flux_with_gradient(
            ORBIT, self.time, self.radius_ratio, self.limb_darkening, self.law, exposure, orbit_parameters
        )

    def runs(self) -> dict[str, Callable[[], object]]:
        """Return what is timed."""
        exposure = self.exposure
        runs: dict[str, Callable[[], object]] = {"batman": self.batman}
        if self.law == "nonlinear":
            runs["batman, to 0.01 ppm"] = partial(self.batman, max_err=0.01)
        return runs | {
            "flux": self.flux,
            "with gradient": self.gradient,
            "with gradient, six of the orbit": partial(self.gradient, orbit_parameters=ORBIT_PARAMETERS),
            "batman, exposures": partial(self.batman, exposure),
            "flux, exposures": partial(self.flux, exposure),
            "with gradient, exposures": partial(self.gradient, exposure),
        }


def medians(runs: dict[str, Callable[[], object]], repeat: int) -> dict[str, float]:
    """Return the median seconds of each of ``runs``, one after the other in each round, the first not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeat + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values[1:]) for name, values in seconds.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=9)
    repeat = parser.parse_args(arguments).repeat
    print("| channels x exposures | law | | median | x batman | largest difference |\n|---|---|---|---|---|---|")
    for size, (n_channel, n_time, length) in SIZES.items():
        times = np.linspace(-0.5, 0.5, n_time) * length
        for law, coefficients in LAWS.items():
            u = np.outer(coefficients, np.linspace(1.0, 0.8, n_channel))
            problem = Problem(times, np.linspace(0.13, 0.14, n_channel), u, law, float(times[1] - times[0]))
            seconds = medians(problem.runs(), repeat)
            off = np.abs(problem.flux() - problem.batman(max_err=0.01)).max() * PPM
            for name, median in seconds.items():
                ratio = median / seconds["batman, exposures" if "exposures" in name else "batman"]
                difference = f"{off:.3f} ppm" if name == "flux" else ""
                print(f"| {size} | {law} | {name} | {median * 1e3:.2f} ms | {ratio:.2f} | {difference} |")
    times = ORBIT.mid_eclipse(0.0) + np.linspace(-0.15, 0.15, 469)
    eclipse = partial(visible_fraction_with_gradient, ORBIT, times, 0.13, 0.0, ORBIT_PARAMETERS)
    median = medians({"eclipse": eclipse}, repeat)["eclipse"]
    print(f"| 1 x 469 | eclipse | with gradient, six of the orbit | {median * 1e3:.2f} ms | | |")


if __name__ == "__main__":
    main()
