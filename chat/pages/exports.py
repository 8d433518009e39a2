"""Exports many conversations as one ZIP file of Markdown."""

import zipfile
from collections.abc import Sequence
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.text import slugify

from chat.conversations import branches, export, ordering
from chat.models import Conversation
from chat.pages import drawing
from langai_site.accounts.models import User
from langai_site.accounts.session import as_user
from langai_site.errors import InvalidError

# Bytes of the file: it is held in memory while it is sent.
MOST_BYTES = 50_000_000
# Messages read in one job.
AT_ONCE = 25


async def exported(request: HttpRequest, ids: Sequence[UUID]) -> HttpResponse:
    """Return the person's conversations with these ids as a ZIP file, one Markdown file for each.

    Raises InvalidError if that would be too large, and NotFoundError if none of them is theirs.
    """
    rows = await as_user(request, _chosen, ids)
    with TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for row in rows:
                await _add(archive, row)
                if file.tell() > MOST_BYTES:
                    raise InvalidError("These conversations are too long for one file. Choose fewer of them.")
        content = await drawing.off_loop(_content, file)
    name = f"conversations-{timezone.localdate():%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type="application/zip", headers=headers)


def _chosen(user: User, ids: Sequence[UUID]) -> list[Conversation]:
    return ordering.chosen(user.id, ids)


async def _add(archive: zipfile.ZipFile, row: Conversation) -> None:
    """Write one conversation into the file, in jobs that take turns with other people's pages."""
    ids = await drawing.off_loop(branches.ids, row)
    with archive.open(_name(row), "w") as entry:
        await drawing.off_loop(entry.write, f"{export.heading(row)}\n".encode())
        for some in branches.chunks(ids, AT_ONCE):
            await drawing.off_loop(_write, entry, some)


def _write(entry: IO[bytes], ids: Sequence[UUID]) -> None:
    entry.write(f"\n{export.markdown(branches.read(ids))}\n".encode())


def _name(row: Conversation) -> str:
    """Return a file name that is unique, sorts by day, and that every system can store."""
    title = slugify(row.title, allow_unicode=True)[:50].strip("-") or "conversation"
    return f"{timezone.localdate(row.created_at):%Y-%m-%d} {title} {str(row.id)[:8]}.md"


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()
