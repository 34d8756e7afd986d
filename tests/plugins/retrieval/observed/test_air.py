"""Wavelengths in air and in vacuum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specframe_retrieval.observed import air_to_vacuum, vacuum_to_air


@pytest.mark.parametrize(
    ("air", "vacuum"),
    [
        # lines of galaxies in air (NIST) and vacuum, in angstrom, as the Sloan Digital Sky Survey tabulates them
        (4861.363, 4862.721),
        (4958.911, 4960.295),
        (5006.843, 5008.239),
        (6562.801, 6564.614),
    ],
)
def test_published_lines(air: float, vacuum: float) -> None:
    # the table's last digit is 0.001, and its two columns come from different sources
    assert air_to_vacuum(1e-4 * air) == pytest.approx(1e-4 * vacuum, abs=4e-7)


def test_a_newer_measurement_of_the_air() -> None:
    """Ciddor (1996, Applied Optics 35, 1566), which the formula used here agrees with to some 1e-8."""
    vacuum = np.linspace(0.3, 2.5, 50)
    squared = vacuum**-2.0
    index = 1.0 + 0.05792105 / (238.0185 - squared) + 0.00167917 / (57.362 - squared)
    np.testing.assert_allclose(vacuum_to_air(vacuum), vacuum / index, rtol=3e-8)


@given(st.floats(0.2001, 30.0))
def test_they_are_inverse_to_each_other(wavelength: float) -> None:
    assert vacuum_to_air(air_to_vacuum(wavelength)) == pytest.approx(wavelength, rel=1e-13)


def test_the_far_ultraviolet_is_given_in_vacuum() -> None:
    np.testing.assert_array_equal(air_to_vacuum([0.12, 0.1999]), [0.12, 0.1999])
