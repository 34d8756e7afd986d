"""A correct calibrator and detrender, and some with one fault each; the tags name the checks that must catch it."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from specframe.api import Calibrator, Component, Detrender, Params, hookimpl, make_observation, nodes
from specframe.errors import DataError

FAULTS: list[tuple[type[Any], tuple[str, ...]]] = []


def caught_by(*checks: str) -> Any:
    def register(cls: type[Any]) -> type[Any]:
        FAULTS.append((cls, checks))
        return cls

    return register


@caught_by()
class Sum(Calibrator):
    """Second read minus first, summed over the rows, with photon and read noise."""

    name = "sum"

    def apply(self, observation: Any) -> Any:
        found = {path: self.light_curves(data) for path, data in nodes(observation)}
        return make_observation(observation.attrs["target"], found)

    def light_curves(self, data: Any) -> Any:
        alive = self.alive(data["dead"].values)
        if not alive.any(axis=0).all():
            raise DataError("a column has no live pixel")
        electrons = data["frames"].values.astype(float) / data.attrs["gain"]
        rate = np.where(alive, electrons[1::2] - electrons[::2], 0.0)
        flux = rate.sum(axis=1).T
        variance = np.abs(flux) + 2 * 13.0**2 * alive.sum(axis=0)[:, None]
        order = np.argsort(data["wavelength"].values)
        time = data["time"].values[1::2]
        return xr.Dataset(
            {
                "flux": (("wavelength", "time"), flux[self.rows(order)], {"units": "electron"}),
                "flux_error": (("wavelength", "time"), self.error(variance)[self.rows(order)], {"units": "electron"}),
                "mask": (("wavelength", "time"), np.zeros(flux.shape, bool)),
            },
            coords={
                "wavelength": ("wavelength", data["wavelength"].values[order], {"units": "um"}),
                "time": ("time", time, data["time"].attrs),
            },
        )

    def alive(self, dead: Any) -> Any:
        return ~dead

    def rows(self, order: Any) -> Any:
        return order

    def error(self, variance: Any) -> Any:
        return np.sqrt(variance)


@caught_by("mask-honoured", "transit-recovered", "unusable-target-refused")
class UsesDeadPixels(Sum):
    """Sums dead pixels too."""

    def alive(self, dead: Any) -> Any:
        return np.ones_like(dead)


@caught_by("wavelength-ascending")
class SortsWavelengthOnly(Sum):
    """Sorts the wavelengths and leaves the flux as it was."""

    def rows(self, order: Any) -> Any:
        return np.arange(len(order))


@caught_by("observation-valid", "wavelength-ascending")
class Descends(Sum):
    """Gives wavelengths in descending order."""

    def light_curves(self, data: Any) -> Any:
        return super().light_curves(data).isel(wavelength=slice(None, None, -1))


@caught_by("errors-positive")
class NoErrors(Sum):
    """Gives errors of zero."""

    def error(self, variance: Any) -> Any:
        return np.zeros_like(variance)


@caught_by("observation-valid", "errors-positive")
class SwapsDims(Sum):
    """Gives light curves with time first."""

    def light_curves(self, data: Any) -> Any:
        found = super().light_curves(data)
        return found.assign(flux=found["flux"].transpose())


@caught_by("observation-valid")
class LosesUnits(Sum):
    """Gives light curves without units."""

    def light_curves(self, data: Any) -> Any:
        found = super().light_curves(data)
        found["flux"].attrs = {}
        return found


@caught_by("observation-valid")
class RenamesTarget(Sum):
    """Gives the Observation another name."""

    def apply(self, observation: Any) -> Any:
        result = super().apply(observation)
        result.attrs["target"] += "-calibrated"
        return result


@caught_by("transit-recovered")
class SmearsTheTransit(Sum):
    """Divides by the light of all wavelengths, and the transit goes with it."""

    def light_curves(self, data: Any) -> Any:
        found = super().light_curves(data)
        white = found["flux"].mean("wavelength")
        found["flux"] = (found["flux"] / white * white.mean()).assign_attrs(units="electron")
        return found


@caught_by("no-state-between-targets", "shared-by-threads")
class RemembersTargets(Sum):
    """Averages its errors over the targets before."""

    def error(self, variance: Any) -> Any:
        self.seen = [*getattr(self, "seen", []), variance]
        return np.sqrt(np.mean(self.seen, axis=0))


@caught_by("levels-declared")
class MisspeltLevel(Sum):
    """Says that it produces a level that there is not."""

    produces: Any = ("light_curves",)


@caught_by()
class Step(Detrender):
    """Depth between the mean flux in and out of transit, after dividing by a line through the flux outside."""

    name = "step"

    def apply(self, observation: Any) -> Any:
        found = {path: self.depths(data) for path, data in nodes(observation)}
        return make_observation(observation.attrs["target"], found)

    def depths(self, data: Any) -> Any:
        t1, t2, t3, t4 = data["contact_time"].values
        time = data["time"].values
        used = self.used(data["mask"].values)
        out, inside = ((time < t1) | (time > t4)) & used, ((time > t2) & (time < t3)) & used
        if not (out.sum(axis=1) > 3).all() or not inside.any(axis=1).all():
            raise DataError("a channel has no sample inside or outside the transit")
        depth, error = np.empty(len(out)), np.empty(len(out))
        for k, (flux, sigma) in enumerate(zip(data["flux"].values, data["flux_error"].values, strict=True)):
            baseline = np.polynomial.Polynomial.fit(time[out[k]], flux[out[k]], 2)(time)
            ratio, relative = flux / baseline, sigma / baseline
            depth[k] = 1.0 - ratio[inside[k]].mean()
            n_in, n_out = inside[k].sum(), out[k].sum()
            error[k] = np.sqrt(relative[inside[k]].mean() ** 2 / n_in + 2.0 * relative[out[k]].mean() ** 2 / n_out)
        return data.assign(
            depth=("wavelength", self.scaled(depth, data), {"units": ""}),
            depth_error=("wavelength", self.uncertain(error), {"units": ""}),
        )

    def used(self, mask: Any) -> Any:
        return ~mask

    def scaled(self, depth: Any, data: Any) -> Any:
        return depth

    def uncertain(self, error: Any) -> Any:
        return error


@caught_by("mask-honoured", "transit-recovered", "unusable-target-refused")
class ForgetsTheMask(Step):
    """Uses masked samples."""

    def used(self, mask: Any) -> Any:
        return np.ones_like(mask)


@caught_by("transit-recovered")
class TooConfident(Step):
    """States a fifth of its errors."""

    def uncertain(self, error: Any) -> Any:
        return error / 5.0


@caught_by("transit-recovered")
class Biased(Step):
    """Measures a tenth too little."""

    def scaled(self, depth: Any, data: Any) -> Any:
        return 0.9 * depth


@caught_by("wavelength-order")
class TrustsTheOrder(Step):
    """Adds a correction that belongs to the first channel, wherever that is."""

    def scaled(self, depth: Any, data: Any) -> Any:
        slope = np.linspace(-1.0, 1.0, len(depth)) * 2e-5
        return depth + slope


@caught_by("flux-scale-free")
class KnowsTheUnits(Step):
    """Adds a little for every electron."""

    def scaled(self, depth: Any, data: Any) -> Any:
        return depth + 1e-9 * data["flux_error"].mean("time").values


@caught_by("unusable-target-refused")
class MeasuresNothing(Step):
    """Gives a depth of NaN where everything is masked."""

    def depths(self, data: Any) -> Any:
        if not data["mask"].values.all():
            return super().depths(data)
        nothing = ("wavelength", np.full(data.sizes["wavelength"], np.nan), {"units": ""})
        return data.assign(depth=nothing, depth_error=nothing)


@caught_by("observation-valid", "input-not-mutated")
class ChangesItsInput(Step):
    """Adds its results to the Observation that it was given."""

    def apply(self, observation: Any) -> Any:
        for path, data in list(nodes(observation)):
            observation[path].dataset = self.depths(data)
        return observation


def name_of(cls: type) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in cls.__name__).strip("-")


for _cls, _ in FAULTS:
    _cls.name = name_of(_cls)


@hookimpl
def specframe_components() -> Any:
    for cls, checks in FAULTS:
        yield Component(
            kind=cls.kind,
            name=cls.name,
            target=f"mappings:{cls.__name__}",
            params=Params,
            summary=cls.__doc__ or "",
            tags=checks,
        )
