"""Writes a pipeline as YAML that reads back to the same pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from specframe.config.scalar import read_scalar

if TYPE_CHECKING:
    from specframe.config.spec import PipelineSpec

__all__ = ["to_yaml"]


def to_yaml(spec: PipelineSpec) -> str:
    """Return canonical YAML: absolute paths, every default written, names qualified where they must be."""
    return yaml.dump(spec.to_data(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _Dumper(yaml.SafeDumper):
    """Quotes every text that our reader, or a YAML 1.1 reader, would take for something else."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write repeated values out."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists within mappings."""
        super().increase_indent(flow, False)


def _text(dumper: _Dumper, data: str) -> yaml.ScalarNode:
    try:
        is_text = isinstance(read_scalar(data), str)
    except ValueError:
        is_text = False
    style = None if is_text else "'"
    if not data.replace("\n", "").isprintable():
        style = '"'  # only double quotes can hold, say, a U+0085, which YAML takes for the end of a line
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)


def _list(dumper: _Dumper, data: list[Any]) -> yaml.SequenceNode:
    """Numbers in one line, as people write them."""
    flow = all(isinstance(item, int | float) or item is None or _is_numbers(item) for item in data)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=flow)


def _is_numbers(data: object) -> bool:
    return isinstance(data, list) and all(isinstance(item, int | float) for item in data)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)
