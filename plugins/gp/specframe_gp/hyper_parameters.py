"""Hyper-parameters of a process by name: logarithms with priors, to be fitted, saved and set again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

from specframe_gp.arithmetic import torch
from specframe_gp.kernels import log_prior

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["HyperParameters"]


class HyperParameters(ABC):
    """What has hyper-parameters: those of its kernel, whose priors follow from their names, and its own."""

    #: Mean and standard deviation of the normal priors of its own.
    own_priors: ClassVar[Mapping[str, tuple[float, float]]]
    _dtype: torch.dtype

    @abstractmethod
    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """Return all hyper-parameters by name, each with leading axis process."""

    def priors(self) -> dict[str, tuple[torch.Tensor, float]]:
        """Return mean and standard deviation of their normal priors."""
        own = self.own_priors
        return {
            name: (torch.full_like(value.detach(), own[name][0]), own[name][1])
            if name in own
            else log_prior(name, value.detach())
            for name, value in self.parameters().items()
        }

    def hyper_parameters(self) -> dict[str, NDArray[Any]]:
        """Return copies by name."""
        return {name: value.detach().numpy().copy() for name, value in self.parameters().items()}

    def set_hyper_parameters(self, values: Mapping[str, NDArray[Any]]) -> Self:
        """Take what :meth:`hyper_parameters` returned."""
        with torch.no_grad():
            for name, parameter in self.parameters().items():
                parameter.copy_(torch.tensor(values[name], dtype=self._dtype).reshape(parameter.shape))
        return self
