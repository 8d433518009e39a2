"""all-MiniLM-L6-v2 as one ONNX graph: token ids in, a unit vector for each text out.

The published weights come without a graph. This one uses onnxruntime's fused transformer operators, and
pools and normalises inside, so that nothing but the runtime is needed to embed.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from onnx import ModelProto

LAYERS, HEADS, DIMENSION, EPSILON = 6, 12, 384, 1e-12
OPSET, IR_VERSION = 18, 9
FUSED = "com.microsoft"

Weights = Mapping[str, np.ndarray]


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

    def weight(self, key: str) -> str:
        return self.constant(key, self.weights[key].astype(np.float32))

    def transposed(self, key: str) -> str:
        """Return a linear layer's weight transposed for MatMul: the checkpoint stores [out, in]."""
        return self.constant(key, self.weights[key].astype(np.float32).T)

    def node(self, op: str, inputs: list[str], *outputs: str, fused: bool = False, **attributes: Any) -> str:  # noqa: ANN401
        from onnx import helper

        domain = FUSED if fused else None
        self.nodes.append(helper.make_node(op, inputs, list(outputs), domain=domain, **attributes))
        return outputs[0]


def _embedded_tokens(graph: _Graph) -> str:
    """Add word, position and segment embeddings, summed and normalised. A text is one segment: all zeros."""
    from onnx import TensorProto

    graph.node("Cast", ["input_ids"], "ids", to=TensorProto.INT32)
    graph.node("Cast", ["attention_mask"], "mask", to=TensorProto.INT32)
    graph.node("Sub", ["ids", "ids"], "segments")
    tables = [
        graph.weight(f"embeddings.{key}")
        for key in (
            "word_embeddings.weight",
            "position_embeddings.weight",
            "token_type_embeddings.weight",
            "LayerNorm.weight",
            "LayerNorm.bias",
        )
    ]
    inputs = ["ids", "segments", *tables, "mask"]
    return graph.node("EmbedLayerNormalization", inputs, "hidden.0", "mask_index", fused=True, epsilon=EPSILON)


def _attention(graph: _Graph, hidden: str, layer: str) -> str:
    """Add self-attention. The fused operator expects the three projections side by side in one matrix."""
    parts = [f"{layer}attention.self.{part}" for part in ("query", "key", "value")]
    weight = np.concatenate([graph.weights[f"{part}.weight"].T for part in parts], axis=1)
    bias = np.concatenate([graph.weights[f"{part}.bias"] for part in parts])
    projections = [
        graph.constant(f"{layer}qkv.weight", weight.astype(np.float32)),
        graph.constant(f"{layer}qkv.bias", bias.astype(np.float32)),
    ]
    attended = graph.node("Attention", [hidden, *projections, "mask"], f"{layer}attended", fused=True, num_heads=HEADS)
    return graph.node(
        "MatMul", [attended, graph.transposed(f"{layer}attention.output.dense.weight")], f"{layer}attention"
    )


def _feed_forward(graph: _Graph, hidden: str, layer: str) -> str:
    widened = graph.node("MatMul", [hidden, graph.transposed(f"{layer}intermediate.dense.weight")], f"{layer}widened")
    bias = graph.weight(f"{layer}intermediate.dense.bias")
    activated = graph.node("BiasGelu", [widened, bias], f"{layer}activated", fused=True)
    return graph.node("MatMul", [activated, graph.transposed(f"{layer}output.dense.weight")], f"{layer}narrowed")


def _added_and_normalised(graph: _Graph, change: str, hidden: str, block: str, output: str) -> str:
    """Add the residual sum, with the bias of the block's last linear layer, then layer normalisation."""
    parameters = [graph.weight(f"{block}.{key}") for key in ("LayerNorm.weight", "LayerNorm.bias", "dense.bias")]
    inputs = [change, hidden, *parameters]
    return graph.node("SkipLayerNormalization", inputs, output, fused=True, epsilon=EPSILON)


def _pooled(graph: _Graph, hidden: str) -> str:
    """Add the mean over the real tokens, at unit length. The mean's divisor cancels out, so it is omitted."""
    from onnx import TensorProto

    tokens, last = graph.constant("axis.tokens", np.array([1])), graph.constant("axis.last", np.array([2]))
    graph.node("Cast", ["attention_mask"], "real", to=TensorProto.FLOAT)
    graph.node("Unsqueeze", ["real", last], "real.wide")
    graph.node("Mul", [hidden, "real.wide"], "kept")
    graph.node("ReduceSum", ["kept", tokens], "summed", keepdims=0)
    graph.node("ReduceL2", ["summed", tokens], "length", keepdims=1)
    return graph.node("Div", ["summed", "length"], "embedding")


def build(weights: Weights) -> "ModelProto":
    """Build the model from the checkpoint's tensors: int64 [batch, tokens] twice in, float32 [batch, 384] out."""
    from onnx import TensorProto, helper

    graph = _Graph(weights)
    hidden = _embedded_tokens(graph)
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}."
        change = _attention(graph, hidden, layer)
        middle = _added_and_normalised(graph, change, hidden, f"{layer}attention.output", f"{layer}middle")
        change = _feed_forward(graph, middle, layer)
        hidden = _added_and_normalised(graph, change, middle, f"{layer}output", f"hidden.{number + 1}")
    _pooled(graph, hidden)

    shape = ["batch", "tokens"]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("input_ids", "attention_mask")]
    outputs = [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", DIMENSION])]
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "minilm", inputs, outputs, graph.constants), opset_imports=opsets
    )
    model.ir_version = IR_VERSION
    return model
