"""Remembers for every process what a model's server has taught: parameters that it refuses, and its window."""

import logging
from dataclasses import replace

from django.db import DatabaseError

from langai_site.database.writer import in_database_thread
from langai_site.outbound import keeping, stored_quirks
from langai_site.outbound.types import ModelInfo, ProviderError

logger = logging.getLogger(__name__)


async def remember(model: ModelInfo) -> None:
    """Store how a model has to be asked. The answer does not depend on this."""
    logger.info("%s is asked differently from now on: %s", model.name, stored_quirks.words(model.quirks))
    try:
        await in_database_thread(keeping.remember, model.name, model.quirks)
    except DatabaseError:
        logger.exception("how %s is asked could not be stored", model.name)


async def remember_window(model: ModelInfo, error: ProviderError) -> None:
    """Store the window that the server named with `error`, if it is smaller than the one that is known."""
    if names_smaller_window(model, error):
        await remember(replace(model, quirks=replace(model.quirks, window=error.window)))


def names_smaller_window(model: ModelInfo, error: ProviderError) -> bool:
    """Return whether the model's server named a window with `error` that is news."""
    return bool(error.window) and (not model.context_window or error.window < model.context_window)
