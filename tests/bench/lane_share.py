"""The share of what reads the provider's answer: the same streams through that alone, in a process of their own.

Prints milliseconds.
"""

import argparse
import asyncio
import os
import time
from importlib import import_module

import django

from tests.bench.page import PROMPT


async def streams(adapter: str, name: str, count: int, rounds: int) -> float:
    """Milliseconds of processor time for 1,000 tokens."""
    from langai_site.outbound.endpoints import endpoint_of
    from langai_site.outbound.gate import Gate
    from langai_site.outbound.types import ChatCall, ChatMessage, ModelInfo, unchanging
    from langai_site.sensitivity import Sensitivity

    model = ModelInfo(name, name, name.partition("/")[0], hosted=False, ceiling=Sensitivity.CONFIDENTIAL)
    label, asked = Sensitivity.PUBLIC, (ChatMessage.of("user", PROMPT),)
    call = ChatCall(model, asked, label, max_tokens=4000, read_present=unchanging(label, model))

    def gate() -> Gate:
        return Gate(call.read_present, lambda _present: None)

    stream = import_module(f"langai_site.outbound.{adapter}").stream

    async def one() -> int:
        parts = [part async for part in stream(call, endpoint_of(name), gate())]
        # A token is a word of the answer, however many of them come at once.
        return len("".join(getattr(part, "text", "") for part in parts).split())

    await asyncio.gather(*(one() for _ in range(count)))
    before, tokens = time.process_time(), 0
    for _ in range(rounds):
        tokens += sum(await asyncio.gather(*(one() for _ in range(count))))
    return 1e6 * (time.process_time() - before) / tokens


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.lane_share")
    parser.add_argument("--adapter", choices=("lane", "litellm_adapter"), default="lane")
    parser.add_argument("--model", required=True)
    parser.add_argument("--streams", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "langai_site.settings")
    django.setup()
    print(asyncio.run(streams(options.adapter, options.model, options.streams, options.rounds)), flush=True)
    # LiteLLM's threads can hold up the interpreter's end.
    os._exit(0)


if __name__ == "__main__":
    main()
