"""What each check is about, and what somebody whose component fails it is told to do."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ABSENT_MODULE", "ADVICE", "GROUPS", "UNUSABLE", "Advice"]

#: Groups of checks, in the order in which they are shown.
GROUPS = (
    "documentation",
    "parameters",
    "imports and processes",
    "data contract",
    "masks and missing values",
    "order and shape of inputs",
    "reproducibility",
    "saving",
    "results",
)
_DOCUMENTATION, _PARAMETERS, _PROCESSES, _CONTRACT, _MASKS, _INPUTS, _REPEATED, _SAVING, _RESULTS = GROUPS


class Advice(NamedTuple):
    """The group of a check, and how to mend what fails it."""

    group: str
    mend: str


#: By the name of the check.
ADVICE: dict[str, Advice] = {
    "loads": Advice(_PROCESSES, "Correct target and example of the Component; both are 'package.module:name'."),
    "record-matches-class": Advice(
        _PARAMETERS, "State the same kind, name and Params in the Component and in the class."
    ),
    "methods-implemented": Advice(_CONTRACT, "Implement these methods; the base class says what each must return."),
    "documented": Advice(
        _DOCUMENTATION, "Write a docstring (what it does, shapes, units, errors) and a summary of one line."
    ),
    "parameters-described": Advice(_DOCUMENTATION, "Give each parameter Field(..., description='...')."),
    "parameters-valid": Advice(
        _PARAMETERS, "Give defaults, or name a function in Component(example=...) that returns params."
    ),
    "parameters-round-trip": Advice(
        _PARAMETERS, "Keep to plain types, and let validators and serializers be inverse to each other."
    ),
    "parameters-schema": Advice(_PARAMETERS, "Use types that pydantic can describe, not Any with objects in it."),
    "unknown-parameter-refused": Advice(
        _PARAMETERS, "Leave extra='forbid' of Params and the __init__ of the base class as they are."
    ),
    "import-budget": Advice(
        _PROCESSES, "Import only specframe.api in plugin.py and params.py; import the rest where it is used."
    ),
    "pickles": Advice(
        _PROCESSES, "Keep open files, locks and lambdas off the instance; make them when they are needed."
    ),
    "runs": Advice(_CONTRACT, "Run it in Python on the problem named here; the error says where it stopped."),
    "reproducible": Advice(
        _REPEATED, "Draw from np.random.default_rng(seed); no time, process id or order of a set in results."
    ),
    "no-global-random-state": Advice(
        _REPEATED, "Use np.random.default_rng(seed), torch.Generator, random_state=; seed nothing global."
    ),
    "no-global-settings": Advice(
        _PROCESSES, "Use contexts that put things back: np.errstate, contextlib.chdir; set no os.environ."
    ),
    "input-not-mutated": Advice(_CONTRACT, "Copy before writing: no in-place operators on what you were given."),
    "thread-safe": Advice(_PROCESSES, "Keep what belongs to one call in local variables or on self, not on the class."),
    "shared-by-threads": Advice(
        _PROCESSES, "Do not keep what belongs to one call on self: pass it from function to function."
    ),
    # loaders
    "targets-unique-strings": Advice(_CONTRACT, "Return a sorted list of distinct strings."),
    "observations-valid": Advice(_CONTRACT, "Build the result with make_observation, and sort by wavelength."),
    "loading-order-free": Advice(_REPEATED, "Let load() depend on params and target alone."),
    "files-exist": Advice(_CONTRACT, "Let files(target) list every file that load(target) reads."),
    "files-not-changed": Advice(_CONTRACT, "Write no caches and indices next to the user's data."),
    "labels-valid": Advice(_CONTRACT, "Build labels with make_labels, with units, for targets that targets() names."),
    "catalogue-valid": Advice(_CONTRACT, "Return a Dataset on dim target alone, with one row for each target."),
    "unknown-target-refused": Advice(_CONTRACT, "Raise DataError(f'no target {target!r} ...') first thing in load()."),
    "relocates": Advice(_CONTRACT, "Derive everything from params.path when called, nothing in __init__."),
    # simulators
    "seed-of-parameters-decides": Advice(_REPEATED, "Draw from np.random.default_rng([params.seed, ...])."),
    "writes-complete": Advice(_RESULTS, "Write under another name and rename; let written() look at what is there."),
    "writing-order-free": Advice(_REPEATED, "Seed by seed and target, not by how many were written before."),
    "foreign-folder-refused": Advice(
        _RESULTS, "Raise UsageError in check_folder() unless the folder is empty or its own."
    ),
    # calibrators and detrenders
    "levels-declared": Advice(_CONTRACT, "Write consumes and produces as tuples of level names: ('light-curves',)."),
    "observation-valid": Advice(_CONTRACT, "Return make_observation(observation.attrs['target'], {path: data})."),
    "wavelength-ascending": Advice(_INPUTS, "Sort data and wavelength together: data.sortby('wavelength')."),
    "wavelength-order": Advice(
        _INPUTS, "Sort by wavelength at the start or raise DataError; design_matrix does it for models."
    ),
    "errors-positive": Advice(_MASKS, "Mask what has no error, and propagate errors of the rest."),
    "mask-honoured": Advice(_MASKS, "Leave masked samples out of every sum, median and fit: data.where(~mask)."),
    "no-state-between-targets": Advice(_REPEATED, "Keep nothing of a target on self."),
    "unusable-target-refused": Advice(_MASKS, "Raise DataError when nothing is left that is not masked."),
    "transit-recovered": Advice(
        _RESULTS, "Compare depth and depth_error with the truth of light_curve_observation(): bias, or wrong errors?"
    ),
    "flux-scale-free": Advice(
        _RESULTS, "Work with flux relative to its level out of transit, without absolute limits."
    ),
    # what learns
    "fit-returns-self": Advice(_CONTRACT, "End fit() with: return self."),
    "not-fitted-refused": Advice(_CONTRACT, "raise self._not_fitted() in predict/apply and get_state before fit."),
    "prediction-valid": Advice(
        _CONTRACT, "Build the result with make_prediction, with outputs, units and wavelength of the labels."
    ),
    "one-target": Advice(_INPUTS, "Do not squeeze axes; index with lists, X.isel(target=[i])."),
    "rows-independent": Advice(_INPUTS, "Standardise with what fit() learned, never with the mean of new targets."),
    "no-state-between-calls": Advice(_REPEATED, "Let predict/apply set no attribute."),
    "order-of-targets": Advice(_INPUTS, "Sort what is order-dependent with specframe.api.target_order."),
    "refit-forgets": Advice(_REPEATED, "Set everything that fit() learns anew; no warm start."),
    "seed-decides": Advice(_REPEATED, "Pass the seed of fit() to every generator, in place of a fixed number."),
    "saves-and-loads": Advice(_SAVING, "Return all that was learned from get_state(), in full precision."),
    "saves-no-pickle": Advice(
        _SAVING, "Return arrays and JSON values from get_state(), or write safetensors and JSON."
    ),
    "damaged-save-refused": Advice(_SAVING, "Leave load() to the base class, or raise InputFileError(path, message)."),
    # models
    "no-worse-than-the-mean": Advice(
        _RESULTS, "Look for shifted rows or outputs, and for a fit that did not converge."
    ),
    "numpy-and-xarray-agree": Advice(_INPUTS, "Read inputs with design_matrix and labels with label_matrix."),
    "collection-agrees": Advice(_INPUTS, "Read inputs with design_matrix(X, self.inputs())."),
    "one-output": Advice(_INPUTS, "Keep the axis of outputs at size 1; a vector of labels is one output."),
    "weights-are-relative": Advice(_RESULTS, "Divide the weights by their mean: weight_vector, training_weights."),
    "other-width-refused": Advice(_INPUTS, "Raise DataError with both numbers when predict() gets another width."),
    "unknown-labels": Advice(_MASKS, "Leave such targets out, or raise DataError; label_matrix refuses them."),
    "missing-inputs": Advice(_MASKS, "Fill NaN with the training mean; FeatureSpace does it."),
    "masked-input": Advice(_MASKS, "Use what is there: a column of NaN has mean 0 and scale 1."),
    "target-without-inputs": Advice(_MASKS, "Predict the training mean, and set extrapolating for such a target."),
    "constant-input": Advice(_INPUTS, "Divide by 1 where the spread of an input is 0."),
    "one-input": Advice(_INPUTS, "Do not squeeze the axis of inputs, or raise DataError."),
    "few-targets-many-outputs": Advice(_INPUTS, "Invert no matrix of outputs x outputs without damping it."),
    "layout-irrelevant": Advice(_INPUTS, "Do not rely on the order in memory; copy before writing."),
    "integers-accepted": Advice(_INPUTS, "Convert with np.asarray(X, float) first."),
    # uncertainty estimators
    "std-given": Advice(_CONTRACT, "Return prediction.assign(std=...), everything else as it was."),
    "coverage": Advice(
        _RESULTS, "Learn the size of errors output by output, with the finite-sample rank ceil((n + 1) level)."
    ),
    "units-free": Advice(_RESULTS, "Add no floor or damping in fixed units; scale them with the errors."),
    "few-targets": Advice(_RESULTS, "Raise DataError with the number that is needed."),
    "order-of-outputs": Advice(
        _INPUTS, "Match outputs by name, or raise DataError when they differ from those of fit()."
    ),
    "unknown-truth": Advice(_MASKS, "Leave NaN out (np.nanmean ...), or raise DataError."),
    # exporters
    "files-returned": Advice(_CONTRACT, "Return a list of the Path of every file."),
    "writes-inside-only": Advice(_CONTRACT, "Join all names to the directory that is given."),
    "targets-written": Advice(_RESULTS, "Loop over all targets of the prediction."),
    "exports-again": Advice(_REPEATED, "Open files with mode 'w', or write with specframe.api.write_whole."),
    "unsuitable-results-refused": Advice(_CONTRACT, "Check everything first and raise DataError, then write."),
    # scores
    "numbers-returned": Advice(_CONTRACT, "Return float(...), or a mapping of names to floats; limit logarithms."),
    "perfect-is-best": Advice(_RESULTS, "A score goes one way with the size of the errors; look at absolute values."),
    "order-free": Advice(_INPUTS, "Use all targets alike."),
    "missing-std": Advice(_CONTRACT, "Set needs_std = True and raise DataError where std is missing."),
}
#: What to do, in place of that for ``loads``, about a package that the component imports and that is not installed,
ABSENT_MODULE = (
    "Install the package that has this module, and name it in dependencies of your pyproject.toml; or in requires of "
    "the Component, if not every user of the plugin needs it."
)
#: and about a component whose status says already what to do.
UNUSABLE = "Do what is said here, then check again."
