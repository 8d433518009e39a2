"""What is done in processes of their own, with the settings of the product under measurement."""

import asyncio
import json
import os
import sys
from typing import Any

from tests.live.server import LangAI
from tests.shared import OWN_SETTINGS, ROOT


async def _told(server: LangAI, *command: str) -> Any:
    """Run a module of tests.bench on the server's data; returns the JSON that it prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OWN_SETTINGS)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *command,
        cwd=ROOT,
        env=environment | {"DATA_DIR": str(server.data), **server.settings},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed")
    return json.loads(printed.splitlines()[-1])


async def people(server: LangAI, count: int) -> list[dict[str, str]]:
    return await _told(server, "tests.bench.seed", "people", str(count))


async def long_conversations(server: LangAI, count: int, messages: int) -> list[dict[str, str]]:
    """People with one conversation of that many messages each."""
    return await _told(server, "tests.bench.seed", "long", f"{count}x{messages}")


async def tree(server: LangAI, messages: int, branches: int) -> dict[str, str]:
    """A person with one conversation of that many messages in that many branches."""
    return (await _told(server, "tests.bench.seed", "tree", f"{messages}x{branches}"))[0]


async def documents(server: LangAI, *, readable: bool) -> int:
    """Let everyone read the handbook, or nobody; the number of its passages."""
    return await _told(server, "tests.bench.seed", "documents", "on" if readable else "off")


async def lane_share(server: LangAI, adapter: str, model: str, streams: int, rounds: int) -> float:
    """Milliseconds of processor time that reading 1,000 tokens takes: `adapter` is lane or litellm_adapter."""
    options = {"adapter": adapter, "model": model, "streams": streams, "rounds": rounds}
    command = ("tests.bench.lane_share", *(f"--{name}={value}" for name, value in options.items()))
    return float(await _told(server, *command))
