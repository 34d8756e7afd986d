"""Parameters of a component: one pydantic model gives validation, defaults, documentation and schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from annotated_types import GroupedMetadata
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema
from pydantic_core import to_json

__all__ = ["Field", "InputPath", "Params", "Quantity", "Unit"]


class Params(BaseModel):
    """Base of every component's parameters.

    Unknown names are errors, values are strict (``"3"`` is not a number, ``true`` is not 1) and instances do
    not change. Give every field a description, and bounds or units where they exist::

        class SmoothParams(Params):
            window: int = Field(5, ge=3, description="Width of the running median, in samples.")
            cutoff: Annotated[float, Unit("um")] = Field(5.3, description="Longest wavelength that is kept.")
    """

    #: Validators are built when a component is used first: a pipeline uses few of those that are installed.
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, validate_default=True, allow_inf_nan=False, defer_build=True
    )

    @classmethod
    def validate_data(cls, data: Mapping[str, Any], base: Path | None = None) -> Self:
        """Validate plain data from YAML or from keyword arguments, by the same rules.

        Lists may fill tuple fields and strings path fields; numbers, strings and booleans are never converted into
        each other. Relative paths are read against ``base``. Raises :class:`pydantic.ValidationError`.
        """
        return cls.model_validate_json(to_json(data, fallback=_plain), context={"base": base})

    def canonical(self) -> dict[str, Any]:
        """Return all values, defaults included, as plain JSON data that hash and dump reproducibly."""
        return self.model_dump(mode="json")


def _plain(value: object) -> object:
    """Turn numpy scalars and arrays into what JSON has."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"parameters are plain data, got {type(value).__name__}")


def _resolve_path(value: Path, info: ValidationInfo) -> Path:
    """Read a relative path against the folder of the file that states it, given as context ``base``."""
    value = value.expanduser()
    base = (info.context or {}).get("base")
    return value if base is None else Path(base) / value


def _path_as_json(value: object, info: ValidationInfo) -> object:
    """Write a default as JSON has it: pydantic validates it as it stands, in the mode of the data."""
    return str(value) if info.mode == "json" and isinstance(value, Path) else value


#: A file or folder that a component reads. In YAML it is relative to the folder of the YAML file, in Python and
#: on the command line to the working directory. ``specframe check`` verifies that it exists.
InputPath = Annotated[
    Path,
    BeforeValidator(_path_as_json),
    AfterValidator(_resolve_path),
    Field(json_schema_extra={"format": "path", "x-input-path": True}),
]


@dataclass(frozen=True)
class Unit(GroupedMetadata):
    """Marks a float that also takes a quantity as text and converts it: ``Annotated[float, Unit("um")]``.

    With this unit ``5.3`` is already in um, and ``"5300 nm"`` becomes so. Conversion is by astropy, which is imported
    only when text is given. Errors name the unit that was expected.
    """

    unit: str

    def __iter__(self) -> Iterator[object]:
        """Yield what pydantic reads: how text is converted, and the JSON schema."""
        text = {"type": "string", "description": f"a quantity, in {self.unit} or convertible"}
        yield BeforeValidator(self._converted)
        yield WithJsonSchema({"anyOf": [{"type": "number"}, text], "x-unit": self.unit})

    def _converted(self, value: object) -> object:
        if not isinstance(value, str):
            return value
        number, _, stated = value.strip().partition(" ")
        if stated.strip() == self.unit:  # astropy takes 0.2 s to import, as long as all else that a check does
            with suppress(ValueError):
                return float(number)
        from astropy import units

        try:
            return float(units.Quantity(value).to_value(self.unit))
        except (TypeError, ValueError, units.UnitsError) as error:
            # astropy goes on about how to define units of one's own
            reason = str(error).partition(" If this is meant")[0].strip()
            raise ValueError(f"expected a number or a quantity in {self.unit!r}, got {value!r}: {reason}") from None


def Quantity(unit: str) -> Any:  # noqa: N802 - reads as a type in annotations
    """Return ``Annotated[float, Unit(unit)]``, for those whose annotations no type checker reads."""
    return Annotated[float, Unit(unit)]
