"""Terms are read strictly, and say what is wrong with them."""

import pytest
from pydantic import TypeAdapter, ValidationError

from specframe_transit.systematics.params import PolynomialTerm, TermParams

_TERM = TypeAdapter(TermParams)


def test_the_term_chooses_the_parameters():
    term = _TERM.validate_python({"term": "polynomial", "order": 3})
    assert isinstance(term, PolynomialTerm)
    assert term.order == 3


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"term": "polinomial"}, "polynomial"),
        ({"term": "polynomial", "degree": 2}, "degree"),
        ({"term": "polynomial", "order": 0}, "greater than or equal to 1"),
        ({"term": "step"}, "times: .* or n: 1"),
        ({"term": "step", "times": (1.0, 1.0)}, "must differ"),
        ({"term": "regressors"}, r"names: \[...\] or angles"),
        ({"term": "regressors", "names": ("x", "y", "x")}, "named twice: x"),
        ({"term": "regressors", "names": ("x",), "cross": True}, "at least two names"),
        ({"term": "common-mode", "wavelength": (1.6, 1.1)}, "lowest, highest"),
        ({"term": "exponential", "timescale": {"log_uniform": (0, 1)}}, "above 0"),
    ],
)
def test_a_wrong_term_says_what_was_expected(written, message):
    with pytest.raises(ValidationError, match=message):
        _TERM.validate_python(written)
