"""Compiles the translations into DATA_DIR, where Django reads them: the code may be read-only, and has only sources."""

import hashlib
import os
import tempfile
from pathlib import Path

import polib
from django.conf import settings

SOURCES = settings.BASE_DIR / "langai_site" / "locale"


def setup_step() -> str:
    """Compile all languages if a source changed since the last time, and return a line about it.

    Several processes may do so at once: each file is replaced in one step, and they all write the same.
    """
    stamp, fingerprint = settings.DATA_DIR / "locale.fingerprint", _fingerprint()
    is_there = all(_compiled(source).exists() for source in _sources())
    if is_there and stamp.exists() and stamp.read_text() == fingerprint:
        return ""
    for source in _sources():
        _replace(_compiled(source), polib.pofile(str(source)).to_binary())
    _replace(stamp, fingerprint.encode())
    return "Translations compiled."


def _sources() -> list[Path]:
    return sorted(SOURCES.glob("*/LC_MESSAGES/django.po"))


def _compiled(source: Path) -> Path:
    return Path(settings.COMPILED_CATALOGUES / source.relative_to(SOURCES)).with_suffix(".mo")


def _fingerprint() -> str:
    digest = hashlib.sha256(polib.__version__.encode())
    for source in _sources():
        digest.update(f"{source.relative_to(SOURCES)}\0".encode() + source.read_bytes())
    return digest.hexdigest()


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, written = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(written, path)
