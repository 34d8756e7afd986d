"""What YAML says of star and planet reaches whoever fits, whatever the format."""

from __future__ import annotations

import pytest

from specframe.errors import ParameterError
from specframe_io import Chromatic, Eureka, FitsCube, JwstX1dints, TessKepler
from specframe_io.examples import (
    chromatic_light_curves,
    eureka_light_curves,
    fits_cubes,
    tess_light_curves,
    x1dints,
)

LOADERS = {
    Chromatic: chromatic_light_curves,
    Eureka: eureka_light_curves,
    FitsCube: fits_cubes,
    JwstX1dints: x1dints,
    TessKepler: tess_light_curves,
}


@pytest.mark.parametrize("loader", LOADERS)
def test_star_and_orbit_are_attributes_of_the_root(loader, tmp_path):
    params = LOADERS[loader](tmp_path)["params"]
    system = {"period": "132.2 h", "semi_major_axis": 16.7, "stellar_temperature": 4803}
    made = loader(**params, system=system)
    attrs = made.load(made.targets()[0]).attrs
    assert attrs["period"] == pytest.approx(132.2 / 24)
    # the example of TESS has another temperature in its header
    assert (attrs["semi_major_axis"], attrs["stellar_temperature"]) == (16.7, 4803.0)
    assert "inclination" not in attrs
    with pytest.raises(ParameterError, match="semi_major_axis"):
        loader(**params, system={"semi_major_axis": 0.5})
