"""Kernels from YAML's words, and curves drawn from dense covariances."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import TypeAdapter

from specframe_transit.gp.celerite import make_time_kernel
from specframe_transit.gp.params import KernelParams

_ADAPTER = TypeAdapter(KernelParams)


@pytest.fixture(scope="session")
def kernel():
    """Return a function that makes the kernel of several terms."""

    def make(*terms, time=None, scatter=1e-4):
        time = np.linspace(0.0, 0.3, 100) if time is None else time
        return make_time_kernel([_ADAPTER.validate_python(term) for term in terms], time, scatter)

    return make


@pytest.fixture(scope="session")
def draw():
    """Return a function that draws curves (n_curve, n_time) with a covariance (n_time, n_time)."""

    def make(covariance, n_curve, seed):
        rng = np.random.default_rng(seed)
        value, vector = np.linalg.eigh(covariance)
        return rng.standard_normal((n_curve, len(value))) * np.sqrt(np.maximum(value, 0.0)) @ vector.T

    return make
