"""Single precision beside double: what is lost, and what type results have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from specframe.api import nodes
from specframe.testing.problems import light_curve_observation

NUMERICS = settings.get_profile("numerics")
#: Results of fits, which are in double precision whatever the input was.
FITTED = ("depth", "depth_error", "model", "detrended_flux", "chi2_reduced", "contact_time", "std", "lower", "upper")


def single(data):
    """Return data in single precision, but for coordinates."""
    if isinstance(data, xr.DataTree):
        data = data.copy(deep=True)
        for node in data.subtree:
            if node.has_data:
                node.dataset = single(node.to_dataset(inherit=False))
        return data
    if isinstance(data, xr.Dataset):
        return data.map(lambda a: a.astype("f4") if a.dtype.kind == "f" else a, keep_attrs=True)
    return data.astype("f4")


@pytest.mark.numerics("float32")
def test_single_precision_agrees(subject, bound):
    example = subject.example()
    if hasattr(example, "apply") or isinstance(example, xr.DataTree):
        low = example.copy(deep=True)
        for path, data in nodes(low):
            two = {n: data[n].astype("f4") for n in ("flux", "flux_error")}
            low[path].dataset = data.assign(two)
    else:
        low = replace(example, **{name: single(value) for name, value in vars(example).items() if name[0] != "y"})
    result = subject.run(low)
    change = subject.change(subject.base(), result, flags=False)
    assert {name: size for name, size in change.items() if not size <= bound} == {}
    parts = [data for _, data in nodes(result)] if isinstance(result, xr.DataTree) else [result]
    types = {str(name): part[name].dtype for part in parts for name in part.variables}
    assert {name: types[name] for name in FITTED if name in types and types[name] != np.float64} == {}


@settings(NUMERICS, max_examples=8)
@given(photons=st.floats(5.0, 9.0), seed=st.integers(0, 20))
def test_single_precision_holds_a_signal_of_a_part_per_million(photons, seed):
    """10 million electrons in float32 are whole electrons: rounding is a thousandth of the photon noise."""
    from specframe_transit import TransitPolynomial

    observation = light_curve_observation(seed=seed, n_wavelength=6)
    data = dict(nodes(observation))["SPEC/0"]
    electrons = data * (10.0**photons / data["flux"].median())
    flux = {n: (data[n].dims, electrons[n].values, data[n].attrs) for n in ("flux", "flux_error")}
    observation["SPEC/0"].dataset = data.assign(flux)
    fit = TransitPolynomial()
    high, low = (dict(nodes(fit.apply(o)))["SPEC/0"] for o in (observation, _single_flux(observation)))
    assert float(np.abs((low["depth"] - high["depth"]) / high["depth_error"]).max()) < 1e-3
    assert float(np.abs(low["depth"] - high["depth"]).max()) < 1e-7


def _single_flux(observation):
    low = observation.copy(deep=True)
    for path, data in nodes(low):
        low[path].dataset = data.assign({n: data[n].astype("f4") for n in ("flux", "flux_error")})
    return low
