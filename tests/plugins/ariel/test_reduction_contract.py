"""Loader and calibrator keep the contract of their kinds, and hold for the simulator's files too."""

from __future__ import annotations

import numpy as np
import pytest

from specframe.testing import check_component
from specframe_ariel import ArielChallenge, ArielDetector, ArielSimulated, write_challenge


def test_the_calibrator_keeps_the_contract():
    check_component(ArielDetector).raise_on_failure()


@pytest.mark.parametrize("year", [2024, 2025])
def test_the_loader_keeps_the_contract(write_tree, year):
    root = write_tree(year, {"101": 1, "20": 1})
    check_component(ArielChallenge, params={"path": str(root)}).raise_on_failure()


def test_files_and_memory_agree_when_the_reads_were_made(tmp_path):
    """A pair stands for many: 1,406 pairs of FGS1 in one, 141 s from the reset to the first read."""
    pairs = {"airs_pairs": 60, "fgs1_pairs": 48}
    (name,) = write_challenge(tmp_path, n_targets=1, seed=2, **pairs)
    in_files = ArielChallenge(path=tmp_path).load(name)
    in_memory = ArielSimulated(n_targets=1, seed=2, **pairs).load(name)
    for instrument in ("AIRS-CH0", "FGS1"):
        for variable in ("integration_time", "time"):
            np.testing.assert_allclose(
                in_files[f"{instrument}/0/{variable}"], in_memory[f"{instrument}/0/{variable}"], rtol=1e-9
            )


@pytest.mark.parametrize("year", [2024, 2025])
def test_simulated_files_become_light_curves_with_a_transit(tmp_path, year):
    """The files of ``write_challenge`` go the way of the real ones; ``ariel-simulated`` makes the same frames."""
    quiet = {"drift": 0.0, "jitter": 0.0}
    (name,) = write_challenge(tmp_path, n_targets=1, year=year, seed=2, airs_pairs=60, fgs1_pairs=60, **quiet)
    loader = ArielChallenge(path=tmp_path)
    assert loader.targets() == [name]
    curves = ArielDetector(pairs_per_bin=1).apply(loader.load(name))
    labels = loader.labels().sel(target=name)
    for instrument, depth in (("AIRS-CH0", labels[1:].mean()), ("FGS1", labels[0])):
        node = curves[f"{instrument}/0"]
        white = node["flux"].sum("wavelength").values
        error = np.sqrt((node["flux_error"] ** 2).sum("wavelength").values) / white.mean()
        inside, outside = slice(27, 33), [0, 1, 2, 3, 4, 5, 54, 55, 56, 57, 58, 59]
        dip = 1 - white[inside].mean() / white[outside].mean()
        # the star's limb is darker than its centre, by less than 30 % of the mean here
        assert 0.95 * depth - 4 * error[0] / np.sqrt(6) < dip < 1.3 * depth + 4 * error[0] / np.sqrt(6)
