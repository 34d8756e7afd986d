"""The transit components, described."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api import Component, hookimpl
from specframe_transit.cleaning.params import BinParams, CleanParams
from specframe_transit.fit.params import TransitFitParams
from specframe_transit.injection.params import InjectionRecoveryParams
from specframe_transit.params import TransitJointParams, TransitPolynomialParams
from specframe_transit.stellar.params import LimbDarkeningParams

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["specframe_components"]


@hookimpl
def specframe_components() -> Iterator[Component]:
    """Yield the components of this plugin."""
    yield Component(
        kind="detrender",
        name="clean",
        target="specframe_transit.cleaning.clean:Clean",
        params=CleanParams,
        summary="Masks what must not be fitted: times, channels, outliers; compares errors with the scatter",
        tags=("light curves", "outliers", "sigma clipping", "errors"),
    )
    yield Component(
        kind="detrender",
        name="bin",
        target="specframe_transit.cleaning.bin:Bin",
        params=BinParams,
        summary="Bins light curves in time and wavelength, and spectra of depths in wavelength",
        tags=("light curves", "spectra", "binning", "resolution"),
        example="specframe_transit.cleaning.examples:bins",
    )
    yield Component(
        kind="detrender",
        name="transit-polynomial",
        target="specframe_transit.transit_polynomial:TransitPolynomial",
        params=TransitPolynomialParams,
        summary="Transit depth per channel with a polynomial in time, contacts found on the white light curve",
        tags=("transit", "light curves", "polynomial", "depth"),
    )
    yield Component(
        kind="detrender",
        name="transit-joint",
        target="specframe_transit.joint.transit_joint:TransitJoint",
        params=TransitJointParams,
        summary="Joint fit of star, limb-darkened transit and drift to all channels, instruments and visits",
        tags=("transit", "light curves", "limb darkening", "depth", "Gaussian process"),
    )
    yield Component(
        kind="detrender",
        name="transit-fit",
        target="specframe_transit.fit.transit_fit:TransitFit",
        params=TransitFitParams,
        summary="Spectrum of a transit or eclipse: white fit with priors, then all channels with systematics",
        tags=("transit", "eclipse", "light curves", "systematics", "Gaussian process", "MCMC", "depth"),
        example="specframe_transit.fit.examples:transits",
    )
    yield Component(
        kind="detrender",
        name="injection-recovery",
        target="specframe_transit.injection.injection_recovery:InjectionRecovery",
        params=InjectionRecoveryParams,
        summary="Tests the errors of transit-fit with transits of known depth in the real residuals",
        tags=("transit", "eclipse", "light curves", "errors", "coverage", "red noise"),
        example="specframe_transit.injection.examples:fitted_transits",
    )
    yield Component(
        kind="detrender",
        name="limb-darkening",
        target="specframe_transit.stellar.limb_darkening:LimbDarkening",
        params=LimbDarkeningParams,
        summary="Limb-darkening coefficients of every channel from a grid of stellar intensities",
        tags=("transit", "light curves", "limb darkening", "star", "ATLAS9", "PHOENIX"),
        example="specframe_transit.stellar.examples:small_grid",
    )
