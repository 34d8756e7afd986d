"""What the convolutional networks have in common: from measured inputs to a Prediction, and what is kept of a fit."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import torch

from specframe.api import (
    FeatureSpace,
    Model,
    Outputs,
    label_groups,
    label_matrix,
    training_weights,
    validation_split,
    workspace,
)
from specframe.errors import UsageError
from specframe_cnn.augmenting import MarkingAugmentation
from specframe_cnn.before_training import loss_of, start_at_zero
from specframe_cnn.input_scale import InputScale, ScaleOptions
from specframe_cnn.label_scale import LabelScale
from specframe_cnn.last_layer import LastLayer
from specframe_cnn.last_layer_fit import LAPLACE_HEADS, last_layer_posterior
from specframe_cnn.network.build import build_network
from specframe_cnn.network.head import make_head
from specframe_cnn.posterior_draws import posterior_normals
from specframe_cnn.thinning import thinned
from specframe_cnn.training.loop import train
from specframe_cnn.training.threads import threads
from specframe_cnn.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    import xarray as xr
    from numpy.typing import ArrayLike, NDArray

    from specframe_cnn.measured import Measured
    from specframe_cnn.network.build import Network
    from specframe_cnn.network.head import Head
    from specframe_cnn.params import Cnn1dParams, Cnn2dParams, MlpParams
    from specframe_cnn.training.data import TensorData

__all__ = ["NetworkModel"]

#: Targets that are predicted at a time; images are large.
_BATCH = {"series": 256, "image": 32}


class NetworkModel(Model):
    """A network that is trained on some targets and predicts others.

    Targets are put in an order of their own before anything is learned, so that the order in which they are given
    changes nothing, not even the last bit. Those without any input are left out of the fit, with a warning in the
    log. Inputs that hold no noise, spectra of models, are scaled and compared as they would be observed, with one draw
    of the noise that their errors tell, and so are those held out.

    The last layer starts at zero: before training the network predicts the mean of the labels (the residual that is to
    be learned, on average), and unless training gets the targets held out better than that, this remains.

    Predictions carry what the head states, and ``distance`` and ``extrapolating`` (see
    :class:`~specframe.api.FeatureSpace`), measured on a coarse version of the inputs. They are made on the CPU.
    """

    params: Cnn1dParams | Cnn2dParams | MlpParams

    #: How dropout is stated.
    _some_dropout = "network: {dropout: 0.1}"
    _network: Network | None = None
    _head: Head
    _form: str
    _scale: InputScale
    _labels: LabelScale
    _unit: float
    _space: FeatureSpace
    _last_layer: LastLayer | None
    _outputs: Outputs
    _history: dict[str, NDArray[np.float64]]
    _best_epoch: int
    _sample_seed: int

    @abstractmethod
    def _measure(self, given: Variables) -> Measured:
        """Return the inputs of each target, without regard to other targets."""

    def fit(
        self, X: Any, y: xr.DataArray | ArrayLike, *, sample_weight: ArrayLike | None = None, seed: int = 0
    ) -> Self:
        """Learn ``y`` from ``X`` and return self; see :class:`~specframe.api.Model`.

        The loss of a target counts as its weight. ``seed`` decides which groups are held out to stop training, the
        initial weights, the order of targets, dropout and augmentation.

        Raises
        ------
        DataError
            When labels are missing or not finite, shapes differ, or fewer than three targets have inputs.
        UsageError
            When blocks do not fit the inputs, or inputs lack what an augmentation or a unit needs.
        """
        measured = self._measure(Variables.read(X))
        targets = measured.targets
        labels = label_matrix(y, targets, named="target" in getattr(X, "coords", ()))
        groups = label_groups(y, targets)
        # a target whose unit is unknown has labels that cannot be counted
        countable = measured.known() & np.isfinite(measured.unit)
        weight = training_weights(self.name, targets, countable, sample_weight).astype(np.float32)
        order = measured.order(labels, weight)
        order = order[weight[order] > 0]
        measured, labels, groups, weights = measured.take(order), labels[order], groups[order], weight[order]

        params = self.params
        unit = float(np.median(measured.unit))
        stream = np.random.SeedSequence(seed).generate_state(5)
        drawn = measured.observed(int(stream[4]))
        scale = InputScale.fit(drawn, self._scale_options())
        label_scale = LabelScale.fit(labels, measured.unit, weights, params.label_scale, params.label_components)
        standard = label_scale.standard(labels, measured.unit)
        data = scale.data(measured, standard, weights, label_scale.offset)
        seen = data if drawn is measured else scale.data(drawn, standard, weights, label_scale.offset)
        seen = seen.finished()
        space = FeatureSpace.fit(scale.outline(drawn), np.asarray(weights, float))
        form = measured.form
        del measured, drawn

        training, held_out = _split(groups, params.training.validation, int(stream[0]))
        head = make_head(params.head, label_scale.n_coefficient)
        with threads(1):
            network = build_network(params.network, scale.shapes(form), head, int(stream[1]), scale.components())
        self._train(network, head, data, seen, training, held_out, int(stream[2]), scale)
        self._form, self._head, self._scale, self._labels, self._unit = form, head, scale, label_scale, unit
        self._space, self._outputs, self._sample_seed = space, Outputs.of(y), int(stream[3])
        self._last_layer = None
        if params.head.type in LAPLACE_HEADS:
            self._last_layer = last_layer_posterior(network, head, seen, training, held_out)
        self._network = network
        return self

    def predict(self, X: Any) -> xr.Dataset:
        """Return a Prediction with ``mean``, ``distance``, ``extrapolating`` and what the head states.

        ``gaussian`` and ``mixture`` heads state ``std``, ``low-rank``, ``flow`` and those of a full covariance ``std``
        and ``covariance``, ``quantiles`` and heads with levels ``lower`` and ``upper``, and heads that are asked for
        them ``samples``.
        """
        network = self._fitted_network()
        measured = self._measured_like_training(X)
        unit = measured.unit
        parts: list[dict[str, NDArray[Any]]] = []
        with torch.inference_mode(), threads(1):
            for rows, inputs in self._batches(measured):
                raw = network(inputs)
                said = {name: value.numpy() for name, value in self._head.distribution(raw).items()}
                parts.append(self._on_outputs(said, unit[rows]))
                if self._n_samples:
                    parts[-1]["samples"] = self._samples(raw, measured, rows, unit[rows])
        found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        mean, std = found.pop("mean"), found.pop("std", None)
        features = self._scale.outline(measured)
        dims = {"lower": ("target", "output", "level"), "covariance": ("target", "output", "output_other")}
        dims["upper"] = dims["lower"]
        if "samples" in found:
            found["samples"], dims["samples"] = np.moveaxis(found["samples"], 1, 0), ("sample", "target", "output")
        prediction = self._outputs.prediction(
            measured.targets,
            mean,
            std,
            distance=("target", self._space.distance(features)),
            extrapolating=("target", self._space.extrapolates(features)),
            **{name: (dims[name], value) for name, value in found.items()},
        )
        if "samples" in prediction:
            prediction = prediction.assign_coords(sample=np.arange(self._n_samples))
        return prediction.assign_coords(level=list(self._head.levels)) if "lower" in prediction else prediction

    def draws(self, X: Any, count: int, *, source: Literal["dropout", "weights"], seed: int = 0) -> NDArray[Any]:
        """Return ``count`` predictions of ``X``, (count, n_target, n_output).

        ``dropout``: each by a network whose dropout layers have dropped units at random, the same ones for all
        targets, while all else is as in ``predict``. ``weights``: each with another last layer, drawn from Laplace's
        approximation of its posterior (see :class:`~specframe_cnn.last_layer.LastLayer`).

        Raises
        ------
        UsageError
            When the network has no dropout, or the head no posterior of this kind.
        """
        network = self._fitted_network()
        self.check_draws(source)
        measured = self._measured_like_training(X)
        drawn = np.empty((count, len(measured), self._labels.n_coefficient))
        with torch.inference_mode(), threads(1):
            if source == "dropout":
                for rows, inputs in self._batches(measured):
                    for number in range(count):
                        with thinned(network, seed, number):
                            drawn[number, rows] = self._head.distribution(network(inputs))["mean"].numpy()
            else:
                assert self._last_layer is not None
                weights = self._last_layer.draw(count, np.random.default_rng(seed))
                for rows, inputs in self._batches(measured):
                    features = _with_bias(network.features(inputs).numpy())
                    if features.ndim == 3:
                        drawn[:, rows] = np.einsum("nof,sf->sno", features, weights[:, 0])
                    else:
                        drawn[:, rows] = np.einsum("nf,sof->sno", features, weights, optimize=True)
        return self._labels.mean(drawn, measured.unit)

    def check_draws(self, source: Literal["dropout", "weights"]) -> None:
        """Refuse draws from dropout that the network has not, and of weights whose posterior is not known."""
        if source == "dropout" and not self.params.network.has_dropout:
            raise UsageError(
                f"{self.name}: the network has no dropout to draw from: give some, e.g. {self._some_dropout}, "
                "or draw from its weights (uncertainty 'laplace')"
            )
        if source == "weights" and self.params.head.type not in LAPLACE_HEADS:
            raise UsageError(
                f"{self.name}: draws of the weights need a head {', '.join(LAPLACE_HEADS)}, whose mean is linear in "
                f"the last layer; it has {self.params.head.type!r}"
            )

    def history(self) -> xr.Dataset | None:
        """Return losses and learning rate of each epoch; ``attrs`` has ``best_epoch`` (-1: before training)."""
        import xarray as xr

        if self._network is None:
            return None
        return xr.Dataset(
            {name: ("epoch", values) for name, values in self._history.items()},
            coords={"epoch": np.arange(len(self._history["training_loss"]))},
            attrs={"best_epoch": self._best_epoch, "weights": self._network.n_parameters},
        )

    def get_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return weights, scales, the feature space, the posterior of the last layer and the course of training."""
        network = self._fitted_network()
        arrays = {f"network.{name}": value.numpy() for name, value in network.state_dict().items()}
        parts: dict[str, dict[str, Any]] = {
            "scale": self._scale.state(),
            "labels": self._labels.state(),
            "space": {name: np.asarray(value) for name, value in vars(self._space).items()},
            "history": dict(self._history),
            "last_layer": {} if self._last_layer is None else self._last_layer.state(),
        }
        for part, values in parts.items():
            arrays |= {f"{part}.{name}": value for name, value in values.items()}
        values = {
            "outputs": self._outputs.values(),
            "form": self._form,
            "unit": self._unit,
            "best_epoch": self._best_epoch,
            "sample_seed": self._sample_seed,
        }
        return arrays, values

    def set_state(self, arrays: dict[str, np.ndarray], values: dict[str, Any]) -> None:
        """Take what :meth:`get_state` returned."""

        def part(name: str) -> dict[str, np.ndarray]:
            return {k.removeprefix(f"{name}."): a for k, a in arrays.items() if k.startswith(f"{name}.")}

        self._outputs = Outputs.from_values(values["outputs"])
        self._form, self._unit, self._best_epoch = values["form"], values["unit"], values["best_epoch"]
        self._sample_seed = values["sample_seed"]
        options = self._scale_options()
        self._scale = InputScale.from_state(part("scale"), options.rows, options.transform)
        self._labels = LabelScale(**part("labels"))
        self._space = FeatureSpace(**part("space"))
        self._history = part("history")
        last_layer = part("last_layer")
        self._last_layer = LastLayer(**last_layer) if last_layer else None
        self._head = make_head(self.params.head, self._labels.n_coefficient)
        shapes = self._scale.shapes(self._form)
        network = build_network(self.params.network, shapes, self._head, components=self._scale.components())
        network.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in part("network").items()})
        self._network = network.eval()

    def _scale_options(self) -> ScaleOptions:
        """Return how inputs are scaled."""
        augment = self.params.augment
        return ScaleOptions(mark=augment.channel_masking > 0 or augment.band_masking > 0)

    def _fitted_network(self) -> Network:
        if self._network is None:
            raise self._not_fitted()
        return self._network

    def _measured_like_training(self, X: Any) -> Measured:
        measured = self._measure(Variables.read(X))
        self._scale.check(measured, self.name)
        unit = np.where(np.isfinite(measured.unit), measured.unit, self._unit)
        return replace(measured, unit=unit)

    def _batches(self, measured: Measured) -> Iterator[tuple[slice, dict[str, torch.Tensor]]]:
        size = _BATCH[measured.form]
        for first in range(0, len(measured), size):
            rows = slice(first, min(first + size, len(measured)))
            yield rows, self._scale.inputs(measured.take(np.arange(rows.start, rows.stop)))

    @property
    def _n_samples(self) -> int:
        """How many draws of its distribution a prediction carries."""
        return int(getattr(self.params.head, "samples", 0))

    def _samples(
        self, raw: torch.Tensor, measured: Measured, rows: slice, unit: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return draws of what the head states of some targets, (target, sample, output)."""
        labels, width = self._labels, self._head.normals
        some = measured.take(np.arange(rows.start, rows.stop))
        normal = posterior_normals(some, self._n_samples, width + labels.n_left, self._sample_seed)
        drawn = self._head.sample(raw, torch.from_numpy(normal[..., :width])).numpy()
        return np.moveaxis(labels.samples(drawn, normal[..., width:], unit), 0, 1)

    def _on_outputs(self, said: dict[str, NDArray[Any]], unit: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return what the head states of coefficients, of labels."""
        labels = self._labels
        found = {"mean": labels.mean(said["mean"], unit)}
        if "std" in said:
            found["std"] = labels.std(said["std"], unit)
        if "covariance" in said:
            found["covariance"] = labels.covariance(said["covariance"], unit)
            found["std"] = np.sqrt(np.diagonal(found["covariance"], axis1=1, axis2=2))
        if "lower" in said and labels.components is None:
            for bound in ("lower", "upper"):
                each = np.moveaxis(said[bound], 2, 0)  # shape: (level, target, output)
                found[bound] = np.moveaxis(labels.mean(each, unit), 0, 2)
        return found

    def _train(
        self,
        network: Network,
        head: Head,
        data: TensorData,
        seen: TensorData,
        training: NDArray[np.intp],
        held_out: NDArray[np.intp],
        seed: int,
        scale: InputScale,
    ) -> None:
        space = workspace()
        start_at_zero(network, head)
        before = {name: value.clone() for name, value in network.state_dict().items()}
        validation = seen.bare().take(torch.from_numpy(held_out))
        loss_before = loss_of(network, head, validation, self.params.training.judged_by)
        history = train(
            network,
            head,
            data.take(torch.from_numpy(training)) if len(training) < len(data) else data,
            validation,
            self.params.training,
            seed,
            MarkingAugmentation(self.params.augment, len(scale.centre)),
            None if space.directory is None else space.directory / "training.safetensors",
            space.tell,
        )
        best = history.best_epoch
        if len(held_out) and not history.validation_loss[best] < loss_before:
            network.load_state_dict(before)
            best = -1
        self._history = {
            name: np.asarray(getattr(history, name), float)
            for name in ("training_loss", "validation_loss", "learning_rate")
        }
        self._best_epoch = best


def _split(groups: NDArray[np.str_], fraction: float, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if fraction == 0.0:
        return np.arange(len(groups)), np.arange(0)
    return validation_split(groups, fraction, seed)


def _with_bias(features: NDArray[Any]) -> NDArray[np.float64]:
    return np.concatenate([features.astype(float), np.ones((*features.shape[:-1], 1))], axis=-1)
