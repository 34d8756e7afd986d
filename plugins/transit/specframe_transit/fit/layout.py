"""Which parameters a white fit has free, and which of them each node has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from specframe_transit.fit.batch import CurveBatch
from specframe_transit.fit.problem import Problem
from specframe_transit.fit.signal import WhiteSignal
from specframe_transit.fit.stars import limb_darkening_of
from specframe_transit.inference.prior import Parameter, make_parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specframe_transit.curves import Curves
    from specframe_transit.fit.batch import Design
    from specframe_transit.fit.elements import Elements
    from specframe_transit.fit.noise import Noise
    from specframe_transit.fit.params import TransitFitParams
    from specframe_transit.fit.stars import LimbDarkening

__all__ = ["Layout"]

#: Least and largest Rp/R* and Fp/F* that are looked for.
_RATIO_BOUNDS = (1e-4, 2.0)
_DEPTH_BOUNDS = (-1.0, 10.0)


class Layout:
    """Which parameters are free, and which of them each node has."""

    def __init__(self, white: Sequence[Curves], elements: Elements, params: TransitFitParams) -> None:
        self.white, self.elements, self.params = white, elements, params
        self.free = tuple(i for i, p in enumerate(elements.parameters) if not p.prior.fixed)
        self.fixed = np.array([p.start for p in elements.parameters])
        instruments = list(dict.fromkeys(node.instrument for node in white))
        parameters = [elements.parameters[i] for i in self.free]
        sizes, stars, at = {}, {}, {}
        for instrument in instruments:
            label = f"[{instrument}]" if len(instruments) > 1 else ""
            node = next(node for node in white if node.instrument == instrument)
            size = self._size(label)
            own: list[int] = []
            if size.prior.fixed:
                sizes[instrument] = size.start
            else:
                own.append(len(parameters))
                parameters.append(size)
            star = self._stars(node)
            for parameter in star.parameters(0):
                own.append(len(parameters))
                parameters.append(replace(parameter, name=f"{parameter.name}{label}"))
            stars[instrument], at[instrument] = star, own
        self.parameters = tuple(parameters)
        n = len(self.free)
        ratio = float(params.radius_ratio) if isinstance(params.radius_ratio, float) else 0.1
        self.signals = tuple(
            WhiteSignal(
                params.signal,
                elements,
                i,
                self.fixed,
                self.free,
                node.time,
                node.exposure,
                stars[node.instrument],
                ratio,
                sizes.get(node.instrument),
            )
            for i, node in enumerate(white)
        )
        self.signal_picks = tuple(np.array([*range(n), *at[node.instrument]], np.intp) for node in white)

    def _size(self, label: str) -> Parameter:
        if self.params.signal == "eclipse":
            return make_parameter(f"eclipse_depth{label}", self.params.depth, "", *_DEPTH_BOUNDS, step=1e-5)
        return make_parameter(f"radius_ratio{label}", self.params.radius_ratio, "", *_RATIO_BOUNDS, step=1e-3)

    def _stars(self, node: Curves) -> LimbDarkening:
        params = self.params.limb_darkening
        if self.params.signal == "eclipse":
            params = params.model_copy(update={"coefficients": (0.0, 0.0)})
            return limb_darkening_of(node, params, "fixed")
        return limb_darkening_of(node, params, params.white)

    def problem(self, designs: Sequence[Design], noises: Sequence[Noise]) -> Problem:
        """Return the problem, with the systematics' nonlinear parameters of each node behind the others."""
        parameters, picks, batches = list(self.parameters), [], []
        for i, (node, design, noise) in enumerate(zip(self.white, designs, noises, strict=True)):
            label = f"[{node.path}]" if len(self.white) > 1 else ""
            own = []
            for at in design.free:
                own.append(len(parameters))
                parameter = design.systematics.parameters[at]
                parameters.append(replace(parameter, name=f"{parameter.name}{label}"))
            picks.append(np.concatenate([self.signal_picks[i], np.array(own, np.intp)]))
            batches.append(CurveBatch(node.flux, self.signals[i], design, noise))
        return Problem.of(batches, picks, [parameters])
