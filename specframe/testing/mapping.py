"""Checks of calibrators and detrenders."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from specframe.api.observation import LEVELS, level_of, nodes, validate_observation
from specframe.errors import DataError
from specframe.testing.case import Case, Check, CheckFailed, Skip, answered, expect, unchanged
from specframe.testing.problems import (
    CONTACTS,
    INSTRUMENT,
    frames_observation,
    light_curve_observation,
    spectrum_observation,
    transit_depths,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["MAPPING_CHECKS", "MappingCase"]


class MappingCase(Case[xr.DataTree]):
    """A calibrator or detrender, run on an Observation at the first level that it consumes."""

    example_type = "Observation (DataTree)"

    def reference(self) -> Sequence[xr.DataTree]:
        """Return two Observations at the first level that the component consumes and that can be made."""
        makers: dict[str, Callable[..., xr.DataTree]] = {
            "frames": frames_observation,
            "light-curves": light_curve_observation,
            "spectrum": spectrum_observation,
        }
        for level in self.cls.consumes:
            if level in makers:
                return [makers[level](seed=0), makers[level](seed=1)]
        raise CheckFailed(f"consumes must name one of {', '.join(makers)}, got {self.cls.consumes}")

    def exercise(self, component: Any, example: xr.DataTree) -> Any:
        """Apply."""
        return component.apply(example)

    def truth(self) -> list[Any]:
        """Return the true depths of the reference Observations."""
        if self.given:
            raise Skip("the true depths of the examples given are not known")
        return [
            transit_depths(example[f"{INSTRUMENT}/0/wavelength"].size, seed)
            for seed, example in enumerate(self.examples())
        ]


def levels_declared(case: MappingCase) -> None:
    """Require that ``consumes`` and ``produces`` name levels of Observations."""
    for attribute in ("consumes", "produces"):
        levels = getattr(case.cls, attribute)
        expect(
            isinstance(levels, tuple) and levels and set(levels) <= set(LEVELS),
            f"{attribute} must be a tuple of {', '.join(LEVELS)}, got {levels!r}",
        )


def observation_valid(case: MappingCase) -> None:
    """Require that its result is a valid Observation at a level that it declares, of the same target, and a new one."""
    for example in case.examples():
        result = case.exercise(case.make(), example)
        expect(result is not example, "returns the Observation that it was given")
        validate_observation(result, case.cls.name, case.cls.produces)
        got = result.attrs["target"]
        expect(got == example.attrs["target"], f"target {example.attrs['target']!r} became {got!r}")


def wavelength_ascending(case: MappingCase) -> None:
    """Require that wavelengths ascend and keep to their data, also where a detector's columns run the other way."""
    for result in case.alone():
        for path, data in nodes(result):
            expect(np.all(np.diff(data["wavelength"].values) > 0), f"wavelength of /{path} does not ascend")
    if case.given or "frames" not in case.cls.consumes:
        return
    example = case.examples()[0]
    flipped = example.map_over_datasets(lambda data: data.isel(x=slice(None, None, -1)) if "x" in data.dims else data)
    forward, backward = (case.exercise(case.make(), observation) for observation in (example, flipped))
    for (_, first), (path, second) in zip(nodes(forward), nodes(backward), strict=True):
        for name in ("wavelength", "flux"):
            size = 1e-6 * float(np.abs(first[name].values).max())
            unchanged(
                first[name].values, second[name].values, f"columns in reverse order change {name} of /{path}", size
            )


