"""One component under test: how to make it, what to run it on, and how checks say what they found."""

from __future__ import annotations

import copy
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from specframe.errors import SpecframeError
from specframe.testing.compare import difference
from specframe.testing.process import preserved

if TYPE_CHECKING:
    from specframe.api.base import BaseComponent
    from specframe.api.component import Component

__all__ = ["Case", "Check", "CheckFailed", "Offered", "Skip", "expect", "refused", "unchanged"]

Example = TypeVar("Example")


class CheckFailed(Exception):  # noqa: N818 - an outcome, caught by the suite
    """A component does not do what a check asks for."""


class Skip(Exception):  # noqa: N818 - an outcome, caught by the suite
    """A check does not apply to a component, or cannot be run."""


class Offered(Protocol):
    """A component as the registry offers it."""

    @property
    def component(self) -> Component:
        """What its plugin says of it."""

    @property
    def plugin(self) -> str:
        """Name of the plugin."""

    @property
    def distribution(self) -> str:
        """Distribution of the plugin, or the path of a local file."""

    def load(self) -> type[BaseComponent]:
        """Import its class."""


@dataclass
class Case(ABC, Generic[Example]):
    """A component with its parameters and the examples it is run on.

    A subclass for each kind says what to run it on and how.

    Parameters
    ----------
    cls
        The component's class.
    component, offered
        What its plugin says of it and who offers it, where that is known.
    params
        Parameters; only those without a default are needed.
    given
        Examples from the caller, in place of the suite's reference problems.
    """

    cls: type[Any]
    component: Component | None = None
    offered: Offered | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    given: Sequence[Example] = ()
    _made: list[Example] = field(default_factory=list, init=False, repr=False)
    _alone: list[Any] = field(default_factory=list, init=False, repr=False)

    #: What ``given`` must hold.
    example_type: ClassVar[str]

    def make(self) -> Any:
        """Return a new instance."""
        return self.cls(**copy.deepcopy(dict(self.params)))

    @abstractmethod
    def reference(self) -> Sequence[Example]:
        """Return the suite's own examples."""

    def examples(self) -> list[Example]:
        """Return examples that the component under test has not seen yet and may be tempted to change."""
        if not self.given and not self._made:
            self._made = list(self.reference())
        return copy.deepcopy(list(self.given or self._made))

    def alone(self) -> list[Any]:
        """Return what new instances, one at a time, make of the examples; worked out once."""
        if not self._alone:
            with preserved(seed=7):  # of their own, so that who draws from global states is found out
                self._alone = [self.exercise(self.make(), example) for example in self.examples()]
        return self._alone

    def questions(self) -> list[Any]:
        """Return two things that one instance, as :meth:`prepared` gives it, can be asked."""
        return (self.examples() * 2)[:2]

    def prepared(self) -> Any:
        """Return an instance that can be asked."""
        return self.make()

    def ask(self, component: Any, question: Any) -> Any:
        """Return all that comes of a question."""
        return self.exercise(component, question)

    def told_alone(self, component: Any) -> list[Any]:
        """Return the answers to the questions, one at a time; a component that learns nothing has no need to be it."""
        return (self.alone() * 2)[:2]

    @abstractmethod
    def exercise(self, component: Any, example: Example) -> Any:
        """Run a component on an example and return all that comes out, for comparison."""


#: Raises CheckFailed or Skip; may return a note on what it measured.
Check = Callable[[Any], str | None]


def expect(condition: object, message: str) -> None:
    """Fail the check with ``message`` unless ``condition`` holds."""
    if not condition:
        raise CheckFailed(message)


def unchanged(first: Any, second: Any, message: str, tolerance: float = 0.0) -> None:
    """Fail the check unless two values are the same; says where they differ."""
    found = difference(first, second, tolerance)
    if found:
        raise CheckFailed(f"{message}: {found}")


def refused(call: Callable[[], object], expected: type[Exception] | tuple[type[Exception], ...], what: str) -> None:
    """Fail the check unless ``call`` raises what is expected, with a message."""
    names = expected.__name__ if isinstance(expected, type) else " or ".join(e.__name__ for e in expected)
    try:
        call()
    except expected as error:
        expect(str(error).strip(), f"{what} raises {type(error).__name__} without a message")
    except Exception as error:
        raise CheckFailed(f"{what} must raise {names}, it raised {type(error).__name__}: {error}") from error
    else:
        raise CheckFailed(f"{what} must raise {names}, nothing was raised")


def answered(call: Callable[[], Any]) -> Any:
    """Return what ``call`` returns, ``None`` when it refuses with one of specframe's own errors."""
    try:
        return call()
    except SpecframeError:
        return None


@contextmanager
def empty_directory() -> Iterator[Path]:
    """Give a directory that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="specframe-check-") as name:
        yield Path(name)
