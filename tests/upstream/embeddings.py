"""OpenAI's `/v1/embeddings`: texts that share words get vectors that are alike, the same each time.

What a model's name asks for, besides the failures in `plans.py`:

`e64`         vectors of 64 numbers (the default), until `POST /dimension {"numbers": …}` says otherwise for all.
`most8`       refuses more than 8 texts at once; `chars100` refuses a text of more than 100 characters.
`reversed`    the rows come in reverse order, with their index; `nested` puts each vector into a list of its own.
`long`        vectors of length 7; `nousage` sends no counts, `absurd` ones that cannot be; `d200` answers after 200 ms.
`bad-missing` lacks the last row; `bad-ragged`, `bad-zero`, `bad-words` and `bad-json` send what are no vectors.
"""

import asyncio
import hashlib
import json
import math
import re
from typing import Any

from aiohttp import web

from tests.upstream.wire import Body

TOO_LONG = {"error": {"message": "This model's maximum context length is 10, sk-upstream-saw-this"}}
TOO_MANY = {"error": "batch size > maximum allowed batch size, sk-upstream-saw-this"}


def number(name: str, letters: str, default: int) -> int:
    found = re.search(rf"(?:^|-){letters}(\d+)(?=-|$)", name)
    return int(found[1]) if found else default


def vector_of(text: str, dimension: int, length: float = 1.0) -> list[float]:
    """The sum of one pseudo-random direction for each word."""
    total = [0.0] * dimension
    for word in re.findall(r"\w+", text.lower()) or ["nothing"]:
        for at, byte in enumerate(hashlib.shake_256(word.encode()).digest(dimension)):
            total[at] += byte - 127.5
    scale = length / math.hypot(*total)
    return [value * scale for value in total]


def refusal(name: str, texts: list[str]) -> web.Response | None:
    if len(texts) > number(name, "most", 10**6):
        return web.json_response(TOO_MANY, status=422)
    if max(map(len, texts)) > number(name, "chars", 10**6):
        return web.json_response(TOO_LONG, status=400)
    return None


def rows_of(name: str, texts: list[str], dimension: int) -> list[dict[str, Any]]:
    length = 7.0 if "long" in name else 1.0
    vectors: list[Any] = [vector_of(text, dimension, length) for text in texts]
    if "bad-ragged" in name:
        vectors[-1] = vectors[-1][1:]
    elif "bad-zero" in name:
        vectors[-1] = [0.0] * dimension
    elif "bad-words" in name:
        vectors[-1] = ["no number"] * dimension
    if "nested" in name:
        vectors = [[vector] for vector in vectors]
    rows = [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(vectors)]
    if "bad-missing" in name:
        rows.pop()
    return rows[::-1] if "reversed" in name else rows


async def answered(body: Body, dimension: int) -> web.Response:
    """The whole answer of a model that does not fail; `dimension` 0: what the name says."""
    name, texts = str(body.get("model", "")).rsplit("/", 1)[-1], body["input"]
    await asyncio.sleep(number(name, "d", 0) / 1000)
    if (refused := refusal(name, texts)) is not None:
        return refused
    if "bad-json" in name:
        return web.Response(text="<html>not an answer", content_type="application/json")
    tokens = 10**30 if "absurd" in name else sum(len(text.split()) for text in texts)
    answer: dict[str, Any] = {
        "object": "list",
        "model": name,
        "data": rows_of(name, texts, dimension or number(name, "e", 64)),
    }
    if "nousage" not in name:
        answer["usage"] = {"prompt_tokens": tokens, "total_tokens": tokens}
    return web.Response(body=json.dumps(answer).encode(), content_type="application/json")
