"""Units as pipelines and FITS headers spell them."""

from __future__ import annotations

import pytest
from astropy import units as u

from specframe.api import flux_unit, read_unit


@pytest.mark.parametrize(
    ("written", "loaded"),
    [
        ("ELECTRONS", "electron"),
        ("e-/s", "electron / s"),
        ("electron/s", "electron / s"),
        ("DN/s", "adu / s"),
        ("ADU", "adu"),
        ("mJy", "mJy"),
        ("None", ""),
        ("Normalized Flux", ""),
        ("", ""),
        ("erg s-1 cm-2 Angstrom-1", "erg / (Angstrom s cm2)"),
        ("ergs/s/cm^2/A", "erg / (Angstrom s cm2)"),
        ("FLAM", "erg / (Angstrom s cm2)"),
        ("Wm-2um-1", "W m-2 um-1"),
    ],
)
def test_flux(written, loaded):
    assert u.Unit(flux_unit(written)) == u.Unit(loaded)


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("Micron", "um"),
        ("microns", "um"),
        ("Angstroms", "AA"),
        ("\u212b", "AA"),
        ("\u00c5", "AA"),
        ("\u00b5m", "um"),
        ("\u03bcm", "um"),
        ("A", "AA"),
        ("days", "d"),
        ("a", "yr"),
    ],
)
def test_others(written, unit):
    assert read_unit(written) == u.Unit(unit)


@pytest.mark.parametrize("written", ["parsec", "K", "photons per bin"])
def test_no_flux(written):
    with pytest.raises(ValueError, match=f"expected a unit convertible to one of .*got '{written}'"):
        flux_unit(written)
