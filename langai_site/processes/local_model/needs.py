"""Pure: about how much memory a model takes while it answers."""

from dataclasses import dataclass

from langai_site.processes.local_model.gguf import Description

# Tokens that are read at once; the likelihood of each word of the vocabulary is worked out for all of them.
BATCH = 512
BYTES_OF_A_LIKELIHOOD = 4
# Bytes of a number that is kept of an earlier token.
BYTES_KEPT = 2
# For what else llama.cpp computes with, and for LangAI's own processes.
REST = 768 * 2**20
# Where only some of the layers look at the whole context: which one of so many. 2 where nothing better is known.
WHOLE_EVERY = {"gemma3": 6, "gemma3n": 5, "cohere2": 4, "llama4": 4}


@dataclass(frozen=True)
class Room:
    """What a model is to have room for: tokens of one conversation, and answers at the same time."""

    context: int
    parallel: int


def memory(model: Description, file_bytes: int, room: Room) -> int:
    """Return bytes: the weights, what is kept of earlier tokens, and what is computed with. High rather than low."""
    vocabulary = model.lengths.get("tokenizer.ggml.tokens", 0) or model.number("vocab_size")
    return file_bytes + _kept(model, room) + BATCH * vocabulary * BYTES_OF_A_LIKELIHOOD + REST


def _kept(model: Description, room: Room) -> int:
    """Return the bytes of the keys and values of all tokens in all layers."""
    layers = model.number("block_count")
    heads = model.numbers("attention.head_count_kv") or model.numbers("attention.head_count")
    heads_of_all = sum(heads) if len(heads) == layers else max(heads, default=0) * layers
    width = model.number("embedding_length") // max(1, model.number("attention.head_count"))
    size = (model.number("attention.key_length") or width) + (model.number("attention.value_length") or width)
    bytes_of_a_token = heads_of_all * size * BYTES_KEPT
    return room.parallel * int(bytes_of_a_token * _tokens(model, room.context))


def _tokens(model: Description, context: int) -> float:
    """Return how many tokens a layer keeps on average."""
    if every := model.number("full_attention_interval"):
        return context / every
    window = model.number("attention.sliding_window")
    if not window or window >= context:
        return context
    every = WHOLE_EVERY.get(model.architecture, 2)
    return context / every + min(context, window + BATCH) * (1 - 1 / every)


def smaller(model: Description, file_bytes: int, room: Room, available: int) -> Room | None:
    """Return the largest part of `room` that fits, with fewer answers at a time before a shorter context."""
    if room.parallel > 1 and memory(model, file_bytes, Room(room.context, 1)) <= available:
        return Room(room.context, 1)
    for context in (16_384, 8192, 4096, 2048):
        if context < room.context and memory(model, file_bytes, Room(context, 1)) <= available:
            return Room(context, 1)
    return None
