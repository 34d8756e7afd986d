"""Light curves whose systematics are known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydantic import TypeAdapter

from specframe_transit.curves import Curves
from specframe_transit.systematics.params import TermParams

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_TERMS = TypeAdapter(tuple[TermParams, ...])


@pytest.fixture
def terms_of() -> Callable[..., Sequence[TermParams]]:
    """Return a function that validates terms as YAML has them."""

    def terms(*written: dict[str, Any]) -> Sequence[TermParams]:
        return _TERMS.validate_json(json.dumps(written))

    return terms


@pytest.fixture
def curves_with() -> Callable[..., Curves]:
    """Return a function that makes light curves with regressors, at 400 times over 0.2 d around day 1000."""

    def curves(
        regressors: dict[str, np.ndarray] | None = None,
        *,
        time: np.ndarray | None = None,
        flux: np.ndarray | None = None,
        use: np.ndarray | None = None,
        error: float = 1e-4,
    ) -> Curves:
        time = np.linspace(-0.1, 0.1, 400) if time is None else time
        flux = np.ones((2, len(time))) if flux is None else np.atleast_2d(flux)
        use = np.ones(flux.shape, bool) if use is None else np.atleast_2d(use)
        wavelength = np.arange(1.0, 1.0 + len(flux))
        return Curves(
            path="NIRSpec/0",
            instrument="NIRSpec",
            visit="0",
            time=time,
            reference=1000.0,
            jd_offset=None,
            time_system="TDB",
            exposure=0.0,
            wavelength=wavelength,
            lower=wavelength - 0.5,
            upper=wavelength + 0.5,
            level=np.ones(len(flux)),
            flux=flux,
            flux_error=np.full(flux.shape, error),
            use=use,
            error_known=np.ones(len(flux), bool),
            regressors=regressors or {},
            limb_darkening=None,
            limb_darkening_white=None,
            law="quadratic",
        )

    return curves
