"""The configuration file that `chroma run` is started with."""

import json
from pathlib import Path
from typing import Any

# Chroma remembers what it knows of this many collections for so many seconds. Without it, each call reads that from
# its SQLite database, which takes longer than comparing the vectors of a small collection.
COLLECTIONS, SECONDS = 10_000, 60


def configuration(*, host: str, port: int, path: Path) -> dict[str, Any]:
    """Return the settings of a Chroma that listens there and keeps its files in `path`."""
    return {
        "listen_address": host,
        "port": port,
        "persist_path": str(path),
        # What RUST_LOG names goes to standard output. Otherwise Chroma writes nothing at all, not even errors.
        "stdout_tracing": True,
        "collections_with_segments_provider": {
            "cache": {"memory": {"capacity": COLLECTIONS}},
            "cache_ttl_secs": SECONDS,
            # How many collections it looks up at once: Chroma's own default, which may not be left out.
            "permitted_parallelism": 180,
        },
    }


def written(file: Path, *, host: str, port: int, path: Path) -> Path:
    """Write the configuration to `file`, as JSON, which is YAML as well; return it."""
    file.write_text(json.dumps(configuration(host=host, port=port, path=path), indent=2))
    return file
