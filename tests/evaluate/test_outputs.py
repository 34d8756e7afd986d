"""What outputs are, and in which units."""

from __future__ import annotations

import numpy as np
import pytest

from specframe.api import make_labels, make_prediction
from specframe.errors import DataError
from specframe.evaluate import are_parameters, output_units
from specframe.evaluate.outputs import common_unit


def labels(n_output, units="", wavelength=None):
    return make_labels(np.zeros((2, n_output)), ["a", "b"], [f"o{i}" for i in range(n_output)], units, wavelength)


def test_channels_are_no_parameters():
    spectrum = labels(3, "", [1.0, 2.0, 3.0])
    assert not are_parameters(make_prediction(spectrum, spectrum.values))
    three = labels(3, ["K", "", "dex"])
    assert are_parameters(make_prediction(three, three.values))


def test_many_outputs_are_channels_whose_wavelengths_nobody_gave():
    many = labels(283)
    assert not are_parameters(make_prediction(many, many.values))


@pytest.mark.parametrize("of", [lambda y: y, lambda y: make_prediction(y, y.values)], ids=["labels", "prediction"])
def test_each_output_has_a_unit(of):
    assert output_units(of(labels(2, ["K", ""]))) == ("K", "")
    assert output_units(of(labels(2, "Jy"))) == ("Jy", "Jy")
    assert common_unit("crps", of(labels(2, ["K", "K"]))) == "K"
    assert common_unit("crps", of(labels(2, "%"))) == "%"


def test_different_units_are_named_with_an_output_each():
    with pytest.raises(DataError, match=r"crps: the outputs have different units \(o0 in K, o1 without unit\)"):
        common_unit("crps", labels(4, ["K", "", "K", ""]))
