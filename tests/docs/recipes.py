"""What each page presumes, how its fragments are completed, how its settings are scaled down, and what is not run.

Everything else on a page is run as it stands there: titled files are written under their titles, pipelines that no
command of the page runs are run by themselves, and commands and Python code are executed in their order.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["EVERYWHERE", "RECIPES", "TOOLS", "Recipe"]

#: Nine planets of short exposures in place of eighty; a bound of 50 % needs five of them for calibration.
QUICK = (
    "data.n_targets=9",
    "data.airs_pairs=32",
    "data.fgs1_pairs=32",
    "sigma.levels=[0.5]",
    "evaluate.bootstrap=0",
    "evaluate.cross_validation.folds=3",
)
#: The same where steps have no ids.
SIMULATED = (
    "ariel-simulated.n_targets=9",
    "ariel-simulated.airs_pairs=32",
    "ariel-simulated.fgs1_pairs=32",
    "evaluate.bootstrap=0",
    "evaluate.cross_validation.folds=3",
)
#: A few real white light curves in place of 538.
FEW = ("sigma.levels=[0.5]", "evaluate.bootstrap=0", "evaluate.cross_validation.folds=3")
#: Overrides on every page.
EVERYWHERE = (("configs/quickstart.yaml", QUICK), ("configs/adc24-white.yaml", FEW))
#: In Python code, by what stands there.
SHORT = {"n_targets=80": "n_targets=9, airs_pairs=32, fgs1_pairs=32"}


@dataclass(frozen=True)
class Recipe:
    """How one page is run.

    ``given`` names files of ``given.GIVEN``, or ``name=given``. ``runs`` are commands that the page takes for done.
    ``sets`` are overrides of pipelines, by a text that the command or the pipeline holds. ``replaced`` are texts of
    code. ``around`` are whole pipelines with ``HERE`` where a fragment goes, by a text that the fragment holds; its
    items are put there one by one where the fragment holds a text of ``alternatives``. ``excepted`` are expressions
    of commands and blocks that are not run, with the reason; ``outputs`` those of commands whose output is another when
    settings are small. ``data`` is the folder to which ``SPECFRAME_DATA`` leads, if not the real one. ``elsewhere`` is
    the test that runs the whole page.
    """

    given: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    sets: tuple[tuple[str, tuple[str, ...]], ...] = ()
    replaced: dict[str, str] = field(default_factory=dict)
    around: tuple[tuple[str, str], ...] = ()
    alternatives: tuple[str, ...] = ()
    excepted: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    data: str = ""
    elsewhere: str = ""


#: Commands of other programs, by their first words, which are not run on any page.
TOOLS = {
    "pip install": "installs packages into the environment of the tests",
    "python3 -m venv": "makes an environment",
    ". .venv/bin/activate": "changes the shell",
    "pre-commit": "is a development tool",
    "pytest": "is this suite",
    "tox": "runs this suite",
    "python benchmarks/": "takes hours; its options are asked for",
    "cd ": "changes the shell",
    "dask": "starts a service that stays",
}

_CURVES = """
specframe: 1
steps:
  - load: table
    with: {path: curves.npz, target: planet, flux: flux, cadence: 7.4 min, labels: {columns: depth}, \
catalogue: {columns: [star]}}
  - {id: transit, detrend: transit-polynomial}
"""
_HOLDOUT = "evaluate: {bootstrap: 0, holdout: {fraction: 0.2}, scores: [r2]}\n"
_FITTED = _CURVES + "  - {id: fit, model: bayesian-ridge}\n  - HERE\n" + _HOLDOUT
_NETWORK = """
  - id: net
    model: cnn1d
    with:
      axis: time
      network: {blocks: [{type: conv, filters: 4, kernel: 3, pool: 2}], dropout: 0.1}
      head: gaussian
      training: {epochs: 2}
"""
_TRAINED = _CURVES + _NETWORK.lstrip("\n") + "  - HERE\n" + _HOLDOUT
_GRID = """
specframe: 1
steps:
  - load: model-grid
    with: {path: dback24.npz, labels: [teff, logg], flux_units: erg s-1 cm-2 um-1}
"""
_ON_GRID = _GRID + "  - HERE\n  - {id: fit, model: ridge}\n" + _HOLDOUT
_WHITE = """
specframe: 1
steps:
  - load: light-curves
    with:
      path: wasp39.txt
      columns: {time: 0, flux: 1, flux_error: 2}
      time: BMJD_TDB
      wavelength: 1.8
