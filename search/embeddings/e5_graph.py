"""The layers of multilingual-e5-small as one ONNX graph that multiplies whole numbers of 8 bits.

The vectors of the words go in, so that the table of all words, which is two thirds of the model, stays in the file of
weights. One text goes in at a time: `DynamicQuantizeMatMul` scales activations by the largest of the whole input, so in
a batch the vector of a text would depend on the texts beside it (its cosine to itself falls to 0.994).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from search.embeddings.e5_weights import DIMENSION, EPSILON, HEADS, INNER, LAYERS, POSITIONS, Weights

if TYPE_CHECKING:
    from onnx import ModelProto

OPSET, IR_VERSION = 21, 10
FUSED = "com.microsoft"
# Weights of 7 bits: processors with AVX2 but without VNNI add two products in 16 bits, which 8 bits would overflow.
LEVELS = 63


class _Graph:
    """Collects nodes and the constants that they read; each method returns the name of what it added."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, array: np.ndarray) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, op: str, inputs: Sequence[str], *outputs: str, fused: bool = False, **attributes: Any) -> str:  # noqa: ANN401
        from onnx import helper

        domain = FUSED if fused else None
        self.nodes.append(helper.make_node(op, list(inputs), list(outputs), domain=domain, **attributes))
        return outputs[0]

    def linear(self, value: str, names: Sequence[str], width: int, output: str) -> str:
        """Add value @ weight.T + bias for the linear layers `names` side by side, each `width` wide."""
        dense = np.concatenate([self.weights.dense(f"{name}.w", width) for name in names])
        scales = np.abs(dense).max(axis=1) / LEVELS
        whole = np.rint(dense / scales[:, None]).astype(np.int8)
        bias = np.concatenate([self.weights.floats(f"{name}.b") for name in names])
        inputs = [
            value,
            self.constant(f"{output}.weight", whole.T),
            self.constant(f"{output}.scale", scales.astype(np.float32)),
            "",
            self.constant(f"{output}.bias", bias),
        ]
        return self.node("DynamicQuantizeMatMul", inputs, output, fused=True)

    def normalised(self, value: str, name: str, output: str) -> str:
        parameters = [self.constant(f"{name}.{part}", self.weights.floats(f"{name}.{part}")) for part in "wb"]
        return self.node("LayerNormalization", [value, *parameters], output, axis=-1, epsilon=EPSILON)

    def added(self, change: str, value: str, name: str, output: str) -> str:
        """Add the residual sum and its normalisation. SkipLayerNormalization does the same, more slowly on a CPU."""
        return self.normalised(self.node("Add", [change, value], f"{output}.sum"), name, output)


def _placed(graph: _Graph) -> str:
    """Add position and segment to the words, and normalise. A text is one segment: the first."""
    places = graph.weights.floats("emb.pos").reshape(POSITIONS, DIMENSION)
    places = places + graph.weights.floats("emb.type")[:DIMENSION]
    graph.node("Shape", ["words"], "length", start=1, end=2)
    span = [graph.constant("places", places), graph.constant("zero", np.array([0])), "length"]
    graph.node("Slice", span, "places.used")
    graph.node("Add", ["words", "places.used"], "placed")
    return graph.normalised("placed", "emb.ln", "hidden.0")


def _layer(graph: _Graph, hidden: str, number: int) -> str:
    name = f"l{number}"
    graph.linear(hidden, [f"{name}.{part}" for part in "qkv"], DIMENSION, f"{name}.qkv")
    parts = [f"{name}.query", f"{name}.key", f"{name}.value"]
    graph.node("Split", [f"{name}.qkv"], *parts, axis=-1, num_outputs=3)
    graph.node("MultiHeadAttention", parts, f"{name}.attended", fused=True, num_heads=HEADS)
    change = graph.linear(f"{name}.attended", [f"{name}.ao"], DIMENSION, f"{name}.attention")
    middle = graph.added(change, hidden, f"{name}.aln", f"{name}.middle")
    wide = graph.linear(middle, [f"{name}.fi"], INNER, f"{name}.wide")
    graph.node("Gelu", [wide], f"{name}.activated", fused=True)
    change = graph.linear(f"{name}.activated", [f"{name}.fo"], DIMENSION, f"{name}.narrow")
    return graph.added(change, middle, f"{name}.oln", f"hidden.{number + 1}")


def _pooled(graph: _Graph, hidden: str) -> None:
    """Add the mean over the tokens at unit length. The mean's divisor cancels out, so it is omitted."""
    graph.node("ReduceSum", [hidden, graph.constant("axis", np.array([1]))], "total", keepdims=0)
    graph.node("ReduceL2", ["total", "axis"], "norm", keepdims=1)
    graph.node("Div", ["total", "norm"], "embedding")


def build(weights: Weights) -> "ModelProto":
    """Build the model: float32 [1, tokens, 384] in, the vectors of the words; float32 [1, 384] out.

    Weights are unpacked one layer at a time, to keep the memory that this needs low.
    """
    from onnx import TensorProto, helper

    graph = _Graph(weights)
    hidden = _placed(graph)
    for number in range(LAYERS):
        hidden = _layer(graph, hidden, number)
    _pooled(graph, hidden)
    inputs = [helper.make_tensor_value_info("words", TensorProto.FLOAT, [1, "tokens", DIMENSION])]
    outputs = [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, DIMENSION])]
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "e5", inputs, outputs, graph.constants), opset_imports=opsets
    )
    model.ir_version = IR_VERSION
    return model
