"""What a component has learned, on disk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from specframe.api import Field, Model, Params
from specframe.errors import InputFileError

if TYPE_CHECKING:
    from pathlib import Path


class _LevelParams(Params):
    size: int = Field(2, ge=1, description="Numbers that it learns.")


class _Level(Model):
    """Learns so many numbers."""

    name: ClassVar[str] = "level"
    Params: ClassVar[type[Params]] = _LevelParams
    params: _LevelParams
    learned: np.ndarray[Any, Any]

    def fit(self, X: Any, y: Any, groups: Any = None) -> _Level:
        self.learned = np.arange(float(self.params.size))
        return self

    def predict(self, X: Any) -> Any:
        raise NotImplementedError

    def get_state(self) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
        return {"learned": self.learned}, {}

    def set_state(self, arrays: dict[str, np.ndarray[Any, Any]], values: dict[str, Any]) -> None:
        self.learned = arrays["learned"]


class _NewerLevel(_Level):
    """The same component in a version that also learns a slope."""

    def set_state(self, arrays: dict[str, np.ndarray[Any, Any]], values: dict[str, Any]) -> None:
        self.learned, self.slope = arrays["learned"], arrays["slope"]


class _StricterLevel(_Level):
    """The same component in a version that refuses arrays of another size, at length, as torch does."""

    def set_state(self, arrays: dict[str, np.ndarray[Any, Any]], values: dict[str, Any]) -> None:
        raise RuntimeError("size mismatch for weight:\n\t" + 50 * "copying a param, ")


class _OtherParams(Params):
    count: int = Field(1, description="What size was called before.")


class _RenamedLevel(_Level):
    """The same component in a version whose parameters have other names."""

    Params: ClassVar[type[Params]] = _OtherParams


class _Keeper(_Level):
    """Hands over what it is told to."""

    state: tuple[dict[str, Any], dict[str, Any]]

    def get_state(self) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
        return self.state


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (({"library": np.array(object())}, {}), "the array 'library' of dtype object, expected float, int or bool"),
        (({"library": object()}, {}), "the array 'library' of dtype object"),
        (({"names": np.array(["a"])}, {}), "the array 'names' of dtype <U1"),
        (({}, {"count": np.int64(3)}), "the value 'count', which JSON cannot hold"),
    ],
)
def test_what_only_pickle_could_hold_is_named_and_nothing_is_written(
    state: tuple[dict[str, Any], dict[str, Any]], said: str, tmp_path: Path
) -> None:
    keeper = _Keeper()
    keeper.state = state
    with pytest.raises(TypeError, match=re.escape(said)):
        keeper.save(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_what_was_saved_is_loaded_again(tmp_path: Path) -> None:
    _Level(size=3).fit(None, None).save(tmp_path)
    loaded = _Level.load(tmp_path)
    assert loaded.params.size == 3
    np.testing.assert_array_equal(loaded.learned, [0.0, 1.0, 2.0])


@pytest.mark.parametrize(
    ("newer", "reason"),
    [
        (_NewerLevel, "KeyError: 'slope'"),
        (_StricterLevel, "size mismatch for weight: copying"),
        (_RenamedLevel, "size"),
    ],
)
def test_what_another_version_has_learned_is_refused_with_advice(
    tmp_path: Path, newer: type[_Level], reason: str
) -> None:
    _Level().fit(None, None).save(tmp_path)
    with pytest.raises(InputFileError) as refused:
        newer.load(tmp_path)
    message = str(refused.value)
    assert str(tmp_path) in message
    assert "another version has written it; run the pipeline again" in message
    assert reason in message
    assert len(message) < len(str(tmp_path)) + 500
    assert "\n" not in message
