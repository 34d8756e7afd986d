"""Columns are the functions that the terms name, and coefficients that were injected come back from them."""

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.special import eval_legendre

from specframe.errors import DataError, ParameterError
from specframe_transit.systematics.design import Systematics

_MINUTE = 1.0 / 1440.0
_ORBIT = 95.5 * _MINUTE


def _hst_times(n_orbit=4, n_exposure=20):
    return np.concatenate([k * _ORBIT + np.arange(n_exposure) * 2.0 * _MINUTE for k in range(n_orbit)])


def test_no_terms_is_a_level(curves_with, terms_of):
    systematics = Systematics(terms_of(), curves_with())
    assert systematics.column_names == ("level",)
    assert systematics.parameters == ()
    np.testing.assert_array_equal(systematics.columns(), np.ones((1, 400)))


def test_polynomial_is_legendre_over_the_times_used(curves_with, terms_of):
    use = np.ones((2, 400), bool)
    use[:, :100] = False
    curves = curves_with(use=use)
    systematics = Systematics(terms_of({"term": "polynomial", "order": 3}), curves)
    first, last = curves.time[100], curves.time[-1]
    scaled = (curves.time - 0.5 * (first + last)) / (0.5 * (last - first))
    for order in (1, 2, 3):
        np.testing.assert_allclose(systematics.columns()[order], eval_legendre(order, scaled), atol=1e-12)
    assert systematics.column_names == ("level", "time_1", "time_2", "time_3")


def test_exponential_timescale_and_amplitude_are_recovered(curves_with, terms_of):
    curves = curves_with()
    since = curves.time - curves.time[0]
    flux = 1.0 + 4e-3 * np.exp(-since / 0.013) + 1e-3 * since
    systematics = Systematics(terms_of({"term": "exponential"}, {"term": "polynomial"}), curves)

    def residual(values):
        columns = systematics.columns(values)
        return flux - np.linalg.lstsq(columns.T, flux, rcond=None)[0] @ columns

    fitted = least_squares(residual, systematics.start, x_scale=systematics.start, xtol=1e-14, gtol=1e-14, ftol=1e-14)
    assert fitted.x[0] == pytest.approx(0.013, rel=1e-5)
    columns = systematics.columns(fitted.x)
    coefficients = dict(zip(systematics.column_names, np.linalg.lstsq(columns.T, flux, rcond=None)[0], strict=True))
    assert coefficients["ramp"] == pytest.approx(4e-3, rel=1e-4)
    # a slope in scaled time is one per half the span
    assert coefficients["time_1"] / systematics.scaling["time"][1][0] == pytest.approx(1e-3, rel=1e-4)


def test_default_timescales_follow_from_the_data(curves_with, terms_of):
    curves = curves_with()
    one = Systematics(terms_of({"term": "exponential"}), curves).parameters[0]
    assert one.unit == "d"
    assert one.prior.lower == pytest.approx(3 * 0.2 / 399)
    assert one.prior.upper == pytest.approx(0.2)
    first, second = Systematics(terms_of({"term": "exponential"}, {"term": "exponential"}), curves).parameters
    assert (first.name, second.name) == ("ramp_timescale_1", "ramp_timescale_2")
    assert first.prior.lower == pytest.approx(one.prior.lower)
    assert first.prior.upper == second.prior.lower
    assert second.prior.upper == pytest.approx(one.prior.upper)


def test_a_number_fixes_a_timescale(curves_with, terms_of):
    parameter = Systematics(terms_of({"term": "exponential", "timescale": 0.02}), curves_with()).parameters[0]
    assert parameter.prior.fixed
    assert parameter.start == 0.02


def test_gradients_are_those_of_the_columns(curves_with, terms_of):
    time = _hst_times()
    systematics = Systematics(
        terms_of(
            {"term": "exponential"},
            {"term": "sinusoid", "period": {"uniform": [0.05, 0.09]}},
            {"term": "orbit-ramp", "phase_order": 2},
        ),
        curves_with(time=time),
    )
    values = np.array([systematics.start, systematics.start * 1.1])
    gradient = systematics.gradient(values)
    assert gradient.shape == (3, 2, systematics.n_column, len(time))
    for number in range(3):
        step = np.zeros(3)
        step[number] = 1e-6 * values[0, number]
        difference = systematics.columns(values + step) - systematics.columns(values - step)
        scale = np.abs(gradient[number]).max()
        np.testing.assert_allclose(difference / (2 * step[number]) / scale, gradient[number] / scale, atol=1e-8)


