"""Limb darkening of the curves of a node: fixed, with a Gaussian prior, or free in Kipping's q1, q2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from specframe.errors import DataError, ParameterError
from specframe_transit.fit.params import StdParams
from specframe_transit.inference.prior import Flat, Normal, Parameter
from specframe_transit.planet.kipping import from_quadratic, jacobian, to_quadratic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from specframe_transit.curves import Curves
    from specframe_transit.fit.params import Freedom, LimbDarkeningParams
    from specframe_transit.planet.transit import Law

__all__ = ["AUTO_STD", "LimbDarkening", "limb_darkening_of"]

#: Of the Gaussian prior on given coefficients where users say nothing.
AUTO_STD = 0.1
_STEP = 0.02
#: Where free coefficients start without better knowledge: a solar-like star in the near infrared.
_START = (0.25, 0.15)


@dataclass(frozen=True)
class LimbDarkening:
    """Coefficients (n_coefficient, n_curve) that are given, and how free the fit is: ``std`` counts for ``prior``."""

    law: Law
    mode: Literal["fixed", "prior", "free"]
    given: NDArray[np.float64]
    std: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the free parameters of one curve."""
        if self.mode == "fixed":
            return ()
        letter = "q" if self.mode == "free" else "u"
        return tuple(f"{letter}{i + 1}" for i in range(len(self.given)))

    def parameters(self, curve: int) -> tuple[Parameter, ...]:
        """Return the free parameters of one curve."""
        given = self.given[:, curve]
        if self.mode == "free":
            q = from_quadratic(given[:1], given[1:])
            starts = np.clip([q[0][0], q[1][0]], 0.01, 0.99)
            return tuple(
                Parameter(n, "", float(s), Flat(0.0, 1.0), _STEP) for n, s in zip(self.names, starts, strict=True)
            )
        return tuple(
            Parameter(n, "", float(u), Normal(float(u), self.std), _STEP)
            for n, u in zip(self.names, given, strict=False)
        )

    def coefficients(self, values: NDArray[np.float64], rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return (n_coefficient, n_row) for values (n_row, n_free) of the curves ``rows``."""
        if self.mode == "fixed":
            return self.given[:, rows]
        if self.mode == "free":
            return np.array(to_quadratic(values[:, 0], values[:, 1]))
        return values.T

    def chain(self, values: NDArray[np.float64], by_coefficient: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn derivatives by coefficient (n_row, n_coefficient, n_time) into those by parameter."""
        if self.mode == "fixed":
            return by_coefficient[:, :0]
        if self.mode == "free":
            by_q: NDArray[np.float64] = np.einsum("uqk,kut->kqt", jacobian(values[:, 0], values[:, 1]), by_coefficient)
            return by_q
        return by_coefficient


def limb_darkening_of(curves: Curves, params: LimbDarkeningParams, freedom: Freedom) -> LimbDarkening:
    """Return the limb darkening of the curves, from the data or as params give it.

    Raises
    ------
    DataError, ParameterError
        When coefficients are needed and the data have none, or the law cannot be free.
    """
    law: Law = "quadratic" if curves.law == "quadratic" else "nonlinear"
    given = curves.limb_darkening
    if params.coefficients != "data":
        law = "quadratic" if len(params.coefficients) == 2 else "nonlinear"
        given = np.repeat(np.array(params.coefficients, float)[:, None], curves.n_channel, axis=1)
    if given is None:
        if freedom == "fixed" or isinstance(freedom, StdParams):
            word = "fixed" if freedom == "fixed" else f"a Gaussian of {freedom.std:g}"
            raise DataError(
                f"node /{curves.path}: limb darkening is {word}, but the data have no limb_darkening; add the step "
                "limb-darkening before this one, or give limb_darkening: {coefficients: [u1, u2]}, or set it free"
            )
        given = np.repeat(np.array(_START)[:, None], curves.n_channel, axis=1)
        law, freedom = "quadratic", "free"
    if freedom == "free":
        if law != "quadratic":
            raise ParameterError(f"limb_darkening: only the quadratic law can be free, this one is {law}; set std: 0.1")
        start = np.where(np.isfinite(given), given, np.array(_START)[:, None])
        return LimbDarkening(law, "free", start)
    lost = ~np.isfinite(given).all(axis=0)
    if (lost & curves.use.any(axis=1)).any():
        at = curves.wavelength[np.flatnonzero(lost & curves.use.any(axis=1))[0]]
        raise DataError(f"node /{curves.path}: limb_darkening is not finite at {at:g} um; correct it, or set it free")
    given = np.where(lost, 0.0, given)
    if freedom == "fixed":
        return LimbDarkening(law, "fixed", given)
    return LimbDarkening(law, "prior", given, freedom.std if isinstance(freedom, StdParams) else AUTO_STD)
