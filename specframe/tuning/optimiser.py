"""What chooses the values of the next trial, and what breaks trials off: optuna.

Nothing of optuna is stored. It is told about earlier trials when a search goes on, and every trial has a seed of its
own, so that a search that was broken off chooses what one in a single piece would have.
"""

from __future__ import annotations

import json
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from specframe.errors import UsageError
from specframe.pipeline.stages.keys import seed_for
from specframe.registry.requirements import missing_requirements, pip_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from specframe.config.search import Dimension, Tuning
    from specframe.tuning.trials import Trial

__all__ = ["Optimiser", "require_optuna"]

#: Trials at random before the sampler trusts what it has seen (of a bracket of hyperband).
_STARTUP_TRIALS = 10


def require_optuna() -> None:
    """Raise :class:`UsageError` with the line that installs optuna when it is not there, or too old."""
    missing = [text for text, _ in missing_requirements(["optuna>=4"])]
    if missing:
        raise UsageError(f"a search of parameters needs {missing[0]}: {pip_line(missing, 'specframe')}")


class Optimiser:
    """Asks for values and is told scores.

    Parameters
    ----------
    tuning
        The space, sampler and pruner.
    seed
        Decides every choice.
    folds
        Number of folds that the pruner sees scores of.
    """

    def __init__(self, tuning: Tuning, seed: int, folds: int) -> None:
        self.tuning = tuning
        self.seed = seed
        self._grid = (tuning.grid() or []) if tuning.sampler == "grid" else []
        self._running: dict[int, Any] = {}
        #: Trials that are to be run again with the values that they had.
        self._again: set[int] = set()
        with _silent():
            import optuna

            self._distributions = {dimension.key: _distribution(dimension) for dimension in tuning.space}
            self._study = optuna.create_study(
                study_name="specframe",  # hyperband's brackets depend on it
                direction="maximize" if tuning.maximise else "minimize",
                pruner=_pruner(tuning, folds),
            )
            # hyperband makes its brackets when it is first asked, and a sampler sees those of its own bracket only
            self._study.pruner.prune(self._study, optuna.trial.create_trial(value=0.0))

    def remember(self, trial: Trial) -> None:
        """Take in what came of the next trial in order, or that it is to be run again."""
        with _silent():
            import optuna

            params = self._encoded(trial.values)
            if trial.state == "begun":
                self._again.add(trial.number)
                self._study.enqueue_trial(params)
                return
            states = optuna.trial.TrialState
            state = {"complete": states.COMPLETE, "pruned": states.PRUNED, "failed": states.FAIL}[trial.state]
            self._study.add_trial(
                optuna.trial.create_trial(
                    state=state,
                    value=trial.score if trial.state != "failed" else None,
                    params=params,
                    distributions=self._distributions,
                    intermediate_values={i + 1: score for i, score in enumerate(trial.folds) if score is not None},
                    system_attrs=trial.notes,
                )
            )

    def ask(self, number: int) -> dict[str, Any]:
        """Return the values of trial ``number``, which is the next in order."""
        with _silent():
            chosen = self._chosen(number)
            if chosen is not None and number not in self._again:
                self._study.enqueue_trial(self._encoded(chosen))
            self._study.sampler = _sampler(self.tuning, seed_for(self.seed, "tune", number))
            asked = self._study.ask(self._distributions)
        self._running[asked.number] = asked
        return {dimension.key: _decoded(dimension, asked.params[dimension.key]) for dimension in self.tuning.space}

    def should_stop(self, number: int, fold: int, score: float) -> bool:
        """Tell whether trial ``number`` is to be broken off, ``score`` being that of ``fold`` folds."""
        with _silent():
            self._running[number].report(score, fold)
            return bool(self._running[number].should_prune())

    def tell(self, number: int, state: str, score: float | None) -> dict[str, Any]:
        """Say what came of a trial; return what is to be noted about it."""
        with _silent():
            import optuna

            states = optuna.trial.TrialState
            asked = self._running.pop(number)
            if state == "complete":
                told = self._study.tell(asked, score)
            else:
                told = self._study.tell(asked, state=states.PRUNED if state == "pruned" else states.FAIL)
        return dict(told.system_attrs)

    def importances(self, trials: Sequence[Trial]) -> dict[str, float]:
        """Return the part of the score's variance that each parameter brings about, empty where nothing can be said.

        By functional ANOVA of a random forest (Hutter, Hoos & Leyton-Brown 2014) on the complete trials, which this
        optimiser need not know.
        """
        for trial in trials:
            if trial.state == "complete":
                self.remember(trial)
        scores = {trial.score for trial in trials if trial.state == "complete"}
        if len(scores) < 2:
            return {}
        with _silent():
            import optuna

            evaluator = optuna.importance.FanovaImportanceEvaluator(seed=self.seed % 2**32)
            found = optuna.importance.get_param_importances(self._study, evaluator=evaluator)
        return {name: float(value) for name, value in found.items()}

    def _chosen(self, number: int) -> dict[str, Any] | None:
        """Return the values of a trial that no sampler chooses."""
        if self.tuning.sampler == "grid":
            return self._grid[number]
        return self.tuning.default() if number == 0 else None

    def _encoded(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {dimension.key: _encoded(dimension, values[dimension.key]) for dimension in self.tuning.space}


def _distribution(dimension: Dimension) -> Any:
    import optuna

    if dimension.choices:
        return optuna.distributions.CategoricalDistribution([_encoded(dimension, c) for c in dimension.choices])
    if dimension.is_integer:
        step = int(dimension.step or 1)
        return optuna.distributions.IntDistribution(int(dimension.low), int(dimension.high), dimension.log, step)
    return optuna.distributions.FloatDistribution(dimension.low, dimension.high, dimension.log, dimension.step)


def _encoded(dimension: Dimension, value: Any) -> Any:
    """Return a choice as text, since lists and mappings cannot be choices of optuna; a number as it is."""
    return json.dumps(value, sort_keys=True) if dimension.choices else value


def _decoded(dimension: Dimension, value: Any) -> Any:
    return json.loads(value) if dimension.choices else value


def _sampler(tuning: Tuning, seed: int) -> Any:
    import optuna

    if tuning.sampler == "tpe":
        return optuna.samplers.TPESampler(
            n_startup_trials=_STARTUP_TRIALS, multivariate=True, constant_liar=True, seed=seed
        )
    return optuna.samplers.RandomSampler(seed=seed)


def _pruner(tuning: Tuning, folds: int) -> Any:
    import optuna

    if tuning.pruner == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=0)
    if tuning.pruner == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=1, max_resource=folds, reduction_factor=3)
    return optuna.pruners.NopPruner()


@contextmanager
def _silent() -> Iterator[None]:
    """Keep optuna's messages, and its warnings about what it calls experimental, from whoever runs a search."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import optuna

        before = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        try:
            yield
        finally:
            optuna.logging.set_verbosity(before)
