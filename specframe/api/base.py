"""What every component has in common: parameters given by keyword, validated, stored."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import ValidationError

from specframe.api.params import Params
from specframe.errors import ParameterError

if TYPE_CHECKING:
    from specframe.api.component import Kind

__all__ = ["BaseComponent"]


class BaseComponent:
    """Base of all components: takes its parameters by keyword and stores them as ``self.params``.

    A subclass sets ``name`` (as registered) and ``Params``. It keeps no state between calls other than ``params``
    and what ``fit`` learns, never mutates its input, and uses no global random state.

    Raises
    ------
    ParameterError
        When a parameter is unknown (the nearest name is said), of the wrong type or out of bounds. All of them are
        listed.
    """

    kind: ClassVar[Kind]
    name: ClassVar[str]
    Params: ClassVar[type[Params]] = Params

    def __init__(self, **params: Any) -> None:
        try:
            self.params = self.Params.validate_data(params)
        except ValidationError as error:
            listed = "\n".join(
                f"  {'.'.join(map(str, e['loc'])) or '(parameters)'}: {e['msg']}, got {e['input']!r}"
                f"{_nearest(e['loc'], self.Params) if e['type'] == 'extra_forbidden' else ''}"
                for e in error.errors()
            )
            raise ParameterError(f"{type(self).__name__}: wrong parameters\n{listed}") from None

    @classmethod
    def from_params(cls, params: Any) -> Self:
        """Make a component from parameters that are validated already."""
        self = cls.__new__(cls)
        self.params = params
        return self

    def __repr__(self) -> str:
        given = ", ".join(f"{k}={getattr(self.params, k)!r}" for k in sorted(self.params.model_fields_set))
        return f"{type(self).__name__}({given})"


def _nearest(place: tuple[int | str, ...], params: type[Params]) -> str:
    """Return the name of a parameter that an unknown one at ``place`` may be meant for, as the end of a message."""
    schema = params.model_json_schema() if len(place) > 1 else {}
    nested = [name for model in schema.get("$defs", {}).values() for name in model.get("properties", {})]
    names = nested or list(params.model_fields)
    nearest = difflib.get_close_matches(str(place[-1]), names, n=1) if place else []
    if nearest:
        return f"; did you mean {nearest[0]!r}?"
    return f"; there are {', '.join(names)}" if len(place) == 1 and names else ""
