"""Stores what a model thinks while it thinks, for anyone who opens it, in any process."""

import asyncio

from chat.live import snapshots
from chat.live.reply import Live

# Seconds between two checks for new thoughts, and the characters of thoughts that are stored per second.
EVERY, PACE = 0.5, 100_000


async def keep_up(reply: Live) -> None:
    """Store the thoughts so far until it is cancelled; less often if they are long."""
    kept = reply.thinking.count
    while True:
        if reply.thinking.count != kept:
            kept, text = reply.thinking.count, reply.thinking.text
            await snapshots.keep_thinking(reply.reply, text)
            await asyncio.sleep(len(text) / PACE)
        await asyncio.sleep(EVERY)
