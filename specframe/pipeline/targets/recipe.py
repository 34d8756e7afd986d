"""The mapping steps of a pipeline as plain data, so that another process can make them again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specframe.pipeline.stages.keys import code_digest, digest, file_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from specframe.api.base import BaseComponent
    from specframe.config.spec import Step
    from specframe.registry import Registry

__all__ = ["Recipe", "StepRecipe", "files_in"]


@dataclass(frozen=True)
class StepRecipe:
    """A step as plain data, so that another process can make it again."""

    id: str
    kind: str
    name: str
    target: str
    version: str
    params: str
    #: Files that the parameters name; a loader says itself which ones a target depends on.
    files: tuple[Path, ...] = ()

    @classmethod
    def of(cls, step: Step) -> StepRecipe:
        """Describe a step of a validated pipeline."""
        registered = step.component
        return cls(
            id=step.id,
            kind=registered.component.kind,
            name=registered.qualified_name,
            target=registered.component.target,
            version=f"{registered.distribution} {registered.version}",
            params=json.dumps(step.params.canonical(), sort_keys=True),
            files=() if registered.component.kind == "loader" else tuple(files_in(step.params.model_dump())),
        )

    def make(self) -> BaseComponent:
        """Import the class and give it its parameters."""
        module, _, attribute = self.target.partition(":")
        component: type[BaseComponent] = getattr(import_module(module), attribute)
        return component(**json.loads(self.params))

    def key(self, upstream: Any) -> str:
        """Return the key of this step's result, given what it is made from."""
        files = [[str(file), file_digest(file)] for file in self.files]
        return digest(self.kind, self.name, self.version, code_digest(self.target), self.params, files, upstream)


@dataclass(frozen=True)
class Recipe:
    """Everything a process needs to take targets through the mapping steps."""

    load: StepRecipe
    maps: tuple[StepRecipe, ...]
    store: Path
    #: Other data for the loader than its parameters name, without labels: what is predicted.
    data: Path | None = None
    plugin_files: tuple[Path, ...] = ()
    block: tuple[str, ...] = ()
    pin: tuple[str, ...] = ()
    #: Whether results of the same step and target with other parameters stay in the store.
    keep_older: bool = False
    #: Mapping steps of which nothing was stored when the run began.
    fresh: tuple[str, ...] = ()
    #: Whether outcomes say what is stored of their target.
    sized: bool = False
    #: Whether outcomes say why each step was run.
    explained: bool = False

    def discover(self) -> Registry:
        """Find the plugins, local files included, in this process."""
        from specframe.registry import Registry

        return Registry.discover(block=self.block, pin=self.pin, files=self.plugin_files)


def files_in(value: Any) -> Iterator[Path]:
    """Yield the files that plain data name, however deep within them."""
    if isinstance(value, Path) and value.is_file():
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from files_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from files_in(item)