def test_sinusoid_of_any_phase_is_in_the_columns(curves_with, terms_of):
    curves = curves_with()
    systematics = Systematics(terms_of({"term": "sinusoid", "period": 0.07}), curves)
    flux = 1.0 + 2e-3 * np.sin(2 * np.pi * curves.time / 0.07 + 0.4)
    coefficients = np.linalg.lstsq(systematics.columns().T, flux, rcond=None)[0]
    np.testing.assert_allclose(coefficients, [1.0, 2e-3 * np.cos(0.4), 2e-3 * np.sin(0.4)], atol=1e-12)


def test_regressor_coefficients_are_per_unit_of_the_regressor(
    curves_with,
    terms_of,
):
    rng = np.random.default_rng(1)
    x, y = 512.3 + 0.02 * rng.normal(size=400), 31.0 + 0.5 * rng.normal(size=400)
    flux = 1.0 + 0.3 * (x - np.median(x)) - 1e-3 * (y - np.median(y))
    systematics = Systematics(terms_of({"term": "regressors", "names": ["x", "y"]}), curves_with({"x": x, "y": y}))
    assert np.abs(systematics.columns()).max() < 5.0
    coefficients = np.linalg.lstsq(systematics.columns().T, flux, rcond=None)[0]
    assert coefficients[1] / systematics.scaling["x"][1][0] == pytest.approx(0.3)
    assert coefficients[2] / systematics.scaling["y"][1][0] == pytest.approx(-1e-3)


def test_orders_and_products_of_regressors(curves_with, terms_of):
    x, y = np.random.default_rng(2).normal(size=(2, 400))
    term = {"term": "regressors", "names": ["x", "y"], "order": 2, "cross": True}
    systematics = Systematics(terms_of(term), curves_with({"x": x, "y": y}))
    assert systematics.column_names == ("level", "x", "x^2", "y", "y^2", "x*y")
    columns = dict(zip(systematics.column_names, systematics.columns(), strict=True))
    np.testing.assert_allclose(columns["x^2"], columns["x"] ** 2)
    np.testing.assert_allclose(columns["x*y"], columns["x"] * columns["y"])


def test_a_regressor_per_channel_gives_columns_per_channel(curves_with, terms_of):
    y = np.random.default_rng(3).normal(size=(2, 400)) * np.array([[1.0], [7.0]])
    systematics = Systematics(
        terms_of({"term": "polynomial"}, {"term": "regressors", "names": ["y"]}), curves_with({"y": y})
    )
    assert systematics.per_channel
    columns = systematics.columns()
    assert columns.shape == (2, 3, 400)
    np.testing.assert_array_equal(columns[0, :2], columns[1, :2])
    assert np.corrcoef(columns[1, 2], y[1])[0, 1] == pytest.approx(1.0)
    np.testing.assert_allclose(columns[:, 2].std(axis=1), 1.0, rtol=0.15)


def test_vignetting_that_turns_with_the_rotator(curves_with, terms_of):
    angle = np.linspace(150.0, 250.0, 400)
    wrapped = np.where(angle > 180.0, angle - 360.0, angle)
    flux = 1.0 + 2e-3 * np.cos(np.deg2rad(angle - 31.0))
    systematics = Systematics(
        terms_of({"term": "regressors", "angles": ["rotator"]}), curves_with({"rotator": wrapped})
    )
    assert systematics.column_names == ("level", "cos(rotator)", "sin(rotator)")
    columns = systematics.columns()
    left = flux - np.linalg.lstsq(columns.T, flux, rcond=None)[0] @ columns
    assert np.abs(left).max() < 1e-12