"""
_ORBIT = (
    "orbit: {period: 4.0552941, mid_transit: {uniform: [59787.0, 59787.1]}, semi_major_axis: 11.4, inclination: 87.8}"
)
_GROUND = """
specframe: 1
steps:
  - load: light-curves
    with:
      path: gtc_wasp80b/n2nb
      pattern: "N2_CH0[1-3].dat"
      target: WASP-80b
      instrument: OSIRIS
      columns: {time: BJD_TDB, flux: F_sci, flux_error: e_F_sci, reference_flux: F_ref, reference_flux_error: e_F_ref}
      wavelength: {units: nm, edges: [520, 540, 560, 580]}
      regressors: {x: Pos_X, y: Pos_Y, fwhm: FWHM_Y, airmass: Airm, rotator_angle: RotAng}
  - {detrend: bin, with: {time: 10 min}}
  - id: fit
    detrend: transit-fit
    with:
      orbit: {period: 3.06785234, mid_transit: 2456487.425006, semi_major_axis: 12.63, inclination: 89.02}
"""
_HUBBLE = """
specframe: 1
steps:
  - load: light-curves
    with:
      path: hst_wasp107b/spec_lc_22bin
      target: WASP-107b
      instrument: WFC3-G141
      columns: {time: 5, flux: 1, variance: 2, wavelength: 3}
      time: BJD_TDB
      flux_units: electron
      regressors: {orbit: 7, scan_direction: 8}
      channels: {index: [0, 3]}
  - id: fit
    detrend: transit-fit
    with:
      orbit: {period: 5.7214742, mid_transit: 2457910.4543, semi_major_axis: 18.164, inclination: 89.8}
"""
_QUICK_ARIEL = """
specframe: 1
steps:
  - {id: data, load: ariel-simulated, with: {n_targets: 9, airs_pairs: 32, fgs1_pairs: 32}}
  - calibrate: ariel-detector
"""
_SPECTRA = _QUICK_ARIEL + "  - {id: transit, detrend: transit-joint}\n"
_NOISY_GRID = _GRID + "  - {calibrate: observation-noise, with: {relative: 0.02}}\n"
_DETECTORS = """
specframe: 1
steps:
  - load: fits-cube
    with:
      path: cubes
      pattern: "{instrument}_cube.fits"
      target: WASP-39b
      data: null
      flux: FLUX
      flux_error: FLUX_ERR
      time: TIME
      wavelength: WAVELENGTH
      time_system: BMJD_TDB
"""
_NIRISS = """
specframe: 1
steps:
  - load: light-curves
    with:
      path: wasp39.txt
      target: WASP-39b
      instrument: NIRISS
      columns: {time: 0, flux: 1, flux_error: 2}
      time: BMJD_TDB
      wavelength: {edges: [0.85, 2.8]}
  - id: fit
    detrend: transit-fit
    with:
      orbit: {period: 4.0552941, mid_transit: {uniform: [59787.0, 59787.1]}, semi_major_axis: 11.4, inclination: 87.8}
