"""The two real files of ExoSim 2.2 that come with the test data, against a computation with h5py and numpy alone."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from specframe_ariel import ArielDetector
from specframe_io import ExosimNdr

MINI, CDS = "mini_3groups_2ndrs_ndr", "s004_first200_ndr"
#: Electrons per pair as they are read: no correction but the flat.
PLAIN = {
    "dark": False,
    "extraction": "box",
    "linearity": False,
    "background_rows": [],
    "cosmic_ray_sigma": None,
    "pairs_per_bin": 1,
}


@pytest.fixture
def folder(data_dir):
    return data_dir / "exosim"


def test_both_files_are_targets(folder):
    assert ExosimNdr(path=folder).targets() == [MINI, CDS]


@pytest.mark.parametrize(("target", "n_group"), [(MINI, 3), (CDS, 2)])
@pytest.mark.parametrize(("instrument", "columns"), [("AIRS-CH0", slice(39, 321)), ("FGS1", slice(8, 24))])
def test_light_curves_are_the_last_minus_the_first_group_of_each_ramp(folder, target, n_group, instrument, columns):
    loader = ExosimNdr(path=folder, instruments=[instrument])
    curves = ArielDetector(**PLAIN).apply(loader.load(target))[f"{instrument}/0"]
    with h5py.File(folder / f"{target}.h5") as file:
        channel = file[f"channels/{instrument}"]
        frames = channel["NDRs/data"][()].astype(float)
        gain = channel["NDRs/metadata/ADC/gain"][()] if "ADC" in channel["NDRs/metadata"] else 1.0
        dead = channel["simulation_data/dead_pixel_map/dead_pixel_map"][()]
        flat = channel["simulation_data/qe_variation_map/data"][0]
        wavelength = channel["NDRs/spectral"][columns][::-1]
    light = np.where(dead, 0.0, (frames[n_group - 1 :: n_group] - frames[::n_group]) / gain / flat)
    expected = light[:, 8:24, columns].sum(axis=1)[:, ::-1].T
    if instrument == "FGS1":
        expected = expected.sum(axis=0, keepdims=True)
    else:
        np.testing.assert_array_equal(curves["wavelength"], wavelength)
    np.testing.assert_allclose(curves["flux"], expected, rtol=1e-9)


def test_pairs_of_the_cds_file_are_47_7_seconds_of_light_every_48(folder):
    node = ExosimNdr(path=folder).load(CDS)["AIRS-CH0/0"]
    seconds = node["time"].values * 86400
    np.testing.assert_allclose(seconds[:4], [0.2, 47.9, 48.2, 95.9])
    np.testing.assert_allclose(node["integration_time"][:4], [0.1, 47.8, 0.1, 47.8])
    assert node.attrs["reads_per_group"] == 1


def test_increments_from_group_to_group_are_alike_as_their_integration_times_are(folder):
    """Equal light in equal times shows when averaged reads were made: the file's own times are 0.2 and 0.9 s apart."""
    node = ExosimNdr(path=folder, groups="all").load(MINI)["AIRS-CH0/0"]
    np.testing.assert_allclose(np.diff(node["integration_time"][:3]), 0.9)
    frames = np.asarray(node["frames"], float).reshape(6, 3, -1).mean(axis=(0, 2))
    first, second = np.diff(frames)
    assert second / first == pytest.approx(1.0, abs=0.01)


def test_read_noise_of_groups_of_two_reads_is_that_of_one_over_root_two(folder):
    """Where there is little light, the scatter of pairs shows the noise of a frame: 12 electrons for single reads."""

    def frame_noise(target):
        node = ExosimNdr(path=folder).load(target)["AIRS-CH0/0"]
        light = np.asarray(node["frames"], float) / node.attrs["gain"]
        pairs = light[1::2] - light[::2]
        mean = pairs.mean(axis=0)
        dim = mean < np.percentile(mean, 40)
        return np.sqrt(np.mean((np.diff(pairs, axis=0).var(axis=0) / 2 - mean)[dim]) / 2)

    single = frame_noise(CDS)
    assert single == pytest.approx(12.0, rel=0.03)
    assert frame_noise(MINI) == pytest.approx(single / np.sqrt(2), rel=0.03)


@pytest.mark.parametrize("instrument", ["AIRS-CH0", "FGS1"])
def test_errors_are_as_large_as_the_scatter_from_pair_to_pair(folder, instrument):
    loader = ExosimNdr(path=folder, instruments=[instrument], read_noise=12.0)
    curves = ArielDetector(dark=False, pairs_per_bin=1).apply(loader.load(CDS))[f"{instrument}/0"]
    scatter = np.diff(curves["flux"].values, axis=1).std(axis=1) / np.sqrt(2)
    ratio = scatter / curves["flux_error"].values.mean(axis=1)
    # 99 differences: 9 % for a single channel; pointing jitter and the ADC's steps add a little
    assert np.median(ratio) == pytest.approx(1.0, abs=0.1)


def test_the_response_of_the_pixels_is_undone_to_1_ppm(folder):
    node = ExosimNdr(path=folder).load(CDS)["FGS1/0"]
    with h5py.File(folder / f"{CDS}.h5") as file:
        response = file["channels/FGS1/simulation_data/pixel_non_linearity/map"][()]
    for charge in (10.0, 3e4, 9e4):
        measured = sum(a * charge ** (k + 1) for k, a in enumerate(response))
        back = sum(b * measured**k for k, b in enumerate(node["linearity"].values))
        np.testing.assert_allclose(back, charge, rtol=1e-6)
