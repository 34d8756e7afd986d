"""Which loader reads a file or folder that somebody names."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from specframe.config import pipeline_from_data
from specframe.errors import ConfigError, PluginError, SpecframeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from specframe.api.loader import Loader
    from specframe.config.spec import PipelineSpec
    from specframe.progress.progress import Progress
    from specframe.registry import Registry

__all__ = ["data_pipeline", "find_loader"]

_STEP = "data"


def data_pipeline(path: Path, loader: str, registry: Registry, parameters: Sequence[str] = ()) -> PipelineSpec:
    """Return a pipeline that only loads data.

    Parameters
    ----------
    path
        Of the data: the parameter ``path`` of the loader.
    loader
        Its name.
    parameters
        Further ones, each ``"key=value"`` with the value as in YAML.

    Raises
    ------
    UsageError, ConfigError
        When there is no such loader or it cannot be used, it has no parameter ``path``, or parameters are wrong.
    """
    registered = registry.resolve("loader", loader)
    if registered.usable and "path" not in registered.component.params.model_fields:
        raise UsageError(
            f"loader {loader!r} has no parameter 'path', so it reads no {path}; write a pipeline with it and "
            "explore that"
        )
    for text in parameters:
        if "=" not in text:
            raise UsageError(f"--with {text}: expected key=value")
    data = {"specframe": 1, "steps": [{"id": _STEP, "load": loader, "with": {"path": str(path)}}]}
    try:
        return pipeline_from_data(data, lambda block, pin: registry, [f"{_STEP}.{text}" for text in parameters])
    except ConfigError as error:
        # there is no file whose steps could be named
        message = str(error).replace(f"--set {_STEP}.", "--with ").replace("(Python data): ", "")
        raise ConfigError(message, error.problems) from None


def find_loader(path: Path, registry: Registry, progress: Progress) -> str:
    """Return the name of the only installed loader that lists targets at ``path`` and can load one of them.

    Raises
    ------
    UsageError
        When there is none, or there are several; says which, and what to do.
    """
    reading, refusing = [], []
    for name in registry.names("loader"):
        registered = registry.resolve("loader", name)
        if not registered.usable or "path" not in registered.component.params.model_fields:
            continue
        try:
            step = data_pipeline(path, name, registry).steps[0]
            loader = cast("Loader", step.component.load().from_params(step.params))
            targets = loader.targets()
            if not targets:
                raise UsageError("it lists no targets")
            loader.load(targets[0])
        except PluginError:
            continue
        except Exception as error:  # a loader meets data that it is not made for
            reason = str(error) if isinstance(error, SpecframeError) else f"{type(error).__name__}: {error}"
            refusing.append(f"  {name}: {' '.join(reason.split())[:160]}")
        else:
            reading.append(name)
    if len(reading) == 1:
        progress.say(f"{path} is read by the loader {reading[0]!r}")
        return reading[0]
    if reading:
        raise UsageError(f"{path}: several loaders read it: {', '.join(reading)}. Choose one: --loader {reading[0]}")
    listed = "\n".join(refusing)
    raise UsageError(
        f"{path}: no installed loader reads it by its path alone. Name one with its parameters: --loader NAME --with "
        f"key=value; 'specframe plugins show NAME' lists them.\n{listed}"
    )