def wavelength_order(case: MappingCase) -> None:
    """Require that an Observation whose wavelengths descend is refused, or treated as the same one in order."""
    example = case.examples()[0]
    if not any("wavelength" in data.dims for _, data in nodes(example)):
        raise Skip("the example's wavelengths follow from its detector columns")
    descending = example.map_over_datasets(
        lambda data: data.isel(wavelength=slice(None, None, -1)) if "wavelength" in data.dims else data
    )
    got = answered(lambda: case.exercise(case.make(), descending))
    if got is None:
        return
    for (_, first), (path, second) in zip(nodes(case.alone()[0]), nodes(got), strict=True):
        for name in ("wavelength", "flux", "flux_error", "depth", "depth_error"):
            if name in first and "wavelength" in first.dims:
                expected, found = first[name].sortby("wavelength"), second[name].sortby("wavelength")
                size = 1e-6 * float(np.nanmax(np.abs(expected.values)))
                if name.startswith("depth"):
                    size = 0.05 * float(first["depth_error"].min())
                unchanged(
                    expected.values, found.values, f"descending wavelengths give other numbers: {name} of /{path}", size
                )


def errors_positive(case: MappingCase) -> None:
    """Require that what is not masked has a finite value and a finite, positive error."""
    for result in case.alone():
        for path, data in nodes(result):
            for name in ("flux", "depth"):
                if name in data and f"{name}_error" in data:
                    used = ~data["mask"].values if name == "flux" else np.ones(data[name].shape, bool)
                    value, error = data[name].values[used], data[f"{name}_error"].values[used]
                    expect(np.all(np.isfinite(value)), f"{name} of /{path} is not finite where it is not masked")
                    good = np.isfinite(error) & (error > 0)
                    expect(
                        np.all(good), f"{name}_error of /{path} is not positive and finite at {np.sum(~good)} places"
                    )


def mask_honoured(case: MappingCase) -> None:
    """Require that masked samples and dead pixels have no influence, whatever their values."""
    results = []
    for factor in (0.0, 5.0):
        example = case.examples()[0]
        if not _spoil(example, factor):
            raise Skip("the example has no masked samples or dead pixels")
        results.append(case.exercise(case.make(), example))
    for (_, first), (path, second) in zip(nodes(results[0]), nodes(results[1]), strict=True):
        if "mask" in first:
            unchanged(first["mask"].values, second["mask"].values, f"values that are masked change mask of /{path}")
        for name in ("flux", "flux_error", "detrended_flux", "model", "depth", "depth_error"):
            if name in first:
                a, b = first[name], second[name]
                if "mask" in first and a.dims == first["mask"].dims:
                    a, b = a.where(~first["mask"]), b.where(~first["mask"])
                size = 1e-9 * float(np.nanmax(np.abs(a.values)))
                unchanged(a.values, b.values, f"values that are masked change {name} of /{path}", size)


def no_state_between_targets(case: MappingCase) -> None:
    """Require that what it returns for a target does not depend on the targets before."""
    examples = case.examples()
    component = case.make()
    first = case.exercise(component, copy.deepcopy(examples[0]))
    case.exercise(component, copy.deepcopy(examples[-1]))
    unchanged(first, case.exercise(component, examples[0]), "the same target gives something else the second time")


def unusable_target_refused(case: MappingCase) -> None:
    """Require that a target all of whose samples or pixels are masked is refused with a DataError, or stays masked."""
    example = case.examples()[0]
    if not _mask_everything(example):
        raise Skip("the example has neither a mask nor dead pixels")
    try:
        result = case.exercise(case.make(), example)
    except DataError as error:
        expect(str(error).strip(), "refuses without a message")
        return
    except Exception as error:
        raise CheckFailed(f"must raise DataError, it raised {type(error).__name__}: {error}") from error
    for path, data in nodes(result):
        expect("mask" in data and data["mask"].values.all(), f"makes usable values of masked ones in /{path}")
        expect("depth" not in data, f"measures a depth in /{path}, where everything is masked")


