"""What is masked is as if it were not there, whatever values it has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from specframe.api import nodes

NUMERICS = settings.get_profile("numerics")
GARBAGE = st.sampled_from([np.nan, np.inf, -np.inf, 1e30, -1e5, 0.0])


def with_masked_times(observation, new, garbage):
    """Put masked samples of ``garbage`` at times ``new``, in parts of the observation's length from its start."""
    observation = observation.copy(deep=True)
    for path, data in nodes(observation):
        time = data["time"].values
        at = np.unique(time[0] + np.asarray(new) * np.ptp(time))
        at = at[~np.isin(at, time)]
        more = data.isel(time=np.zeros(len(at), int)).copy(deep=True)
        for name in more.data_vars:
            if "time" in more[name].dims:
                more[name].values[...] = True if name == "mask" else garbage if more[name].dtype.kind == "f" else 0
        more = more.assign_coords(time=("time", at, data["time"].attrs))
        observation[path].dataset = _joined(data, more, "time")
    return observation


def with_masked_channels(observation, new, garbage):
    """Put masked channels between those with the indices ``new`` and the next, and behind the last."""
    observation = observation.copy(deep=True)
    for path, data in nodes(observation):
        wavelength = data["wavelength"].values
        after = np.append(wavelength[1:], 2.0 * wavelength[-1] - wavelength[-2])
        index = np.unique(np.minimum(new, len(wavelength) - 1))
        more = data.isel(wavelength=np.zeros(len(index), int)).copy(deep=True)
        for name in more.data_vars:
            if "wavelength" in more[name].dims:
                more[name].values[...] = True if name == "mask" else garbage if more[name].dtype.kind == "f" else 0
        middle = 0.5 * (wavelength + after)[index]
        more = more.assign_coords(wavelength=("wavelength", middle, data["wavelength"].attrs))
        observation[path].dataset = _joined(data, more, "wavelength")
    return observation


def _joined(data, more, dim):
    joined = xr.concat([data, more], dim=dim, data_vars="minimal", coords="minimal", compat="override", join="override")
    joined = joined.sortby(dim)
    for name in joined.variables:
        joined[name].attrs = data[name].attrs
    return joined.assign_attrs(data.attrs)


def without(result, dim, kept):
    """Return a result without the coordinates of ``dim`` that its example did not have."""
    result = result.copy(deep=True)
    for path, data in nodes(result):
        if dim in data.dims:
            of = {d: np.isin(data[d].values, kept) for d in (dim, f"{dim}_other") if d in data.dims and d in data}
            if f"{dim}_other" in data.dims and f"{dim}_other" not in data:
                of[f"{dim}_other"] = of[dim]
            result[path].dataset = data.isel(of)
    return result


@pytest.mark.numerics("masked-times")
@settings(NUMERICS, max_examples=5)
@given(garbage=GARBAGE, where=st.lists(st.floats(-0.1, 1.1), min_size=1, max_size=12))
def test_masked_times_change_nothing(subject, bound, garbage, where):
    example = subject.example()
    times = next(data["time"].values for _, data in nodes(example))
    result = without(subject.run(with_masked_times(example, where, garbage)), "time", times)
    change = subject.change(subject.base(), result)
    assert {name: size for name, size in change.items() if not size <= bound} == {}


@pytest.mark.numerics("masked-channels")
@settings(NUMERICS, max_examples=4)
@given(garbage=GARBAGE, where=st.lists(st.integers(0, 60), min_size=1, max_size=4))
def test_masked_channels_change_nothing(subject, bound, garbage, where):
    example = subject.example()
    channels = next(data["wavelength"].values for _, data in nodes(example))
    result = without(subject.run(with_masked_channels(example, where, garbage)), "wavelength", channels)
    change = subject.change(subject.base(), result, flags=False)  # which tell of the channels that are lost
    assert {name: size for name, size in change.items() if not size <= bound} == {}


@pytest.mark.numerics("masked-values")
@settings(NUMERICS, max_examples=4)
@given(garbage=GARBAGE, error=GARBAGE)
def test_values_under_a_mask_change_no_bit(subject, bound, garbage, error):
    example, spoiled = subject.example(), subject.example()
    rng = np.random.default_rng(5)
    for path, data in nodes(example):
        more = rng.random(data["mask"].shape) < 0.02
        for tree, values in ((example, (1.0, 1.0)), (spoiled, (garbage, error))):
            own = dict(nodes(tree))[path]
            mask = own["mask"].values | more
            filled = {
                name: (own[name].dims, np.where(mask, value, own[name].values), own[name].attrs)
                for name, value in zip(("flux", "flux_error"), values, strict=True)
            }
            tree[path].dataset = own.assign(filled | {"mask": (own["mask"].dims, mask)})
    first, second = subject.run(example), subject.run(spoiled)
    for tree in (first, second):  # what is masked is nobody's business
        for path, data in nodes(tree):
            if "mask" in data:
                like = {
                    n: a.where(~data["mask"]) for n, a in data.items() if a.dims == data["mask"].dims and n != "mask"
                }
                tree[path].dataset = data.assign({n: a.astype(float) for n, a in like.items()})
    change = subject.change(first, second)
    assert {name: size for name, size in change.items() if not size <= bound} == {}


@pytest.mark.numerics("weightless")
@settings(NUMERICS, max_examples=2)
@given(garbage=st.sampled_from([1e30, -1e5, 0.0, np.nan]), count=st.integers(1, 9))
def test_targets_without_weight_are_as_if_they_were_not_there(subject, bound, garbage, count):
    example = subject.example()
    n = example.y.sizes["target"]
    kept = slice(0, n - count)
    weight = np.where(np.arange(n) < n - count, 1.0, 0.0)
    y = example.y.copy(deep=True)
    y.values[n - count :] = 0.0 if np.isnan(garbage) else garbage
    few = replace(example, X=example.X.isel(target=kept), y=example.y.isel(target=kept))
    change = subject.change(subject.run(few), subject.run(replace(example, y=y), sample_weight=weight))
    assert {name: size for name, size in change.items() if not size <= bound} == {}


@pytest.mark.numerics("missing-channel")
@settings(NUMERICS, max_examples=2)
@given(where=st.integers(0, 2))
def test_a_channel_that_all_targets_lack_changes_no_prediction(subject, bound, where):
    example = subject.example()
    channel = example.X.dims[1] if isinstance(example.X, xr.DataArray) else "wavelength"

    def wider(x):
        index = np.insert(np.arange(x.sizes[channel]), where, 0)
        wide = x.isel({channel: index}).copy(deep=True)
        if channel in wide.coords:
            values = x[channel].values
            before = values[where - 1] if where else 2.0 * values[0] - values[1]
            grid = np.insert(values, where, 0.5 * (before + values[where]))
            wide = wide.assign_coords({channel: (channel, grid, x[channel].attrs)})
        parts = wide.data_vars.values() if isinstance(wide, xr.Dataset) else [wide]
        for part in parts:
            part[{channel: where}] = np.nan
        return wide

    assert isinstance(example.X, xr.DataArray), "inputs of several kinds: exempt it in bounds.yaml, with the reason"
    change = subject.change(
        subject.base(), subject.run(replace(example, X=wider(example.X), X_new=wider(example.X_new)))
    )
    assert {name: size for name, size in change.items() if not size <= bound} == {}