"""
_QUICK_TEST = "evaluate: {bootstrap: 0, cross_validation: {folds: 3}}\n"
_OF_CURVES = "specframe run configs/adc24-white.yaml"
_OF_QUICKSTART = "specframe run configs/quickstart.yaml"
_NO_BOOTSTRAP = (("", ("evaluate.bootstrap=0",)),)
#: A target of the small quickstart, in place of one of the eighty.
_TARGET = "2093823490"

RECIPES: dict[str, Recipe] = {
    "README.md": Recipe(
        given=("wasp39.txt", "dback24.npz", "hd3651b.txt"),
        sets=(
            ("- uncertainty: conformal\nevaluate: {scores", (*SIMULATED, "conformal.levels=[0.5]")),
            ("model: cnn1d", (*SIMULATED, "features.training.epochs=2", "ensemble.members=2")),
            ("model: mlp", ("mlp.training.epochs=2", "conformal.levels=[0.5]", "evaluate.bootstrap=0")),
        ),
        replaced=SHORT,
    ),
    "docs/explanation/ariel-models.md": Recipe(
        around=(("", _QUICK_ARIEL + "  - HERE\n" + _QUICK_TEST),),
    ),
    "docs/explanation/cnn-models.md": Recipe(
        given=("curves.npz", "dback24.npz"),
        around=(
            ("detrend: transit-polynomial", _CURVES.partition("  - {id: transit")[0] + "  - HERE\n" + _QUICK_TEST),
            ("uncertainty: variance-scaling", _FITTED),
            ("spectrum/flux", _NOISY_GRID + "  - HERE\n" + _HOLDOUT),
            ("head:", _GRID + "  - {id: net, model: mlp, with: {HERE: 1, training: {epochs: 2}}}\n" + _HOLDOUT),
        ),
        sets=(
            ("model: cnn1d", ("network.training.epochs=2",)),
            ("id: parameters\n", ("parameters.training.epochs=2",)),
        ),
    ),
    "docs/explanation/gaussian-processes.md": Recipe(
        given=("gtc_wasp80b",),
        around=(("", _GROUND + "      white: {HERE: 1}\n"),),
        replaced={
            "kernel = make_grid_kernel": (
                "import numpy as np\n"
                "time, wavelength = np.linspace(0.0, 0.2, 30), np.linspace(1.0, 2.0, 5)\n"
                "residual = np.random.default_rng(0).normal(0.0, 1e-3, (5, 30))\n"
                "flux_error, scatter, use = np.full((5, 30), 1e-3), 1e-3, np.ones((5, 30), bool)\n"
                "kernel = make_grid_kernel"
            )
        },
    ),
    "docs/explanation/gp-models.md": Recipe(
        given=("curves.npz",),
        around=(
            ("model: gp", _CURVES + "  - HERE\n" + _QUICK_TEST),
            ("spectrum-gp", _QUICK_ARIEL + "  - {id: transit, detrend: transit-joint}\n  - HERE\n" + _QUICK_TEST),
        ),
    ),
    "docs/explanation/retrieval.md": Recipe(
        given=("dback24.npz",),
        around=(("", _GRID + "  - {model: ridge}\n  - {uncertainty: conformal, with: {levels: [0.5]}}\nHERE: 1\n"),),
        sets=_NO_BOOTSTRAP,
    ),
    "docs/how-to/ariel-white-light.md": Recipe(
        given=("new_curves.npz", "few/adc24"),
        data="few",
        excepted={"export SPECFRAME_DATA=/where": "the tests know where the data are"},
        sets=(("description: ADC 2024", FEW),),
    ),
    "docs/how-to/block-and-pin.md": Recipe(sets=(("", ("ariel-simulated.n_targets=1", *SIMULATED[1:3])),)),
    "docs/how-to/clean-and-bin.md": Recipe(
        given=("hst_wasp107b", "cubes"),
        around=(
            ("drop:", _HUBBLE.partition("  - id: fit")[0] + "  - {detrend: clean, with: {HERE: 1}}\n"),
            ("mask_channels:", _HUBBLE.partition("  - id: fit")[0] + "  - {detrend: clean, with: {HERE: 1}}\n"),
            ("instruments:", _DETECTORS + "  - {detrend: bin, with: {HERE: 1}}\n"),
        ),
        replaced={
            "- {regressor: airmass, above: 2, action: mask}": "- {regressor: orbit, above: 4, action: mask}",
            "NRS1": "nrs1",
            "MIRI": "nrs2",
            "[5.0, 5.5, 6.0, 7.0, 8.0], time: 60 s": "[3.8, 4.2, 4.6], time: 15 min",
        },
    ),
    "docs/how-to/cluster.md": Recipe(
        replaced={"--workers 64": "--workers 1"},
        excepted={
            r"tcp://10\.0\.0\.1:8786": "no scheduler is there",
            r"export DASK_SCHEDULER_ADDRESS": "no scheduler is there",
            r"--executor dask$": "no scheduler is at the address just exported",
            "dask_jobqueue": "needs Slurm",
            "#SBATCH": "needs Slurm",
            "dask_kubernetes": "needs Kubernetes",
            "scheduler=client": "names objects that the reader has",
        },
    ),
    "docs/how-to/coming-from-challenge-notebooks.md": Recipe(
        sets=(
            ("simulate planets.yaml", ("ariel-simulated.n_targets=9", "ariel-simulated.airs_pairs=32")),
            ("starter.yaml", ("sigma.levels=[0.5]", "evaluate.bootstrap=0")),
        ),
    ),
    "docs/how-to/compare-with-grid.md": Recipe(
        given=("HD 3651B.txt", "dback24.npz=one-cloud.npz"),
        sets=(("", ("fit.training.epochs=2", "evaluate.bootstrap=0")),),
        replaced={"${vars.data}/browndwarf/": ""},
    ),
    "docs/how-to/editor.md": Recipe(around=(("", _QUICK_ARIEL + "HERE: 1\n"),)),
    "docs/how-to/error-bars.md": Recipe(
        given=("curves.npz",),
        around=(
            ("mc-dropout", _TRAINED),
            ("gp-posterior", _FITTED.replace("bayesian-ridge", "gp")),
            ("over: seeds", _TRAINED),
            ("model: stacking", _CURVES + "  - HERE\n" + _HOLDOUT),
            ("method: cqr", _FITTED),
            ("", _FITTED),
        ),
        alternatives=("mc-dropout",),
        sets=(
            ("uncertainty: conformal", ("conformal.levels=[0.5]",)),
            ("uncertainty: quantile\n- ", ("quantile.levels=[0.5]",)),
            ("members: 5", ("ensemble.members=2",)),
            ("over: seeds", ("ensemble.members=2",)),
            ("draws: 30", ("bootstrap.draws=3",)),
            ("draws: 100, combine", ("input-bootstrap.draws=3",)),
        ),
    ),
    "docs/how-to/eureka.md": Recipe(given=("Stage4",)),
    "docs/how-to/exosim.md": Recipe(given=("simulations",)),
    "docs/how-to/explore.md": Recipe(
        given=("dback24.npz",),
        runs=(_OF_QUICKSTART,),
    ),
    "docs/how-to/fit-your-planet.md": Recipe(
        given=("cubes", "curves=curves-of-texts", "wasp39.txt"),
        around=(("targets:", _WHITE + "  - {detrend: transit-fit, with: {" + _ORBIT + ", HERE: 1}}\n"),),
    ),
    "docs/how-to/gpus.md": Recipe(
        sets=(("gpu.yaml", (*SIMULATED, "net.training.epochs=2")),),
        excepted={"CUDA_VISIBLE_DEVICES": "is for two GPUs"},
    ),
    "docs/how-to/injection-recovery.md": Recipe(
        given=("data/hat-p-18b-2022-06-niriss-o2.fits",),
        sets=(("", ("injection-recovery.number=20",)),),
    ),
    "docs/how-to/jwst-cubes.md": Recipe(
        given=(
            "hat-p-18b-2022-06-niriss-o2.fits",
            "WASP-96_spectra_fullres.fits",
            "curves=curves-of-chromatic",
            "prism",
        ),
    ),
    "docs/how-to/jwst-x1dints.md": Recipe(given=("spectra",)),
    "docs/how-to/light-curves.md": Recipe(
        given=("hst_wasp107b", "gtc_wasp80b", "jwst_wasp39b", "hst_wasp43b", "lc.dat", "wasp39.txt", "my.yaml"),
    ),
    "docs/how-to/limb-darkening.md": Recipe(given=("spec_lc_22bin", "atlas9")),
    "docs/how-to/networks.md": Recipe(
        given=("curves.npz", "dback24.npz"),
        around=(
            ("model: mlp", _GRID + "  - HERE\n" + _HOLDOUT),
            ("output: convolutional", _SPECTRA + "  - {id: fit, model: pca-shrinkage}\n  - HERE\n" + _HOLDOUT),
            ("model: cnn1d", _CURVES + "  - HERE\n" + _HOLDOUT),
            ("kernel: [1, 5]", _SPECTRA + "  - {model: cnn2d, with: {HERE: 1, training: {epochs: 2}}}\n" + _HOLDOUT),
            ("", _CURVES + "  - {model: cnn1d, with: {axis: time, HERE: 1, training: {epochs: 2}}}\n" + _HOLDOUT),
        ),
        sets=(
            ("model: mlp", ("parameters.training.epochs=2", "parameters.components=10")),
            ("output: convolutional", ("correction.training.epochs=2",)),
            ("id: net\n", ("net.training.epochs=2",)),
        ),
        excepted={"units: 8192": "has 54.5 million weights"},
    ),
    "docs/how-to/installation-problems.md": Recipe(excepted={"specframe doctor": "tests/diagnosis runs it"}),
    "docs/how-to/predict.md": Recipe(
        given=("new_curves.npz", "observed", "few/adc24", "planets.yaml", "mine.yaml", "dback24.npz", "hd-3651b.yaml"),
        data="few",
        runs=(
            _OF_CURVES,
            "specframe simulate planets.yaml --out data/adc24",
            "specframe simulate planets.yaml --out data/adc24 --set planets.split=test --set planets.n_targets=2",
            "specframe run mine.yaml",
            "specframe run hd-3651b.yaml",
        ),
        sets=_NO_BOOTSTRAP[:0],
    ),
    "docs/how-to/prepare-spectra.md": Recipe(
        given=("hd-3651b.csv", "observed.csv", "dback24.npz"),
        around=(("", _ON_GRID),),
        alternatives=("resample, with", "observation-noise, with", "normalise, with"),
        sets=_NO_BOOTSTRAP,
        replaced={"${vars.data}/browndwarf/": "", "30e-6": "30e4"},
    ),
    "docs/how-to/priors-and-samplers.md": Recipe(
        given=("wasp39.txt",),
        around=(
            ("orbit:", _WHITE + "  - {detrend: transit-fit, with: {HERE: 1}}\n"),
            ("emcee", _WHITE + "  - {id: fit, detrend: transit-fit, with: {HERE: 1, " + _ORBIT + "}}\n"),
        ),
        replaced={"2459787.0567": "59787.0567", "n_effective: 2000": "n_effective: 100"},
    ),
    "docs/how-to/processes.md": Recipe(
        given=("curves.npz", "pipeline.yaml"),
        replaced={
            "--workers 4": "--workers 2",
            "workers=4": "workers=2",
            "run = pipeline": (
                "from specframe import load_pipeline\npipeline = load_pipeline('pipeline.yaml')\nrun = pipeline"
            ),
        },
    ),
    "docs/how-to/provenance.md": Recipe(
        given=("mine.py",),
        runs=(
            _OF_QUICKSTART,
            f"{_OF_QUICKSTART} --out runs/ridge",
            f"{_OF_QUICKSTART} --set seed=8 --out runs/other",
            "specframe run pipeline.yaml --plugin mine.py --out runs/mine",
        ),
    ),
    "docs/how-to/publish.md": Recipe(
        given=("wasp39.txt", "published_spectrum.csv"),
        around=(
            ("export:", _NIRISS + "HERE: 1\n"),
            ("compare:", _NIRISS.replace("target: WASP-39b", "target: published_spectrum") + "HERE: 1\n"),
        ),
    ),
    "docs/how-to/raw-frames.md": Recipe(
        around=(("export:", _QUICK_ARIEL + "  - detrend: transit-joint\nHERE: 1\n"),),
    ),
    "docs/how-to/simulate.md": Recipe(
        sets=(
            ("--out full", ("planets.n_targets=2", "planets.airs_pairs=32", "planets.fgs1_pairs=32")),
            ("n_targets=4", ("planets.n_targets=2",)),
        ),
        replaced={
            "n_targets: 12": "n_targets: 3",
            "n_targets=12": "n_targets=3",
            "airs_pairs: 187, fgs1_pairs: 187": "airs_pairs: 32, fgs1_pairs: 32",
            "airs_pairs=187, fgs1_pairs=187": "airs_pairs=32, fgs1_pairs=32",
            "ArielSimulated(n_targets=3,": "ArielSimulated(n_targets=3, airs_pairs=32, fgs1_pairs=32,",
        },
    ),
    "docs/how-to/spectra-grids.md": Recipe(
        given=("grid.npz",),
        excepted={"splat-grid": "SPLAT is not among what tests install", "splat-library": "likewise"},
    ),
    "docs/how-to/spectra-tables.md": Recipe(given=("wasp39b", "spectrum.dat")),
    "docs/how-to/systematics.md": Recipe(
        given=("gtc_wasp80b", "hst_wasp107b"),
        around=(
            ("white:\n", _HUBBLE + "      HERE: 1\n"),
            ("average:", _GROUND + "      HERE: 1\n"),
            ("exponential", _HUBBLE + "      white: {systematics: HERE}\n"),
            ("scan-direction", _HUBBLE + "      white: {systematics: HERE}\n"),
            ("orbit-ramp", _HUBBLE + "      white: {systematics: HERE}\n"),
            ("common-mode", _GROUND + "      channels: {systematics: HERE}\n"),
            ("pca", _GROUND + "      channels: {systematics: HERE}\n"),
            ("term:", _GROUND + "      white: {systematics: HERE}\n"),
        ),
        alternatives=("- {term:",),
        replaced={"times: [59791.1134]": "times: [2456895.45]"},
    ),
    "docs/how-to/tables.md": Recipe(given=("grid.npz", "curves.npz", "curves.csv")),
    "docs/how-to/tess-kepler.md": Recipe(given=("lightcurves",)),
    "docs/how-to/training.md": Recipe(
        given=("curves.npz",),
        around=(("", _CURVES + "  - HERE\n" + _HOLDOUT),),
        sets=(("id: net\n", ("net.training.epochs=2",)),),
        replaced={
            "model.fit(X, y)\n": (
                "import numpy as np\nfrom specframe_cnn import Mlp\n"
                "rng = np.random.default_rng(0)\nX, y = rng.normal(size=(40, 6)), rng.normal(size=(40, 2))\n"
                "model = Mlp(training={'epochs': 2})\nmodel.fit(X, y)\n"
            ),
        },
    ),
    "docs/how-to/tune.md": Recipe(
        given=("dback24.npz",),
        sets=(
            ("model: forest", (*SIMULATED, "fit.n_trees=10")),
            ("tune forest.yaml", ("tune.trials=3",)),
            ("hidden: ${vars.layers}", ("fit.training.epochs=2",)),
            ("conv-stack", ("net.training.epochs=2",)),
        ),
        replaced={
            'from_yaml("forest.yaml")': (
                f'from_yaml("forest.yaml", overrides={[*SIMULATED, "fit.n_trees=10", "tune.trials=3"]!r})'
            )
        },
    ),
    "docs/how-to/write-a-plugin.md": Recipe(elsewhere="test_plugin_page.py"),
    "docs/how-to/local-plugin.md": Recipe(elsewhere="test_plugin_page.py"),
    "docs/how-to/shell.md": Recipe(
        excepted={
            r"eval|completions/specframe": "changes the shell; tests/cli/test_completion.py does it in its own",
            r"status=\$|case|\d\)|\*\)|esac": "is the language of the shell around commands",
        }
    ),
    "docs/reference/commands.md": Recipe(
        given=("few/adc24", "wrong.yaml"),
        data="few",
        runs=(
            f"{_OF_CURVES} --out runs/ridge",
            f"{_OF_CURVES} --set seed=1 --out runs/cnn",
            _OF_QUICKSTART,
        ),
        outputs={"specframe prune": "a small run has nothing to free"},
    ),
    "docs/reference/errors.md": Recipe(excepted={"raise DataError": "are lines of a component's method"}),
    "docs/reference/pipeline-file.md": Recipe(
        given=(
            "dback24.npz",
            "curves.npz",
            "few/curves.npz",
            "base.yaml",
            "pipeline.yaml",
            "published_spectrum.csv",
            "observed.txt",
        ),
        data="few",
        around=(
            (
                "compare:",
                _CURVES + "  - {model: ols}\nHERE: 1\n",
            ),
            (
                "observed-spectra",
                _GRID + "  - {calibrate: resample, with: {like: observed.txt, range: [1.0, 2.4]}}\n"
                "  - {calibrate: normalise}\n  - {model: ridge}\n" + _HOLDOUT + "HERE: 1\n",
            ),
        ),
        sets=(
            ("n_targets: 80", QUICK),
            ("steps:\n  - load: ariel-simulated\n", SIMULATED),
        ),
    ),
    "docs/reference/python.md": Recipe(
        given=("curves.npz", "ridge.yaml=pipeline.yaml", "cnn.yaml=pipeline.yaml"),
        replaced={"workers=8": "workers=2", "from specframe.executors": "import specframe\nfrom specframe.executors"},
    ),
    "docs/reference/run-directory.md": Recipe(
        runs=(f"{_OF_QUICKSTART} --out runs/x",),
        replaced={"342072318": _TARGET},
    ),
    "docs/reference/scores.md": Recipe(
        given=("dback24.npz",),
        around=(("", _GRID + "  - {model: bayesian-ridge}\nHERE: 1\n"),),
        sets=_NO_BOOTSTRAP,
    ),
    "docs/tutorials/ariel.md": Recipe(elsewhere="test_ariel_page.py"),
    "docs/tutorials/data.md": Recipe(excepted={"export SPECFRAME_DATA": "the tests know where the data are"}),
    "docs/tutorials/light-curves.md": Recipe(elsewhere="test_light_curves_page.py"),
    "docs/tutorials/python.md": Recipe(elsewhere="test_python_page.py"),
    "docs/tutorials/telescopeml.md": Recipe(elsewhere="test_telescopeml_page.py"),
    "docs/tutorials/quickstart.md": Recipe(
        sets=(("steps:\n  - id: data\n    load: ariel-simulated", QUICK),),
        replaced={"2594105723": _TARGET},
    ),
    **{
        f"docs/tutorials/{page}.md": Recipe(elsewhere="test_telescope_pages.py")
        for page in ("wasp-107b-hst", "wasp-39b-niriss", "hat-p-18b-niriss", "wasp-43b-hst")
    },
}
