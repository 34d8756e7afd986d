"""What is true of a simulated planet, in the form of the light curves that its frames are reduced to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from specframe_ariel.simulate.detector import true_detector
from specframe_ariel.simulate.instrument import INSTRUMENTS, SCIENCE
from specframe_ariel.simulate.light import light_of
from specframe_ariel.simulate.noise import aperture_flux, flux_error
from specframe_ariel.system import known_system

if TYPE_CHECKING:
    import xarray as xr

    from specframe_ariel.simulate.instrument import Instrument
    from specframe_ariel.simulate.params import SimulatedParams
    from specframe_ariel.simulate.planet import SimulatedPlanet

__all__ = ["planet_truth"]


def planet_truth(params: SimulatedParams, planet: SimulatedPlanet) -> xr.DataTree:
    """Return the truth of every instrument and visit of ``planet``, as ``/<instrument>/<visit>``.

    Channels ascend in wavelength as the labels do: 282 of AIRS-CH0's columns, one of FGS1. Variables of a node:

    ``flux (wavelength, time)``
        The star's light in e- per pair, in rows 8:24 without dead pixels; drift and pointing are in it, noise is not.
    ``flux_error (wavelength, time)``
        Standard deviation that photons (star, sky, dark current) and reads leave in it.
    ``flux_error_optimal (wavelength, time)``
        The same where pixels are not summed but weighed as is best: what no extraction can be better than.
    ``transit (wavelength, time)``
        Relative flux in the limb-darkened transit alone, blended by the point spread like the light.
    ``drift (wavelength, time)``, ``pointing_y (time)``, ``pointing_x (time)``
        The factor on the light; the pointing in pixels, along rows and columns.
    ``depth (wavelength)``, ``depth_label (wavelength)``
        (Rp / Rs)^2: as the blended light shows it, and as the labels have it.
    ``limb_darkening (coefficient, wavelength)``
        Quadratic coefficients u1, u2.

    ``attrs`` of a node hold ``mid_transit`` (d); the root's hold star and orbit under the names of an Observation,
    ``impact_parameter``, ``stellar_brightness`` (relative to a typical star), ``planet_mass`` (in Jupiter's) and the
    seed.
    """
    import xarray as xr

    tree = {
        f"/{instrument.name}/{visit}": _node(params, planet, instrument, visit)
        for instrument in INSTRUMENTS.values()
        for visit in range(len(planet.mid_transit))
    }
    truth = xr.DataTree.from_dict(tree)
    truth.attrs = {
        "target": planet.name,
        "seed": params.seed,
        "planet": planet.index,
        "star": planet.star_index,
        **known_system(planet.star_info()),
        "stellar_brightness": planet.star.brightness,
        "planet_mass": planet.mass,
        "impact_parameter": planet.orbit.impact_parameter,
    }
    return truth


def _node(params: SimulatedParams, planet: SimulatedPlanet, instrument: Instrument, visit: int) -> xr.Dataset:
    import xarray as xr

    light = light_of(params, planet, instrument, visit)
    calibration, _ = true_detector(params, planet, instrument, visit)
    # detector columns descend in wavelength, the labels ascend
    if instrument.disperses:
        ascending = np.arange(instrument.columns)[SCIENCE][::-1]
        wavelength = instrument.wavelength[ascending]
    else:
        ascending, wavelength = np.array([0]), np.array([planet.fgs1_wavelength])
    electron, ratio, pixel = {"units": "electron"}, {"units": ""}, {"units": "pixel"}
    both = ("wavelength", "time")
    darkening = np.stack(planet.star.limb_darkening(wavelength))
    return xr.Dataset(
        {
            "flux": (both, aperture_flux(light, calibration)[ascending], electron),
            "flux_error": (both, flux_error(light, calibration)[ascending], electron),
            "flux_error_optimal": (both, flux_error(light, calibration, optimal=True)[ascending], electron),
            "transit": (both, light.transit[ascending], ratio),
            "drift": (both, light.drift[ascending], ratio),
            "pointing_y": ("time", light.pointing[0], pixel),
            "pointing_x": ("time", light.pointing[1], pixel),
            "depth": ("wavelength", light.depth[ascending], ratio),
            "depth_label": ("wavelength", light.depth_label[ascending], ratio),
            "limb_darkening": (("coefficient", "wavelength"), darkening, ratio),
        },
        coords={
            "wavelength": ("wavelength", wavelength, {"units": "um"}),
            "time": ("time", light.readout.pair_time / 86_400, {"units": "d"}),
            "coefficient": ["u1", "u2"],
        },
        attrs={
            "instrument": instrument.name,
            "visit": str(visit),
            "mid_transit": planet.mid_transit[visit] / 86_400,
        },
    )
