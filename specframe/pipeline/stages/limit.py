"""Keeps the stage store of a run below a size, by what it can do without."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from specframe.config.size import size_text
from specframe.errors import RunError
from specframe.pipeline.stages.inventory import (
    CHECKPOINTS,
    FIT,
    FOLDS,
    LEARNING,
    Stored,
    name_in,
    stored_in,
    stored_steps,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from specframe.pipeline.targets.target import Outcome

__all__ = ["StoreLimit"]

#: After so many targets it is told when the results of all will not fit.
_FORESEEN = 20
#: What is asked for beyond what is foreseen, since folds and fits come on top and targets differ.
_MARGIN = 1.1
#: What is stored besides results of mapping steps.
_BESIDES = (FOLDS, FIT, LEARNING, CHECKPOINTS)


class StoreLimit:
    """Frees results of earlier mapping steps, oldest first, when the store has more than ``limit`` bytes.

    What is left of steps that the pipeline has no more goes before anything else. Targets whose last product is stored
    do not need the results before it: they only save time when a later step is changed. Those of targets that are still
    to come in this run go only when there are no others. Products, folds and fits stay. The store is listed once; then
    each outcome says what it has stored, whoever stored it, so that the work does not grow with the square of the
    targets. What targets in work store until their outcome is known comes on top of the limit.

    Parameters
    ----------
    stages
        Folder of the store.
    limit
        Bytes.
    steps
        The mapping steps in order; results of the last one are the products.
    say
        Gets a line when the limit will be too small.
    """

    def __init__(self, stages: Path, limit: int, steps: Sequence[str], say: Callable[[str], None]) -> None:
        self._stages, self._limit, self._say = stages, limit, say
        self._steps = tuple(steps)
        #: Files and sizes of the results of earlier steps by ``step/name``, those that go first in front: of targets
        #: that this run is done with, and of others.
        self._spare: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._wanted: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._products: dict[str, int] = {}
        self._besides = 0
        self._total = 0
        self._done = 0
        self._told = False
        self._list()

    @property
    def size(self) -> int:
        """Bytes in the store, as far as is known."""
        return self._total

    def note(self, outcome: Outcome, n_target: int) -> None:
        """Count what a target of ``n_target`` has stored, and free what is over the limit.

        Raises
        ------
        RunError
            When the products, folds and fits alone are larger than the limit.
        """
        for file, size in outcome.files:
            path = PurePosixPath(file)
            self._count(Stored(path.parts[0], path.name, size, 0.0), self._spare)
        if outcome.status != "set-aside":
            self._done += 1
        self._foresee(n_target)
        self._free(f"{self._done} of {n_target} targets are done")

    def settle(self) -> None:
        """Count folds and fits again, and free what is over the limit; as :meth:`note` it may raise."""
        self._total -= self._besides
        self._besides = self._size_besides()
        self._total += self._besides
        self._free("all targets are done")

    def _list(self) -> None:
        last = self._steps[-1] if self._steps else ""
        spare: list[Stored] = []
        for step in stored_steps(self._stages):
            if step not in self._steps and step not in _BESIDES:
                self._count_gone(step)
        for step in self._steps:
            for found in stored_in(self._stages, step):
                if found.is_leftover:
                    found.remove(self._stages)  # this run is alone in the folder, so nobody writes it any more
                elif step == last:
                    self._count(found, self._wanted)
                else:
                    spare.append(found)
        for found in sorted(spare, key=lambda entry: entry.changed):
            self._count(found, self._wanted)
        self._besides = self._size_besides()
        self._total += self._besides

    def _size_besides(self) -> int:
        return sum(found.size for step in _BESIDES for found in stored_in(self._stages, step))

    def _count_gone(self, step: str) -> None:
        """Count what is stored of a step that the pipeline has no more: it goes before anything else."""
        for found in stored_in(self._stages, step):
            self._spare[f"{step}/{found.name}"] = (found.name, found.size)
            self._total += found.size

    def _count(self, found: Stored, among: dict[str, tuple[str, int]]) -> None:
        name = f"{found.step}/{name_in(found.name)}"
        if found.step == self._steps[-1]:
            self._total += found.size - self._products.get(name, 0)
            self._products[name] = found.size
        else:
            known = self._spare.pop(name, None) or self._wanted.pop(name, None)
            self._total += found.size - (known[1] if known else 0)
            among[name] = (found.name, found.size)

    def _free(self, how_far: str) -> None:
        while self._total > self._limit and (self._spare or self._wanted):
            among = self._spare or self._wanted
            name, (file, size) = among.popitem(last=False)
            Stored(name.partition("/")[0], file, size, 0.0).remove(self._stages)
            self._total -= size
        if self._total > self._limit:
            raise RunError(
                f"the stage store reached its limit of {size_text(self._limit)}: products "
                f"({size_text(self._total - self._besides)}), folds and fits ({size_text(self._besides)}) are needed "
                f"for the rest of the run, and nothing else is left to free ({how_far}). Give more room with "
                "--store-limit; the same command goes on from what is stored ('specframe prune' frees all of it)"
            )

    def _foresee(self, n_target: int) -> None:
        if self._told or self._done < min(_FORESEEN, n_target) or not self._products:
            return
        mean = sum(self._products.values()) / len(self._products)
        self._told = True
        wanted = mean * n_target + self._besides
        if wanted > self._limit:
            self._say(
                f"warning: the products of {n_target} targets will take some {size_text(wanted)}, more than the store "
                f"may have ({size_text(self._limit)}): the run will end before; give --store-limit "
                f"{size_text(_MARGIN * wanted).replace(' ', '')}"
            )
