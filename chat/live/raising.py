"""Goes on raising conversations with the documents that they quote, and tells the pages that are open."""

import asyncio
import logging

from chat.conversations import label_rises
from chat.live import publishing
from langai_site.database.writer import apart, in_database_thread

logger = logging.getLogger(__name__)

EVERY = 1.0


async def keep_raising() -> None:
    """Do the steps of all rises, one a second, for as long as the web process lives: it knows the pages."""
    while True:
        try:
            # Nearly always there is nothing to do, and the writer's connection is open.
            for conversation in (
                await apart(label_rises.step) if await in_database_thread(label_rises.is_undone) else ()
            ):
                await publishing.publish(conversation, {"type": "label.rose"})
        except Exception:
            logger.exception("conversations could not be raised with a label")
        await asyncio.sleep(EVERY)