def test_step_columns_start_at_the_time_given_on_the_clock_of_the_data(curves_with, terms_of):
    curves = curves_with()
    systematics = Systematics(terms_of({"term": "step", "times": [1000.02, 999.95]}), curves)
    assert systematics.column_names == ("level", "step_1", "step_2")
    np.testing.assert_array_equal(systematics.columns()[1], curves.time >= -0.05)
    np.testing.assert_array_equal(systematics.columns()[2], curves.time >= 0.02)


def test_steps_to_be_searched_are_pending_until_their_times_are_given(curves_with, terms_of):
    terms = terms_of(
        {"term": "step", "n": 1}, {"term": "pca", "n_components": 2}, {"term": "common-mode", "how": "fit"}
    )
    curves = curves_with()
    assert Systematics(terms, curves).pending == {"step", "pca", "common-mode"}
    assert Systematics(terms, curves).column_names == ("level",)
    rng = np.random.default_rng(4)
    components, mode = rng.normal(size=(2, 400)), 1.0 + 1e-3 * rng.normal(size=400)
    known = Systematics(terms, curves, step_times=(0.03,), components=components, common_mode=mode)
    assert known.pending == frozenset()
    assert known.column_names == ("level", "step", "component_1", "component_2", "common_mode")
    np.testing.assert_array_equal(known.columns()[2:4], components)
    assert known.columns()[4].std() == pytest.approx(1.0)


def test_scan_directions_have_levels_and_slopes_of_their_own(curves_with, terms_of):
    direction = np.arange(400) % 2
    curves = curves_with({"scan_direction": direction.astype(float)})
    flux = np.where(direction == 1, 1.004 + 0.01 * curves.time, 0.996 - 0.02 * curves.time)
    systematics = Systematics(terms_of({"term": "scan-direction", "slope": True}, {"term": "polynomial"}), curves)
    columns = systematics.columns()
    coefficients = np.linalg.lstsq(columns.T, flux, rcond=None)[0]
    assert np.abs(flux - coefficients @ columns).max() < 1e-12
    assert dict(zip(systematics.column_names, coefficients, strict=True))["scan_direction"] == pytest.approx(0.008)


def test_orbit_ramp_by_gaps_and_by_regressor_is_the_same(curves_with, terms_of):
    time = _hst_times()
    numbers = np.repeat([3.0, 4.0, 5.0, 6.0], 20)
    by_gap = Systematics(terms_of({"term": "orbit-ramp", "timescale": 0.004}), curves_with(time=time))
    named = {"term": "orbit-ramp", "timescale": 0.004, "orbit": "orbit_number"}
    by_name = Systematics(terms_of(named), curves_with({"orbit_number": numbers}, time=time))
    np.testing.assert_array_equal(by_gap.columns(), by_name.columns())
    assert by_gap.column_names == ("level", "orbit_ramp_first", "orbit_ramp")
    expected = np.exp(-np.arange(20) * 2.0 * _MINUTE / 0.004)
    np.testing.assert_allclose(by_gap.columns()[1], np.concatenate([expected, np.zeros(60)]), atol=1e-12)
    np.testing.assert_allclose(by_gap.columns()[2], np.concatenate([np.zeros(20), *[expected] * 3]), atol=1e-12)


def test_first_orbit_is_the_first_that_is_used(curves_with, terms_of):
    use = np.ones((2, 80), bool)
    use[:, :20] = False
    systematics = Systematics(terms_of({"term": "orbit-ramp"}), curves_with(time=_hst_times(), use=use))
    assert np.flatnonzero(systematics.columns()[1])[[0, -1]].tolist() == [20, 39]


def test_one_ramp_per_orbit(curves_with, terms_of):
    term = {"term": "orbit-ramp", "amplitude": "per-orbit"}
    systematics = Systematics(terms_of(term), curves_with(time=_hst_times()))
    assert systematics.n_column == 5
    # each sample belongs to the ramp of its own orbit and to no other
    assert ((systematics.columns()[1:] > 0).sum(axis=0) == 1).all()