def transit_recovered(case: MappingCase) -> None:
    """Require that the reference transit survives, or is measured to within five errors, which are honest."""
    pulls = []
    for result, depth in zip(case.alone(), case.truth(), strict=True):
        path = f"{INSTRUMENT}/0"
        found = dict(nodes(result))
        expect(path in found, f"the node /{path} is gone (there: {', '.join(found) or 'none'})")
        data = found[path]
        if level_of(data) == "frames" or "time" not in data.dims:
            raise Skip(f"the result is at level {level_of(data)}")
        if "depth" in data:
            expect(data["depth"].size == depth.size, f"/{path} has {data['depth'].size} depths, expected {depth.size}")
            pulls.append((data["depth"].values - depth) / data["depth_error"].values)
        else:
            _white_light_dips(data, path, depth.mean())
    if not pulls:
        return
    worst, rms = np.abs(pulls).max(), np.sqrt(np.mean(np.square(pulls)))
    expect(worst <= 5.0, f"a depth is {worst:.1f} of its errors away from the truth")
    expect(0.5 <= rms <= 2.0, f"depths are {rms:.2f} of their errors away from the truth (rms), expected about 1")


def flux_scale_free(case: MappingCase) -> None:
    """Require that the same data in other units of flux give the same depths."""
    if "depths" not in case.cls.produces:
        raise Skip("it measures no depths")
    example = case.examples()[0]
    for path, data in nodes(example):
        measured = {name: data[name] for name in ("flux", "flux_error") if name in data}
        scaled = {name: (value.dims, 1000.0 * value.values, value.attrs) for name, value in measured.items()}
        example[path].dataset = data.assign(scaled)
    result = case.exercise(case.make(), example)
    for (_, first), (path, second) in zip(nodes(case.alone()[0]), nodes(result), strict=True):
        if "depth" not in first:
            raise Skip("it measures no depths")
        size = 0.01 * float(first["depth_error"].min())
        for name in ("depth", "depth_error"):
            unchanged(first[name].values, second[name].values, f"{name} of /{path} depends on the scale of flux", size)


def _spoil(observation: xr.DataTree, factor: float) -> bool:
    """Multiply what is masked by ``factor``, in place; return whether anything is."""
    found = False
    for path, data in nodes(observation):
        if "mask" in data:
            mask, flux = data["mask"].values, data["flux"]
            wild = np.where(mask, factor * np.abs(flux.values) + factor, flux.values)
            observation[path].dataset = data.assign(flux=(flux.dims, wild, flux.attrs))
            found = found or bool(mask.any())
        if "dead" in data:
            dead, frames = data["dead"].values, data["frames"]
            values = np.array(frames.values)
            values[:, dead] = (values[:, dead] * (factor / 10)).astype(values.dtype)
            observation[path].dataset = data.assign(frames=(frames.dims, values, frames.attrs))
            found = found or bool(dead.any())
    return found


def _mask_everything(observation: xr.DataTree) -> bool:
    """Mask all samples and pixels, in place; return whether there was a mask."""
    found = False
    for path, data in nodes(observation):
        masks = {name: xr.ones_like(data[name]) for name in ("mask", "dead") if name in data}
        observation[path].dataset = data.assign(masks)
        found = found or bool(masks)
    return found


def _white_light_dips(data: xr.Dataset, path: str, depth: float) -> None:
    """Fail unless the light of all wavelengths dips by ``depth`` in transit, to a tenth of it."""
    white = data["flux"].where(~data["mask"]).mean("wavelength").values
    time = data["time"].values
    outside = (time < CONTACTS[0]) | (time > CONTACTS[3])
    inside = (time > CONTACTS[1]) & (time < CONTACTS[2])
    expect(inside.any() and outside.any(), f"/{path} has no sample inside or outside the transit")
    dip = 1.0 - np.nanmedian(white[inside]) / np.nanmedian(white[outside])
    expect(abs(dip - depth) <= 0.1 * depth, f"the transit in /{path} is {dip:.4f} deep, it was {depth:.4f}")


#: For calibrators and detrenders.
MAPPING_CHECKS: tuple[Check, ...] = (
    observation_valid,
    wavelength_ascending,
    wavelength_order,
    errors_positive,
    mask_honoured,
    no_state_between_targets,
    unusable_target_refused,
    transit_recovered,
    flux_scale_free,
)
