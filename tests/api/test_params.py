"""Parameters are read by the same strict rules from YAML and from Python."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import pytest

from specframe.api import BaseComponent, Field, InputPath, Params, Unit
from specframe.errors import ParameterError


class _FilterParams(Params):
    rows: tuple[tuple[int, int], ...] = Field(((0, 8),), description="Rows.")
    cutoff: Annotated[float, Unit("um")] = Field(5.3, gt=0, description="Cutoff.")
    weight: float = Field(1.0, description="Weight.")
    path: InputPath | None = Field(None, description="File.")


class _Filter(BaseComponent):
    kind = "detrender"
    name = "filter"
    Params = _FilterParams


def test_python_values_are_taken_as_they_are() -> None:
    made = _Filter(rows=[[0, 4], (6, 8)], weight=np.float64(2), cutoff="5300 nm", path=Path("a"))
    assert made.params.rows == ((0, 4), (6, 8))
    assert made.params.weight == 2.0
    assert made.params.cutoff == pytest.approx(5.3)
    assert made.params.path == Path("a")


def test_a_quantity_in_its_own_unit_is_its_number() -> None:
    assert _Filter(cutoff="5.25 um", path=Path("a")).params.cutoff == 5.25
    for text in ("five um", "nan um", "-1 um"):
        with pytest.raises(ParameterError):
            _Filter(cutoff=text, path=Path("a"))


def test_a_path_is_relative_to_the_file_that_states_it() -> None:
    stated = _FilterParams.validate_data({"path": "data/a.csv"}, base=Path("/project/configs"))
    assert stated.path == Path("/project/configs/data/a.csv")
    assert _FilterParams.validate_data({"path": "/data/a.csv"}, base=Path("/project")).path == Path("/data/a.csv")


def test_a_path_may_be_a_default() -> None:
    class _FolderParams(Params):
        folder: InputPath = Field(Path("data"), description="Folder.")

    assert _FolderParams.validate_data({}).folder == Path("data")
    assert _FolderParams.validate_data({}, base=Path("/project")).folder == Path("/project/data")
    with pytest.raises(ValueError, match="valid string"):
        _FolderParams.validate_data({"folder": 3})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"weight": "3"}, r"weight: .*valid number, got '3'"),
        ({"weight": True}, r"weight: .*valid number, got True"),
        ({"weight": float("nan")}, r"weight: .*finite number"),
        ({"rows": [[1]]}, r"rows\.0\.1: Field required"),
        ({"cutoff": "3 s"}, r"cutoff: .*in 'um'.*: 's' \(time\) and 'um' \(length\) are not convertible"),
        ({"cutoff": -1.0}, r"cutoff: .*greater than 0, got -1"),
        ({"wieght": 1.0}, r"wieght: Extra inputs are not permitted, got 1.0; did you mean 'weight'\?"),
        ({"zzz": 1.0}, r"zzz: Extra inputs are not permitted, got 1.0; there are .*weight"),
    ],
)
def test_wrong_values_are_named(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        _Filter(**wrong)


def test_all_wrong_values_are_told_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        _Filter(weight="3", cutoff=-1, typo=1)
    assert all(name in str(caught.value) for name in ("weight", "cutoff", "typo"))


def test_canonical_parameters_make_the_same_component() -> None:
    params = _Filter(rows=[[2, 3]], cutoff="1 um", path=Path("x")).params
    assert _FilterParams.validate_data(params.canonical()) == params


def test_parameters_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        _Filter().params.weight = 3.0


def test_repr_shows_what_was_given() -> None:
    assert repr(_Filter(weight=2.0)) == "_Filter(weight=2.0)"
