"""Builds the ONNX graph of a BERT-like encoder straight from its weights: in float32 to calibrate, in int8 to run.

Input `ids` (int64, batch x length): texts of one length, special tokens included, so that no mask and no padding exists.
Output `vectors` (float32, batch x dimension), of unit length.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

Array = NDArray[Any]
Ranges = Mapping[str, tuple[Array, Array]]

_OPSET = 23
_IR_VERSION = 11
_LEVELS = 255


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """`first_position` is the row of the position table that the first token uses."""

    layers: int
    heads: int
    epsilon: float
    first_position: int
    max_tokens: int
    pooling: str


@dataclass(slots=True)
class _Graph:
    nodes: list["onnx.NodeProto"] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)

    def constant(self, name: str, value: Array) -> str:
        self.constants.setdefault(name, np.ascontiguousarray(value))
        return name

    def add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        domain = "com.microsoft" if kind == "MatMulIntegerToFloat" else ""
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes))
        return output


def build_encoder(
    weights: Mapping[str, Array], config: EncoderConfig, ranges: Ranges | None = None
) -> "onnx.ModelProto":
    """The float32 graph, which also gives out the input of every matrix product; or, with the `ranges` of those inputs,
    the int8 graph: weights with a scale a column, inputs with one fixed scale, so that no text touches another's vector."""
    graph = _Graph()
    hidden = _embed(graph, weights, config)
    inputs: list[str] = []
    for layer in range(config.layers):
        hidden = _layer(graph, weights, config, ranges, f"encoder.layer.{layer}", hidden, inputs)
    _pool(graph, config, hidden)
    return _model(graph, weights["embeddings.word_embeddings.weight"].shape[1], [] if ranges else inputs)


def _embed(graph: _Graph, weights: Mapping[str, Array], config: EncoderConfig) -> str:
    # One sentence has one token type, so that its embedding belongs into the position table.
    positions = weights["embeddings.position_embeddings.weight"][config.first_position :][: config.max_tokens]
    if "embeddings.token_type_embeddings.weight" in weights:
        positions = positions + weights["embeddings.token_type_embeddings.weight"][0]
    words = graph.constant("words", weights["embeddings.word_embeddings.weight"])
    graph.add("Shape", ["ids"], "length", start=1, end=2)
    start, axis = graph.constant("zero", np.array([0])), graph.constant("axis", np.array([0]))
    graph.add("Slice", [graph.constant("positions", positions), start, "length", axis], "position_vectors")
    graph.add("Gather", [words, "ids"], "word_vectors")
    graph.add("Add", ["word_vectors", "position_vectors"], "embedded")
    return _normalize(graph, weights, config, "embeddings.LayerNorm", "embedded")


def _layer(
    graph: _Graph,
    weights: Mapping[str, Array],
    config: EncoderConfig,
    ranges: Ranges | None,
    name: str,
    hidden: str,
    inputs: list[str],
) -> str:
    def linear(source: str, *parts: str) -> list[str]:
        inputs.append(source)
        return [_linear(graph, weights, ranges, source, f"{name}.{part}") for part in parts]

    query, key, value = linear(hidden, *(f"attention.self.{part}" for part in ("query", "key", "value")))
    heads = {"q_num_heads": config.heads, "kv_num_heads": config.heads}
    context = graph.add("Attention", [query, key, value], f"{name}.context", **heads)
    (attended,) = linear(context, "attention.output.dense")
    graph.add("Add", [attended, hidden], f"{name}.attention.sum")
    hidden = _normalize(graph, weights, config, f"{name}.attention.output.LayerNorm", f"{name}.attention.sum")
    (wide,) = linear(hidden, "intermediate.dense")
    graph.add("Gelu", [wide], f"{name}.active")
    (narrow,) = linear(f"{name}.active", "output.dense")
    graph.add("Add", [narrow, hidden], f"{name}.sum")
    return _normalize(graph, weights, config, f"{name}.output.LayerNorm", f"{name}.sum")


def _linear(
    graph: _Graph, weights: Mapping[str, Array], ranges: Ranges | None, source: str, name: str
) -> str:
    weight = weights[f"{name}.weight"].T
    bias = graph.constant(f"{name}.bias", weights[f"{name}.bias"])
    if ranges is None:
        graph.add("MatMul", [source, graph.constant(f"{name}.weight", weight)], f"{name}.product")
        return graph.add("Add", [f"{name}.product", bias], name)
    low, high = ranges[source]
    step = np.float32((high - low) / _LEVELS)
    scale = graph.constant(f"{source}.scale", np.array(step))
    zero = graph.constant(f"{source}.zero", np.array(round(-low / float(step)), np.uint8))
    if f"{source}.int8" not in {node.output[0] for node in graph.nodes[-4:]}:
        graph.add("QuantizeLinear", [source, scale, zero], f"{source}.int8")
    columns = np.maximum(np.abs(weight).max(axis=0), np.finfo(np.float32).tiny) / np.float32(127)
    matrix = graph.constant(f"{name}.weight", np.rint(weight / columns).astype(np.int8))
    column_scale = graph.constant(f"{name}.scale", columns.astype(np.float32))
    return graph.add("MatMulIntegerToFloat", [f"{source}.int8", matrix, scale, column_scale, zero, "", bias], name)


def _normalize(graph: _Graph, weights: Mapping[str, Array], config: EncoderConfig, name: str, source: str) -> str:
    gain, shift = (graph.constant(f"{name}.{part}", weights[f"{name}.{part}"]) for part in ("weight", "bias"))
    return graph.add("LayerNormalization", [source, gain, shift], name, epsilon=config.epsilon)


def _pool(graph: _Graph, config: EncoderConfig, hidden: str) -> None:
    if config.pooling == "cls":
        graph.add("Gather", [hidden, graph.constant("first", np.array(0))], "pooled", axis=1)
    else:
        graph.add("ReduceMean", [hidden, graph.constant("tokens", np.array([1]))], "pooled", keepdims=0)
    graph.add("LpNormalization", ["pooled"], "vectors", axis=-1, p=2)


def _model(graph: _Graph, dimension: int, extra_outputs: list[str]) -> "onnx.ModelProto":
    from onnx import TensorProto, helper, numpy_helper

    outputs = [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", dimension])]
    outputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in dict.fromkeys(extra_outputs)]
    onnx_graph = helper.make_graph(
        graph.nodes,
        "encoder",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "length"])],
        outputs,
        [numpy_helper.from_array(value, name) for name, value in graph.constants.items()],
    )
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(onnx_graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="")
