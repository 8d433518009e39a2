"""Reads LiteLLM's list of prices, windows and abilities from the file in its package.

Nothing is fetched, and LiteLLM is not imported: that would take seconds and 160 MiB.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from langai_site.outbound.price_list import Row

FILE = "model_prices_and_context_window_backup.json"
# Of the hundred keys that a row can have, only these are read, so that the list takes 3 MiB instead of 20.
KEYS = ("litellm_provider", "mode", "max_input_tokens", "max_output_tokens", "max_tokens")
PREFIXES = ("input_cost_per_token", "output_cost_per_token", "cache_", "supports_")


@cache
def rows() -> Mapping[str, Row]:
    """Return the list by its models' names. Takes 50 ms the first time, so call it off the event loop."""
    package = find_spec("litellm")
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("LiteLLM is not installed")
    listed = json.loads((Path(package.submodule_search_locations[0]) / FILE).read_bytes())
    return {name: _kept(row) for name, row in listed.items() if "litellm_provider" in row}


def _kept(row: Row) -> Row:
    return {key: value for key, value in row.items() if value is not None and (key in KEYS or key.startswith(PREFIXES))}
