"""A tiny real model in llama.cpp's file format, made on the spot: it says the words that it was made with."""

import struct
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

ALIGNMENT = 32
UNKNOWN, START, END = 0, 1, 2
NORMAL, UNKNOWN_TOKEN, CONTROL, BYTE = 1, 2, 3, 6
TRAINED_FOR = 4096
HEADS, LAYERS = 2, 1


def tiny_model(path: Path, words: Sequence[str] = ("The", "file", "answers."), *, endless: bool = False) -> Path:
    """Write a llama of one layer to `path` that answers everything with `words`; `endless`: again and again.

    Each token is one direction of its own, the layer adds nothing, and the output leads from a token to the next.
    """
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *(f"\u2581{word}" for word in words)]
    types = [UNKNOWN_TOKEN, CONTROL, CONTROL, *[BYTE] * 256, *[NORMAL] * len(words)]
    first = len(tokens) - len(words)
    width = -(-len(tokens) // 64) * 64
    after = dict.fromkeys(range(len(tokens)), first)
    after |= {number: number + 1 for number in range(first, len(tokens) - 1)}
    after[len(tokens) - 1] = first if endless else END
    facts = {
        "general.architecture": "llama",
        "general.name": "Tiny",
        "llama.context_length": TRAINED_FOR,
        "llama.embedding_length": width,
        "llama.block_count": LAYERS,
        "llama.feed_forward_length": 64,
        "llama.attention.head_count": HEADS,
        "llama.attention.head_count_kv": HEADS,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": width // HEADS,
        "llama.vocab_size": len(tokens),
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.scores": [0.0] * len(tokens),
        "tokenizer.ggml.token_type": types,
        "tokenizer.ggml.bos_token_id": START,
        "tokenizer.ggml.eos_token_id": END,
    }
    path.write_bytes(file_of(facts, _tensors(width, after)))
    return path


def _tensors(width: int, after: Mapping[int, int]) -> "dict[str, tuple[tuple[int, ...], array[float]]]":
    """Return each tensor's shape, its row's length first, and its numbers."""
    many, inner = len(after), 64
    square, wide = ((width, width), width * width), ((width, inner), width * inner)
    tensors = {
        "token_embd.weight": ((width, many), _matrix(width, {token: [token] for token in range(many)}, many)),
        "output_norm.weight": ((width,), array("f", [1.0] * width)),
        "output.weight": ((width, many), _matrix(width, _before(after), many)),
    }
    for layer in range(LAYERS):
        for name in ("attn_norm", "ffn_norm"):
            tensors[f"blk.{layer}.{name}.weight"] = ((width,), array("f", [1.0] * width))
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            tensors[f"blk.{layer}.{name}.weight"] = (square[0], array("f", bytes(4 * square[1])))
        for name in ("ffn_gate", "ffn_up"):
            tensors[f"blk.{layer}.{name}.weight"] = (wide[0], array("f", bytes(4 * wide[1])))
        tensors[f"blk.{layer}.ffn_down.weight"] = ((inner, width), array("f", bytes(4 * wide[1])))
    return tensors


def _before(after: Mapping[int, int]) -> dict[int, list[int]]:
    before: dict[int, list[int]] = {}
    for token, following in after.items():
        before.setdefault(following, []).append(token)
    return before


def _matrix(width: int, ones: Mapping[int, Sequence[int]], rows: int) -> "array[float]":
    numbers = array("f", bytes(4 * width * rows))
    for row, columns in ones.items():
        for column in columns:
            numbers[row * width + column] = 1.0
    return numbers


def file_of(
    facts: Mapping[str, object], tensors: "Mapping[str, tuple[tuple[int, ...], array[float]]]" = MappingProxyType({})
) -> bytes:
    """Return the bytes of a file with these facts and tensors."""
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(facts))
    head += b"".join(_text(name) + _value(value) for name, value in facts.items())
    data = b""
    for name, (shape, numbers) in tensors.items():
        head += _text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(data))
        data += _padded(numbers.tobytes())
    return _padded(head) + data


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: object) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", 8) + _text(value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    assert isinstance(value, list)
    if isinstance(value[0], int):
        return struct.pack(f"<IIQ{len(value)}i", 9, 5, len(value), *value)
    kind, *rest = _value(value[0])[:4], *(_value(item)[4:] for item in value)
    return struct.pack("<I", 9) + kind + struct.pack("<Q", len(value)) + b"".join(rest)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % ALIGNMENT)
