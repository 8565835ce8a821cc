"""Builds the ONNX graph of a BERT-like encoder straight from its weights: in float32 to measure ranges, in int8 to run.

Input `ids` (int64, batch x length): texts of one length, special tokens included: no mask, no padding.
Output `vectors` (float32, batch x dimension), of unit length; or, for models with a head of their own on top, `states`
(float32, batch x length x dimension) and their `means` over a text's tokens (batch x dimension), not normalized, of one layer
or of several, one after another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assets.index.embedding.quantization import (
    OUTLIERS,
    Array,
    InputRange,
    InputScale,
    quantize_weight,
    quantize_weight_for,
    scale_input,
    split_input,
)

if TYPE_CHECKING:
    import onnx

_OPSET = 23
_IR_VERSION = 11
_CONTRIBUTED = {"MatMulIntegerToFloat"}
_ATTENTION = "attention.self"

RESULTS = frozenset({"vectors", "states", "means"})
"""What a graph gives out beside the inputs that are measured."""


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """`first_position` is the row of the position table that the first token uses; `pooling` is "mean" or "cls"."""

    layers: int
    heads: int
    epsilon: float
    first_position: int
    max_tokens: int
    pooling: str


@dataclass(frozen=True, slots=True)
class EncoderForm:
    """`states`: the layers, numbered from one, whose token states and their means are given out, rather than vectors where
    there is none. `measuring`: the float32 graph also gives
    out the input of every product. `outliers`: how many channels behind the activation stay in float32; None: all of them.
    """

    states: tuple[int, ...] = ()
    measuring: bool = True
    outliers: int | None = OUTLIERS


def build_encoder(
    weights: Mapping[str, Array],
    config: EncoderConfig,
    ranges: Mapping[str, InputRange] | None = None,
    form: EncoderForm = EncoderForm(),
    moments: Mapping[str, Array] | None = None,
) -> "onnx.ModelProto":
    """The float32 graph, which also gives out the input of every matrix product, under the names of `ranges`, unless its
    form says otherwise; or, with those measured, the int8 graph. With the second moments of the inputs, by the same names,
    its weights are rounded for them."""
    return _Encoder(weights, config, ranges, form, moments).build()


class _Encoder:
    def __init__(
        self,
        weights: Mapping[str, Array],
        config: EncoderConfig,
        ranges: Mapping[str, InputRange] | None,
        form: EncoderForm,
        moments: Mapping[str, Array] | None,
    ) -> None:
        self._weights = weights
        self._config = config
        self._ranges = ranges
        self._form = form
        self._moments = moments
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, Array] = {}
        self._measured: list[str] = []

    def build(self) -> "onnx.ModelProto":
        from onnx import TensorProto, helper, numpy_helper

        self._embed_words()
        wholes = [self._normalize("embeddings", "embeddings.LayerNorm", "encoder.layer.0.input")]
        for layer in range(self._config.layers):
            wholes.append(self._layer(f"encoder.layer.{layer}", f"encoder.layer.{layer + 1}.input", wholes[-1]))
        outputs = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in self._results(wholes).items()
        ]
        if self._ranges is None and self._form.measuring:
            outputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in self._measured]
        graph = helper.make_graph(
            self._nodes,
            "encoder",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "length"])],
            outputs,
            [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in self._constants.items()],
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)

    def _embed_words(self) -> None:
        positions = self._weights["embeddings.position_embeddings.weight"]
        positions = positions[self._config.first_position :][: self._config.max_tokens]
        # One sentence has one token type, so that its embedding belongs into the position table.
        positions = positions + self._weights["embeddings.token_type_embeddings.weight"][0]
        words = self._constant("words", self._weights["embeddings.word_embeddings.weight"])
        start = self._constant("start", np.array([0]))
        self._add("Shape", ["ids"], "length", start=1, end=2)
        self._add("Slice", [self._constant("positions", positions), start, "length", start], "position_vectors")
        self._add("Gather", [words, "ids"], "word_vectors")
        self._add("Add", ["word_vectors", "position_vectors"], "embeddings")

    def _layer(self, name: str, following: str, whole: str) -> str:
        """Adds a layer over `name`.input, whose unscaled form is `whole`; gives the unscaled form of `following`."""
        query, key, value = (f"{name}.{_ATTENTION}.{part}" for part in ("query", "key", "value"))
        context, active = f"{name}.context", f"{name}.active"
        attended, wide, narrow = (f"{name}.{part}.dense" for part in ("attention.output", "intermediate", "output"))
        self._linear(f"{name}.input", query, key)
        self._linear(f"{name}.input", value, divisors=self._factors(context))
        heads = self._config.heads
        self._add("Attention", [query, key, value], context, q_num_heads=heads, kv_num_heads=heads)
        self._linear(context, attended)
        self._add("Add", [attended, whole], f"{name}.attention.sum")
        whole = self._normalize(f"{name}.attention.sum", f"{name}.attention.output.LayerNorm", f"{name}.middle")
        self._linear(f"{name}.middle", wide)
        self._add("Gelu", [wide], active)
        self._linear_with_outliers(active, narrow)
        self._add("Add", [narrow, whole], f"{name}.sum")
        return self._normalize(f"{name}.sum", f"{name}.output.LayerNorm", following)

    def _normalize(self, source: str, name: str, target: str) -> str:
        """Adds a layer normalization that gives `target` as the next product wants it; returns its unscaled form."""
        factors = self._factors(target)
        gain, shift = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        if factors is not None:
            gain, shift = gain / factors, shift / factors
        parameters = [self._constant(f"{name}.gain", gain), self._constant(f"{name}.shift", shift)]
        self._add("LayerNormalization", [source, *parameters], target, epsilon=self._config.epsilon)
        if factors is None:
            return target
        return self._add("Mul", [target, self._constant(f"{target}.factors", factors)], f"{target}.whole")

    def _linear(self, source: str, *names: str, divisors: Array | None = None) -> None:
        """Adds the products of `source` with the named weights, divided by `divisors` column by column."""
        scale = self._scale(source)
        for name in names:
            weight, bias = self._weights[f"{name}.weight"].T, self._weights[f"{name}.bias"]
            if divisors is not None:
                weight, bias = weight / divisors, bias / divisors
            self._product(source, name, weight, bias, scale)

    def _linear_with_outliers(self, source: str, name: str) -> None:
        """Adds the product of `source` with the named weight, in which its few largest channels stay in float32."""
        weight, bias = self._weights[f"{name}.weight"].T, self._weights[f"{name}.bias"]
        if self._ranges is None or self._form.outliers is None:
            self._product(source, name, weight, bias, None)
            return
        outliers, scale = split_input(self._ranges[source], self._form.outliers)
        rest = weight.copy()
        rest[outliers] = 0
        self._product(source, f"{name}.rest", rest, bias, scale)
        indices = self._constant(f"{name}.outliers", outliers)
        self._add("Gather", [source, indices], f"{source}.outliers", axis=-1)
        large = self._constant(f"{name}.outlier_weight", weight[outliers])
        self._add("MatMul", [f"{source}.outliers", large], f"{name}.large")
        self._add("Add", [f"{name}.rest", f"{name}.large"], name)

    def _product(self, source: str, name: str, weight: Array, bias: Array, scale: InputScale | None) -> None:
        offset = self._constant(f"{name}.bias", bias)
        if scale is None:
            if source not in self._measured:
                self._measured.append(source)
            self._add("MatMul", [source, self._constant(f"{name}.weight", weight)], f"{name}.product")
            self._add("Add", [f"{name}.product", offset], name)
            return
        step = self._constant(f"{source}.step", np.array(scale.step, np.float32))
        zero = self._constant(f"{source}.zero", np.array(scale.zero, np.uint8))
        stored = f"{source}.stored"
        if all(node.output[0] != stored for node in self._nodes):
            self._add("QuantizeLinear", [source, step, zero], stored)
        scaled = weight * scale.factors[:, None]
        if self._moments is None:
            matrix, column_scales = quantize_weight(scaled)
        else:
            moments = self._moments[source] / np.outer(scale.factors, scale.factors)
            matrix, column_scales = quantize_weight_for(scaled, moments)
        product = [self._constant(f"{name}.weight", matrix), step, self._constant(f"{name}.scales", column_scales)]
        # The empty name is the weights' zero point: they are symmetric.
        self._add("MatMulIntegerToFloat", [stored, *product, zero, "", offset], name)

    def _consumers(self, source: str) -> list[str]:
        """The weights that an input is multiplied with; none after the last layer."""
        name, _, part = source.rpartition(".")
        dense = {"context": "attention.output.dense", "middle": "intermediate.dense"}
        if part in dense:
            return [f"{name}.{dense[part]}"]
        names = [f"{name}.{_ATTENTION}.{target}" for target in ("query", "key", "value")]
        return [target for target in names if f"{target}.weight" in self._weights]

    def _factors(self, source: str) -> Array | None:
        scale = self._scale(source)
        return None if scale is None else scale.factors

    def _scale(self, source: str) -> InputScale | None:
        """None in float32, and for the last layer's output, which nothing is multiplied with."""
        consumers = self._consumers(source)
        if self._ranges is None or not consumers:
            return None
        return scale_input(self._ranges[source], [self._weights[f"{name}.weight"].T for name in consumers])

    def _results(self, wholes: list[str]) -> dict[str, list[str]]:
        """Adds what is given out; returns its names with their shapes."""
        whole = wholes[-1]
        if self._form.states:
            self._add("Concat", [wholes[layer] for layer in self._form.states], "states", axis=-1)
            self._sum("states")
            self._add("Cast", ["length"], "tokens", to=1)
            self._add("Div", ["pooled", "tokens"], "means")
            return {"states": ["batch", "length", "dimension"], "means": ["batch", "dimension"]}
        if self._config.pooling == "cls":
            self._add("Gather", [whole, self._constant("first", np.array(0))], "pooled", axis=1)
        else:
            self._sum(whole)
        self._add("LpNormalization", ["pooled"], "vectors", axis=-1, p=2)
        return {"vectors": ["batch", "dimension"]}

    def _sum(self, whole: str) -> None:
        from onnx import numpy_helper

        # A product with ones sums a text in the same order in every batch, which ReduceSum does not.
        one = numpy_helper.from_array(np.ones(1, np.float32))
        self._add("ConstantOfShape", ["length"], "ones", value=one)
        self._add("MatMul", ["ones", whole], "pooled")

    def _constant(self, name: str, value: Array) -> str:
        self._constants[name] = value
        return name

    def _add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        domain = "com.microsoft" if kind in _CONTRIBUTED else ""
        self._nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes))
        return output
