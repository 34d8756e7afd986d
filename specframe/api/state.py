"""What a fitted component has learned, on disk as JSON and safetensors, never as pickle."""

from __future__ import annotations

import json
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from specframe.api.base import BaseComponent
from specframe.errors import InputFileError, NotFittedError, ParameterError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Fitted"]

#: Characters of an error that a message quotes: torch lists every weight that does not fit.
_LONGEST_REASON = 200


class Fitted(BaseComponent):
    """Adds ``save`` and ``load`` to a component that learns.

    A subclass keeps what ``fit`` learned as numpy arrays and JSON values and hands them over in ``get_state`` and
    ``set_state``. A model with a file format of its own overrides ``save`` and ``load``.
    """

    @abstractmethod
    def get_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return what ``fit`` learned: arrays (of any shape and dtype float, int or bool) and JSON values.

        Raises :class:`~specframe.errors.NotFittedError` before ``fit``.
        """

    @abstractmethod
    def set_state(self, arrays: dict[str, np.ndarray], values: dict[str, Any]) -> None:
        """Take what ``get_state`` returned."""

    def save(self, directory: Path | str) -> None:
        """Write ``params.json``, ``state.json`` and ``state.safetensors`` into ``directory``.

        Raises
        ------
        TypeError
            When ``get_state`` returns something else than arrays of numbers and JSON values; nothing is written then.
        """
        import numpy as np
        from safetensors.numpy import save

        arrays, values = self.get_state()
        _check_state(self.name, arrays, values)
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        shapes = {name: list(np.shape(array)) for name, array in arrays.items()}
        content = save({n: np.atleast_1d(np.ascontiguousarray(a)) for n, a in arrays.items()})
        (directory / "state.safetensors").write_bytes(content)  # a full disk is then an OSError
        state = {"component": self.name, "kind": self.kind, "shapes": shapes, "values": values}
        (directory / "state.json").write_text(json.dumps(state, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        params = json.dumps(self.params.canonical(), indent=1, sort_keys=True)
        (directory / "params.json").write_text(params + "\n", encoding="utf-8")

    @classmethod
    def load(cls, directory: Path | str) -> Self:
        """Read what ``save`` wrote.

        Raises
        ------
        InputFileError
            When it is not whole, or what another version of the component has learned does not fit this one.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        directory = Path(directory)
        try:
            params = json.loads((directory / "params.json").read_text(encoding="utf-8"))
            state = json.loads((directory / "state.json").read_text(encoding="utf-8"))
            arrays = load_file(directory / "state.safetensors")
            shaped = {name: arrays[name].reshape(shape) for name, shape in state["shapes"].items()}
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise InputFileError(directory, f"cannot read the fitted component: {error}") from None
        if (state["kind"], state["component"]) != (cls.kind, cls.name):
            raise InputFileError(
                directory, f"holds the {state['kind']} {state['component']!r}, expected the {cls.kind} {cls.name!r}"
            )
        try:
            component = cls(**params)
            component.set_state(shaped, state["values"])
        except (ParameterError, RuntimeError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            reason = " ".join(str(error).split())
            reason = reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]} ..."
            raise InputFileError(
                directory,
                f"what {cls.name!r} has learned does not fit the {cls.name!r} that is installed, so another version "
                f"has written it; run the pipeline again ({type(error).__name__}: {reason})",
            ) from error
        return component

    def _not_fitted(self) -> NotFittedError:
        return NotFittedError(f"{type(self).__name__}: call fit first")


def _check_state(component: str, arrays: dict[str, Any], values: dict[str, Any]) -> None:
    """Refuse what can be saved as pickle only, by its name: an object of a library cannot be an array."""
    import numpy as np

    for name, array in arrays.items():
        dtype = np.asarray(array).dtype
        if dtype.kind not in "biufc":
            raise TypeError(
                f"{component}: get_state returns the array {name!r} of dtype {dtype}, expected float, int or bool: "
                "return the numbers that an object has learned, and make it again from them in set_state"
            )
    for name, value in values.items():
        try:
            json.dumps(value)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"{component}: get_state returns the value {name!r}, which JSON cannot hold ({error}): return it "
                "among the arrays, or as float, int, text, list or dict"
            ) from None
