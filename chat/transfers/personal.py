"""Adds to an export what LangAI stores about its person besides conversations: settings, use, files of their own."""

import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from langai_site import stored_data
from langai_site.accounts import personal_data

CHUNK = 256 * 1024


def add(archive: zipfile.ZipFile, user_id: int, beat: Callable[[], object]) -> int:
    """Write a JSON file for each table with rows about the person, and their own files; return how many files."""
    return _add_tables(archive, user_id, beat) + _add_files(archive, user_id, beat)


def _add_tables(archive: zipfile.ZipFile, user_id: int, beat: Callable[[], object]) -> int:
    count = 0
    for table in personal_data.tables(user_id):
        rows = table.rows()
        if (first := next(rows, None)) is None:
            continue
        with archive.open(f"account/{table.name}.json", "w", force_zip64=True) as entry:
            entry.write(f"[{json.dumps(first, ensure_ascii=False)}".encode(errors="replace"))
            for row in rows:
                entry.write(f",\n{json.dumps(row, ensure_ascii=False)}".encode(errors="replace"))
                beat()
            entry.write(b"]\n")
        count += 1
    return count


def _add_files(archive: zipfile.ZipFile, user_id: int, beat: Callable[[], object]) -> int:
    found = [pair for read in stored_data.personal_files for pair in read(user_id)]
    return sum(_added(archive, name, path, beat) for name, path in found)


def _added(archive: zipfile.ZipFile, name: str, path: Path, beat: Callable[[], object]) -> bool:
    """Return whether the file is still there."""
    with suppress(FileNotFoundError), path.open("rb") as source:
        with archive.open(name, "w", force_zip64=True) as entry:
            while data := source.read(CHUNK):
                entry.write(data)
                beat()
        return True
    return False
