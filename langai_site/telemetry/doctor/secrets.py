"""Lists secret settings and their files, and removes secrets from texts."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings

from langai_site.registry import DoctorFinding

NAMES = (
    "SECRET_KEY",
    "LANGAI_ADMIN_PASSWORD",
    "METRICS_TOKEN",
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "EMBEDDER_API_KEY",
    "WEAVIATE_API_KEY",
    "EXTRACTOR_API_KEY",
    "EMAIL_HOST_PASSWORD",
    "AUDIT_WEBHOOK_SECRET",
)
# Addresses that may have a password in them.
ADDRESSES = (
    *("REDIS_URL", "CHROMA_URL", "WEAVIATE_URL", "OPENAI_BASE_URL"),
    *("ANTHROPIC_BASE_URL", "OLLAMA_BASE_URL", "EMBEDDER_BASE_URL", "EXTRACTOR_URL"),
    "AUDIT_WEBHOOK",
)
IN_FILES = (*NAMES, *ADDRESSES, "DATABASE_URL", "EMAIL_URL")
# Anything shorter is too likely to be an ordinary word.
SHORTEST = 4
EVERYBODY = 0o007


def without_secrets(text: str) -> str:
    """Return `text` with every secret masked, in case a library has put one into an error."""
    for secret in sorted(set(_secrets()), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _secrets() -> Iterator[str]:
    values = [getattr(settings, name) for name in NAMES]
    values += [urlsplit(getattr(settings, name)).password for name in ADDRESSES]
    values += [settings.DATABASE.get("PASSWORD"), settings.LOCAL_MODEL_SERVER.key]
    for value in values:
        if value and len(value) >= SHORTEST:
            yield from (value, unquote(value))


def files() -> list[Path]:
    """Return the existing files with secrets, as far as settings name them."""
    named = [Path(os.environ[f"{name}_FILE"]) for name in IN_FILES if f"{name}_FILE" in os.environ]
    return [path for path in (settings.DATA_DIR / "secret_key", settings.BASE_DIR / ".env", *named) if path.is_file()]


def permissions() -> DoctorFinding:
    """Check that other accounts of this machine cannot read files with secrets."""
    found = files()
    if open_ones := [path for path in found if path.stat().st_mode & EVERYBODY]:
        names = ", ".join(str(path) for path in open_ones)
        return DoctorFinding("warn", f"every account of this machine can read {names}", f"chmod o= {names}")
    return DoctorFinding("ok", f"{len(found)} files, for their owners only" if found else "none in files")
