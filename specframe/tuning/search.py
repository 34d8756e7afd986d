"""The search itself: asks for values, has them judged, breaks off what is not worth going on with, keeps the rest."""

from __future__ import annotations

import math
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from specframe.config import tuned_pipeline
from specframe.errors import ConfigError, RunError, UsageError
from specframe.executors.executor import Lost
from specframe.executors.job import Job
from specframe.pipeline.fit.learning import learning_steps
from specframe.pipeline.run import gathered_inputs
from specframe.pipeline.stages.keys import code_digest, digest, environment_digest, file_digest
from specframe.tuning.objective import Judge, Judgement, JudgeRecipe, Task, trial_folder
from specframe.tuning.optimiser import Optimiser, require_optuna
from specframe.tuning.results import write_search
from specframe.tuning.trials import MOST_STARTS, Journal, Trial, spelled_values

if TYPE_CHECKING:
    from specframe.config.search import Tuning
    from specframe.executors.executor import Crew
    from specframe.pipeline.session import Session
    from specframe.pipeline.targets.gather import Gathered
    from specframe.progress.progress import Advance

__all__ = ["tune_pipeline"]

_JOURNAL = "trials.jsonl"

#: When so many trials, the first ones, fail for the same reason, all others would.
_HOPELESS = 5

#: What a search depends on, in words.
_WORDS = {
    "pipeline": "the pipeline",
    "search": "the space, score, sampler or pruner",
    "inputs": "the data",
}


def tune_pipeline(session: Session) -> None:
    """Search what the pipeline's ``tune`` section says, and fill the folder.

    Trials of an earlier call in the same folder are not run again.

    Raises
    ------
    UsageError
        When optuna is missing, the folder holds a search of something else, or there is no such score.
    DataError, RunError
        When the pipeline cannot be judged, or no trial came to an end.
    """
    require_optuna()
    tuning = session.spec.tuning
    assert tuning is not None
    session.progress.expect(["targets", "trials"])
    gathered, _, _ = gathered_inputs(session, learning_steps(session.spec.steps))
    journal = _journal(session, tuning, gathered)
    search = _Search(session, tuning, journal)
    try:
        with session.phase("trials"):
            search.run()
    except KeyboardInterrupt:
        journal.interrupted()
        if search.ended:
            write_search(session, gathered, tuning, search.ended)
        raise
    except (RunError, OSError):  # the disk is full, a cluster is gone: no trial's fault
        with suppress(RunError):
            journal.interrupted()
        raise
    write_search(session, gathered, tuning, search.ended)
    if not any(trial.state == "complete" for trial in search.ended):
        first = next((trial for trial in search.ended if trial.state == "failed"), None)
        why = f"; trial {first.number}: {first.reason}" if first else ""
        raise RunError(f"none of {len(search.ended)} trials came to an end{why}")


def _journal(session: Session, tuning: Tuning, gathered: Gathered) -> Journal:
    """Return the journal of this very search, begun if there is none."""
    journal = Journal(session.directory.stages / _JOURNAL)
    spec, loader = session.spec, gathered.worker.loader
    targets = sorted({step.component.component.target for step in (*spec.steps, *spec.scores)})
    identity = {
        "pipeline": digest(spec.to_data()),
        "search": digest(tuning.to_data()),
        "inputs": digest({t: [file_digest(file) for file in loader.files(t)] for t in gathered.keys}),
        "code": digest(environment_digest(), [code_digest(target) for target in targets]),
    }
    if not journal.identity:
        journal.begin(identity)
    changed = [words for name, words in _WORDS.items() if journal.identity.get(name) != identity[name]]
    if changed:
        raise UsageError(
            f"{session.directory.path} holds a search with {len(journal.trials)} trials, but {' and '.join(changed)} "
            "changed since: scores would not compare. Begin it anew with --fresh, or name another --out"
        )
    if journal.identity.get("code") != identity["code"]:
        session.progress.say(
            "the code, or a version of a package, is not what it was when this search began: if that changes results, "
            "begin it anew with --fresh"
        )
    return journal


@dataclass
class _Running:
    """A trial under way."""

    trial: Trial
    pipeline: dict[str, Any]
    #: Folds that it is judged as far as now; ``None``: all.
    folds: int | None