def test_orbital_phase_is_the_same_in_every_orbit(curves_with, terms_of):
    term = {"term": "orbit-ramp", "phase_order": 1}
    time = _hst_times(6)
    # one orbit was lost, and one began late
    time = np.concatenate([time[:40], time[60:80], time[83:]])
    systematics = Systematics(terms_of(term), curves_with(time=time))
    phase = systematics.columns()[-1]
    expected = np.linspace(-1.0, 1.0, 20)
    np.testing.assert_allclose(phase[:60], np.tile(expected, 3), atol=1e-9)
    np.testing.assert_allclose(phase[60:77], expected[3:], atol=1e-9)
    given = Systematics(terms_of({**term, "orbital_period": _ORBIT}), curves_with(time=time))
    np.testing.assert_allclose(given.columns()[-1], phase, atol=1e-9)


def test_a_missing_regressor_names_those_that_are_there(curves_with, terms_of):
    curves = curves_with({"airmass": np.linspace(1, 2, 400), "fwhm": np.linspace(0, 1, 400) ** 2})
    with pytest.raises(DataError, match=r"no regressor 'airmas'; did you mean 'airmass'\? There are: airmass, fwhm"):
        Systematics(terms_of({"term": "regressors", "names": ["airmas"]}), curves)
    with pytest.raises(DataError, match=r"no regressor 'x'.*none"):
        Systematics(terms_of({"term": "regressors", "names": ["x"]}), curves_with())


def test_a_constant_regressor_is_refused(curves_with, terms_of):
    with pytest.raises(DataError, match=r"'x' is constant \(512\.25\).*leave it out"):
        Systematics(terms_of({"term": "regressors", "names": ["x"]}), curves_with({"x": np.full(400, 512.25)}))


def test_an_unknown_regressor_matters_only_where_the_flux_is_used(curves_with, terms_of):
    x = np.random.default_rng(5).normal(size=400)
    x[7] = np.nan
    terms = terms_of({"term": "regressors", "names": ["x"]})
    with pytest.raises(DataError, match=r"'x' is not finite at 1 of 400 times.*999\.9035"):
        Systematics(terms, curves_with({"x": x}))
    use = np.ones((2, 400), bool)
    use[:, 7] = False
    assert np.isfinite(Systematics(terms, curves_with({"x": x}, use=use)).columns()).all()


def test_columns_that_say_the_same_are_named(curves_with, terms_of):
    time = np.linspace(-0.1, 0.1, 400)
    curves = curves_with({"rotator": 20.0 + 300.0 * time, "y": np.random.default_rng(6).normal(size=400)})
    terms = terms_of({"term": "polynomial"}, {"term": "regressors", "names": ["rotator", "y"]})
    with pytest.raises(DataError, match=r"columns time_1, rotator are combinations of each other"):
        Systematics(terms, curves)


def test_more_columns_than_times_is_refused(curves_with, terms_of):
    with pytest.raises(DataError, match=r"11 systematics columns .* for 8 usable times"):
        Systematics(terms_of({"term": "polynomial", "order": 10}), curves_with(time=np.linspace(0, 0.1, 8)))


def test_a_step_outside_the_data_is_refused(curves_with, terms_of):
    with pytest.raises(DataError, match=r"step at 2459787\.000000 d is outside the data"):
        Systematics(terms_of({"term": "step", "times": [2459787.0]}), curves_with())


def test_one_orbit_has_no_orbit_ramp(curves_with, terms_of):
    with pytest.raises(DataError, match=r"one orbit.*use exponential"):
        Systematics(terms_of({"term": "orbit-ramp"}), curves_with())


def test_scans_in_one_direction_need_no_term(curves_with, terms_of):
    with pytest.raises(DataError, match="'scan_direction' has 1 where the flux is used"):
        Systematics(terms_of({"term": "scan-direction"}), curves_with({"scan_direction": np.zeros(400)}))


def test_a_timescale_must_be_positive(curves_with, terms_of):
    with pytest.raises(ParameterError, match="ramp_timescale"):
        Systematics(terms_of({"term": "exponential", "timescale": -0.01}), curves_with())
    with pytest.raises(ParameterError, match="sinusoid_period"):
        Systematics(terms_of({"term": "sinusoid", "period": 0}), curves_with())
