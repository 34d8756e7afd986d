"""The step limb-darkening, alone."""

from __future__ import annotations

import numpy as np
import pytest

from specframe.api import validate_observation
from specframe.errors import DataError
from specframe_transit import LimbDarkening
from specframe_transit.curves import curves_of


def _node(observation):
    return observation["SPEC/0"].to_dataset()


def test_channels_and_white_curve_get_the_stars_coefficients(grid_folder, light_curves):
    """Half-way between 4000 and 5000 K, u1 is near 0.35: logarithms of intensities are linear, not coefficients."""
    given = light_curves(stellar_temperature=4500.0, stellar_gravity=4.5)
    result = LimbDarkening(grid=str(grid_folder)).apply(given)
    validate_observation(result, "limb-darkening", ("light-curves",))
    data = _node(result)
    assert data["limb_darkening"].dims == ("coefficient", "wavelength")
    assert data["coefficient"].values.tolist() == ["u1", "u2"]
    assert np.allclose(data["limb_darkening"].values, [[0.35] * 3, [0.2] * 3], atol=3e-3)
    assert np.allclose(data["limb_darkening_white"].values, [0.35, 0.2], atol=3e-3)
    attrs = data["limb_darkening"].attrs
    assert attrs["law"] == "quadratic"
    assert (attrs["grid"], attrs["stellar_temperature"], attrs["stellar_metallicity"]) == ("grid", 4500.0, 0.0)
    assert attrs["mu_min"] == 0.2
    assert "flags" not in data.attrs
    assert result.attrs["stellar_temperature"] == 4500.0


def test_the_fit_takes_what_the_step_gives(grid_folder, light_curves):
    given = light_curves(stellar_temperature=4000.0, stellar_gravity=4.0)
    result = LimbDarkening(grid=str(grid_folder), law="nonlinear").apply(given)
    curves = curves_of("SPEC/0", _node(result))
    assert curves.law == "nonlinear"
    mu = np.linspace(0.05, 1.0, 20)
    for c in (*curves.limb_darkening.T, curves.limb_darkening_white):
        profile = 1 - sum(c[n] * (1 - mu ** ((n + 1) / 2)) for n in range(4))
        assert np.allclose(profile, 1 - 0.4 * (1 - mu) - 0.2 * (1 - mu) ** 2, atol=1e-3)


def test_the_white_curve_weighs_channels_by_their_flux(tmp_path, write_star, light_curves):
    """Channels at 1.0, 1.1 and 1.2 um with fluxes 1, 3, 1; only the second has limb darkening."""
    wavelength = np.linspace(9000.0, 13000.0, 4001)
    dark = np.where(np.abs(wavelength - 11000.0) < 500.0, 0.6, 0.0)
    write_star(
        tmp_path / "g" / "a.fits", (5000, 4.5, 0.0), u1=dark, u2=0.0, spectrum=wavelength**-3.0, wavelength=wavelength
    )
    params = {"grid": str(tmp_path / "g"), "temperature": 5000.0, "gravity": 4.5}
    data = _node(LimbDarkening(**params).apply(light_curves(half_width=0.04)))
    assert np.allclose(data["limb_darkening"].values[0], [0.0, 0.6, 0.0], atol=1e-6)
    # each channel's flux is (1 - u1 / 3) of its centre's
    centre = np.array([1.0, 3.0 / (1 - 0.6 / 3), 1.0])
    assert data["limb_darkening_white"].values[0] == pytest.approx(0.6 * centre[1] / centre.sum(), abs=1e-6)


def test_gravity_follows_from_mass_and_radius(grid_folder, light_curves):
    """log g of the Sun is 4.438."""
    given = light_curves(stellar_temperature=4200.0, stellar_mass=1.0, stellar_radius=1.0)
    data = _node(LimbDarkening(grid=str(grid_folder)).apply(given))
    assert data["limb_darkening"].attrs["stellar_gravity"] == pytest.approx(4.438)


def test_parameters_win_over_attributes(grid_folder, light_curves):
    given = light_curves(stellar_temperature=9000.0, stellar_gravity=2.0)
    data = _node(LimbDarkening(grid=str(grid_folder), temperature=5000.0, gravity=4.0).apply(given))
    assert data["limb_darkening"].values[0] == pytest.approx(0.3, abs=1e-6)


def test_the_nearest_star_is_flagged(grid_folder, light_curves):
    given = light_curves(stellar_temperature=5200.0, stellar_gravity=4.0, flags="masked-channels")
    with pytest.raises(DataError, match=r"5200 K \(the grid has 4000 to 5000\)"):
        LimbDarkening(grid=str(grid_folder)).apply(given)
    data = _node(LimbDarkening(grid=str(grid_folder), outside="nearest").apply(given))
    assert data.attrs["flags"] == "masked-channels star-outside-grid"
    assert data["limb_darkening"].attrs["stellar_temperature"] == 5000.0


def test_a_law_that_does_not_fit_is_flagged(tmp_path, write_star, light_curves):
    """A limb like a cliff, as of a spherical model star, with the fit from the very limb."""
    mu = np.linspace(0.01, 1.0, 100)
    wavelength = np.linspace(9000.0, 13000.0, 11)
    write_star(
        tmp_path / "g" / "a.fits",
        (5000, 4.5, 0.0),
        mu=mu,
        wavelength=wavelength,
        spectrum=np.where(mu < 0.1, 0.01, 1.0)[:, None],
    )
    params = {"grid": str(tmp_path / "g"), "temperature": 5000.0, "gravity": 4.5}
    assert "flags" not in _node(LimbDarkening(**params).apply(light_curves())).attrs
    flagged = _node(LimbDarkening(mu_min=0.0, **params).apply(light_curves()))
    assert flagged.attrs["flags"] == "limb-darkening-poor"


@pytest.mark.parametrize(
    ("attrs", "message"),
    [
        ({}, "set temperature.*and gravity"),
        ({"stellar_temperature": 4500.0, "stellar_mass": 1.0}, "set gravity.*nor stellar_mass and stellar_radius"),
        ({"stellar_temperature": "hot", "stellar_gravity": 4.5}, "stellar_temperature.*'hot'"),
    ],
)
def test_an_unknown_star_is_asked_for(grid_folder, light_curves, attrs, message):
    with pytest.raises(DataError, match=message):
        LimbDarkening(grid=str(grid_folder)).apply(light_curves(**attrs))


def test_a_channel_beyond_the_grid_names_its_node(grid_folder, light_curves):
    given = light_curves(wavelength=(1.0, 5.0, 9.0), stellar_temperature=4500.0, stellar_gravity=4.5)
    with pytest.raises(DataError, match=r"node /SPEC/0: channel 2 .* within 0.2 to 6 um"):
        LimbDarkening(grid=str(grid_folder)).apply(given)


def test_one_channel_without_edges_has_the_throughputs_band(grid_folder, light_curves, tmp_path):
    given = light_curves(wavelength=(0.8,), half_width=None, stellar_temperature=4000.0, stellar_gravity=4.5)
    with pytest.raises(DataError, match="no wavelength_lower"):
        LimbDarkening(grid=str(grid_folder)).apply(given)
    (tmp_path / "tess.txt").write_text("0.6 0\n0.65 1\n0.95 1\n1.0 0\n")
    data = _node(LimbDarkening(grid=str(grid_folder), throughput=str(tmp_path / "tess.txt")).apply(given))
    assert data["limb_darkening"].values[0] == pytest.approx(0.4, abs=1e-6)
    assert data["limb_darkening"].attrs["throughput"] == "tess.txt"