class _Search:
    """One call of a search."""

    def __init__(self, session: Session, tuning: Tuning, journal: Journal) -> None:
        self.session = session
        self.tuning = tuning
        self.journal = journal
        folds = session.spec.cross_validation
        #: Number of folds of a trial, where it may be broken off after each.
        self.folds = folds.folds if folds is not None and tuning.pruner != "none" else None
        self.optimiser = Optimiser(tuning, session.spec.seed, self.folds or 1)
        self.begin = time.perf_counter()
        counts = [None if (values := d.values()) is None else len(values) for d in tuning.space]
        #: Number of combinations, where they can be counted.
        self.size = math.prod(count for count in counts if count is not None) if None not in counts else None
        self.running: dict[int, _Running] = {}
        self.next = 0
        self._advance: Advance = _uncounted

    @property
    def ended(self) -> list[Trial]:
        """The trials that came to an end, by number."""
        return [trial for _, trial in sorted(self.journal.trials.items()) if trial.state != "begun"]

    def run(self) -> None:
        """Run trials until there are as many as wanted, or the time is over."""
        known = self.journal.trials
        for number in range(len(known)):
            self.optimiser.remember(known[number])
        again = [number for number in range(len(known)) if known[number].state == "begun"]
        done = len(known) - len(again)
        if done:
            self.session.progress.say(f"{done} trials are done already")
        self.next = len(known)
        executor = self.session.executor
        progress = self.session.progress
        with (
            progress.track("trials", self._total(), executor.workers) as self._advance,
            executor.crew(self._job()) as crew,
        ):
            for _ in range(done):
                self._advance(stored=True)
            while True:
                while len(self.running) < max(executor.workers, 1) and (again or self._wants_more()):
                    if again:
                        number = again.pop(0)
                    else:
                        number, self.next = self.next, self.next + 1
                    self._start(number, crew)
                if not self.running:
                    break
                for task, judgement in crew.finished():
                    if isinstance(judgement, Lost):
                        judgement = Judgement(None, reason=judgement.reason)
                    self._judged(self.running[task.number], judgement, crew)

    def _total(self) -> int | None:
        """Return how many trials there will be; ``None`` where only the time tells."""
        known = [count for count in (self.tuning.trials, self.size) if count is not None]
        return None if self.tuning.timeout is not None or not known else min(known)

    def _job(self) -> Job[Task, Judgement]:
        session = self.session
        return Job(Judge, JudgeRecipe(session.directory.path.absolute(), self.tuning.score, session.plugin_files))

    def _wants_more(self) -> bool:
        trials, timeout, grid = self.tuning.trials, self.tuning.timeout, self.tuning.sampler == "grid"
        if trials is not None and self.next >= trials:
            return False
        if timeout is not None and time.perf_counter() - self.begin >= timeout:
            return False
        if grid:
            return self.size is not None and self.next < self.size
        tried = {spelled_values(trial.values) for trial in self.journal.trials.values()}
        return self.size is None or len(tried) < self.size

    def _start(self, number: int, crew: Crew[Task, Judgement]) -> None:
        before = self.journal.trials.get(number)
        trial = Trial(number, self.optimiser.ask(number))
        if before is not None:
            trial = replace(trial, starts=before.starts + 1)
        self.journal.begun(trial)
        if trial.starts > MOST_STARTS:
            reason = f"it was begun {trial.starts - 1} times and took the process with it each time"
            self._end(replace(trial, state="failed", reason=reason))
            return
        twin = next((t for t in self.ended if spelled_values(t.values) == spelled_values(trial.values)), None)
        if twin is not None:
            again = replace(twin, number=number, same_as=twin.number, seconds=0.0, starts=trial.starts, notes={})
            for fold, score in enumerate(twin.folds, 1):
                if score is not None:
                    self.optimiser.should_stop(number, fold, score)
            self._end(again)
            return
        registry = self.session.registry
        try:
            spec = tuned_pipeline(self.session.spec, trial.values, lambda block, pin: registry)
        except ConfigError as error:
            self._end(replace(trial, state="failed", reason=str(error)))
            return
        folds = 1 if self.folds is not None else None
        self.running[number] = _Running(trial, spec.to_data(), folds)
        crew.submit(Task(number, self.running[number].pipeline, folds, self.session.progress.run))

    def _judged(self, running: _Running, judgement: Judgement, crew: Crew[Task, Judgement]) -> None:
        trial = replace(running.trial, seconds=running.trial.seconds + judgement.seconds)
        if judgement.known:
            raise UsageError(f"tune: {judgement.reason}; metrics.json has {', '.join(judgement.known)}")
        if judgement.reason:
            self._end(replace(trial, state="failed", reason=judgement.reason))
            return
        score = judgement.score
        if running.folds is not None:
            trial = replace(trial, folds=(*trial.folds, score))
        if running.folds is None or running.folds == self.folds:
            self._end(replace(trial, state="complete", score=score, interval=judgement.interval))
        elif score is not None and self.optimiser.should_stop(trial.number, running.folds, score):
            self._end(replace(trial, state="pruned", score=score))
        else:
            self.running[trial.number] = _Running(trial, running.pipeline, running.folds + 1)
            crew.submit(Task(trial.number, running.pipeline, running.folds + 1, self.session.progress.run))

    def _end(self, trial: Trial) -> None:
        if trial.state == "complete" and self.folds is not None and trial.score is not None and trial.same_as is None:
            self.optimiser.should_stop(trial.number, self.folds, trial.score)
        notes = self.optimiser.tell(trial.number, trial.state, trial.score)
        trial = replace(trial, notes=notes)
        self.journal.ended(trial)
        self.running.pop(trial.number, None)
        shutil.rmtree(trial_folder(self.session.directory.path, trial.number), ignore_errors=True)
        self._tell(trial)
        self._advance(stored=trial.same_as is not None)
        ended = self.ended
        if len(ended) >= _HOPELESS and all((t.state, t.reason) == ("failed", trial.reason) for t in ended):
            raise RunError(f"the first {len(ended)} trials all failed alike: {trial.reason}")

    def _tell(self, trial: Trial) -> None:
        """Print what came of a trial."""
        values = ", ".join(f"{key}={shown(value)}" for key, value in trial.values.items())
        if trial.state == "failed":
            what = f"failed: {trial.reason.splitlines()[0]}"
        else:
            what = f"{self.tuning.score} {trial.score:.5g}"
            if trial.state == "pruned":
                what += f" after {len(trial.folds)} of {self.folds} folds, not gone on with"
        if trial.same_as is not None:
            what += f" (as trial {trial.same_as})"
        self.session.progress.say(f"trial {trial.number}: {what}; {values}; {trial.seconds:.1f} s")


def _uncounted(stored: bool = False) -> None:
    """Count nothing: no trial is under way."""


def shown(value: Any) -> str:
    """Return a value as it is printed: numbers with few digits."""
    return f"{value:.4g}" if isinstance(value, float) else spelled_values(value)
