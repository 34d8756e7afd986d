"""Transits in light curves: found, and measured with their systematics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specframe.api.lazy import lazy_names

if TYPE_CHECKING:
    from specframe_transit.cleaning.bin import Bin
    from specframe_transit.cleaning.clean import Clean
    from specframe_transit.fit.transit_fit import TransitFit
    from specframe_transit.injection.injection_recovery import InjectionRecovery
    from specframe_transit.joint.transit_joint import TransitJoint
    from specframe_transit.stellar.limb_darkening import LimbDarkening
    from specframe_transit.transit_polynomial import TransitPolynomial

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "cleaning.bin": ("Bin",),
        "cleaning.clean": ("Clean",),
        "injection.injection_recovery": ("InjectionRecovery",),
        "stellar.limb_darkening": ("LimbDarkening",),
        "fit.transit_fit": ("TransitFit",),
        "joint.transit_joint": ("TransitJoint",),
        "transit_polynomial": ("TransitPolynomial",),
    },
)

__all__ = ["Bin", "Clean", "InjectionRecovery", "LimbDarkening", "TransitFit", "TransitJoint", "TransitPolynomial"]
