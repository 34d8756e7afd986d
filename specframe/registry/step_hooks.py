"""The run's life-cycle hooks, called so that a plugin's mistake cannot end a run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pluggy

__all__ = ["StepHooks"]


class StepHooks:
    """Calls ``before_step``, ``after_step`` and ``on_step_error`` of every plugin that has them.

    What a hook raises (``sys.exit`` included) is reported and the run goes on: an observer must not cost a night of
    computing. Each plugin's hook is reported once, so that one mistake does not repeat for every target.

    Parameters
    ----------
    manager
        Where plugins are registered.
    on_problem
        Called with a message when a hook raises; by default it becomes a warning in the log ``specframe.registry``.
    """

    def __init__(self, manager: pluggy.PluginManager, on_problem: Callable[[str], None] | None = None) -> None:
        self.on_problem = on_problem or logging.getLogger("specframe.registry").warning
        self._manager = manager
        self._reported: set[tuple[str, str]] = set()

    def before_step(self, step: str, target: str | None) -> None:
        """Tell plugins that a step is about to run."""
        self._call("before_step", step=step, target=target)

    def after_step(self, step: str, target: str | None, result: Any, seconds: float) -> None:
        """Tell plugins that a step is done."""
        self._call("after_step", step=step, target=target, result=result, seconds=seconds)

    def on_step_error(self, step: str, target: str | None, error: BaseException) -> None:
        """Tell plugins that a step raised."""
        self._call("on_step_error", step=step, target=target, error=error)

    def _call(self, hook: str, **kwargs: Any) -> None:
        for implementation in reversed(getattr(self._manager.hook, hook).get_hookimpls()):
            try:
                implementation.function(**{name: kwargs[name] for name in implementation.argnames})
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                key = (implementation.plugin_name, hook)
                if key not in self._reported:
                    self._reported.add(key)
                    self.on_problem(
                        f"plugin {implementation.plugin_name}: its hook {hook} raised {type(error).__name__}: {error} "
                        f"(step {kwargs['step']!r}, target {kwargs['target']}); the run goes on, "
                        "further errors of this hook are not reported"
                    )
