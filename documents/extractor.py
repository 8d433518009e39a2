"""Lets a service at EXTRACTOR_URL read layout-heavy files: docling-serve's HTTP interface.

A file is sent, the service works on it, and LangAI asks every few seconds whether it is done. What comes back is
Markdown, which LangAI's own reader takes apart in the extraction process, because it is no more trusted than a file.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings

from documents.extraction import folders, sandbox
from documents.extraction.types import Extracted, ExtractionError, LimitReachedError, Limits
from documents.models import Document
from documents.names import split
from documents.sentences import SentenceTemplate, Value, said
from langai_site.outbound import bounds
from langai_site.outbound.endpoints import is_local
from langai_site.sensitivity import HIGHEST_FOR_HOSTED, Sensitivity
from langai_site.words import gettext_noop

# What layouts are lost in: pages, slides and pictures. Tables and mails are read better here.
SUFFIXES = frozenset(
    {".pdf", ".docx", ".docm", ".dotx", ".pptx", ".pptm", ".ppsx", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp"}
)
# A larger file is read here. Seconds of one request; those that the service may take to answer whether the file is
# read; and those between two such questions.
MOST_MB, REQUEST_SECONDS, WAIT_SECONDS, PAUSE_SECONDS = 100, 30.0, 2.0, 0.2
# UTF-8 and JSON may make so many bytes of a character.
BYTES_A_CHARACTER, OTHER_BYTES = 6, 1_000_000
CONVERT, POLL, RESULT = "/v1/convert/file/async", "/v1/status/poll/", "/v1/result/"
TOO_SLOW = gettext_noop("it was not done after %(seconds)s seconds")
SERVICE_TOO_SLOW = gettext_noop("The extraction service: it was not done after %(seconds)s seconds.")
PAGES = "documents.extraction.markdown_pages"


class ExtractorError(Exception):
    """The service did not read the file; its sentence says why, without any of the file's text."""

    def __init__(self, template: str | SentenceTemplate, **values: Value) -> None:
        self.sentence = said(template, **values)
        super().__init__(str(self.sentence))


def reads(document: Document) -> bool:
    """Return whether the service is set up, reads such files and may see this one."""
    suffix = split(document.file_name)[1].lower()
    return bool(settings.EXTRACTOR_URL) and suffix in SUFFIXES and document.size <= MOST_MB * 1024 * 1024


def ceiling() -> Sensitivity:
    """Return the highest label that the service may see: never confidential outside the building."""
    return Sensitivity.CONFIDENTIAL if is_local(settings.EXTRACTOR_URL) else HIGHEST_FOR_HOSTED


def read(document: Document, limits: Limits, watch: Callable[[], object]) -> Extracted:
    """Return what the service reads from the document's file. Raises ExtractorError if it cannot, or may not."""
    _admit(document)
    marker = f"page-{secrets.token_hex(8)}"
    markdown = _converted(document, marker, limits, watch)
    try:
        return _taken_apart(markdown, marker, limits, watch)
    except ExtractionError as error:
        raise ExtractorError(gettext_noop("its answer cannot be used. %(reason)s"), reason=error.sentence) from error


def _admit(document: Document) -> None:
    """Raise ExtractorError if the service may not see the document now: its label may have been raised meanwhile."""
    now = Document.objects.select_related("collection__holder").filter(pk=document.pk).first()
    if now is None or now.label > ceiling():
        raise ExtractorError(
            gettext_noop("it is not in the building, and this document's label forbids sending it out")
        )
    if now.collection.holder and not now.collection.holder.is_active:
        raise ExtractorError(gettext_noop("the account that this document belongs to was switched off"))


def _converted(document: Document, marker: str, limits: Limits, watch: Callable[[], object]) -> str:
    """Return the file as Markdown, its pages parted by lines with `marker`."""
    ends_at = time.monotonic() + limits.seconds
    most = BYTES_A_CHARACTER * limits.max_chars + OTHER_BYTES
    try:
        with _client(most) as client:
            task = _sent(client, document, marker, limits)
            while (status := _get(client, f"{POLL}{task}", wait=WAIT_SECONDS).get("task_status")) != "success":
                if status not in ("pending", "started"):
                    raise ExtractorError(gettext_noop("it could not read the file"))
                if time.monotonic() > ends_at:
                    raise _too_slow(limits)
                watch()
                time.sleep(PAUSE_SECONDS)
            return _markdown(_get(client, f"{RESULT}{task}"))
    except httpx.HTTPError as error:
        raise ExtractorError(gettext_noop("it does not answer (%(error)s)"), error=type(error).__name__) from error


def _too_slow(limits: Limits) -> Exception:
    """Return the error that lets the document be read again with more time, if it may have more."""
    if limits.is_first_try:
        return LimitReachedError(SERVICE_TOO_SLOW, seconds=str(limits.seconds))
    return ExtractorError(TOO_SLOW, seconds=str(limits.seconds))


def _client(most: int) -> httpx.Client:
    """Return a client that reads at most so many bytes, follows no redirect, and uses no proxy in the building."""
    key = settings.EXTRACTOR_API_KEY
    return httpx.Client(
        base_url=settings.EXTRACTOR_URL.rstrip("/"),
        headers={"X-Api-Key": key} if key else {},
        timeout=REQUEST_SECONDS,
        trust_env=not is_local(settings.EXTRACTOR_URL),
        follow_redirects=False,
        event_hooks=bounds.hooks(lambda: bounds.Bound(most, seconds=REQUEST_SECONDS)),
    )


def _sent(client: httpx.Client, document: Document, marker: str, limits: Limits) -> str:
    """Send the file, and return the id of the service's task. Its name is not sent, only its ending."""
    options = {
        "to_formats": "md",
        "image_export_mode": "placeholder",
        "md_page_break_placeholder": marker,
        "abort_on_error": "false",
        "document_timeout": str(limits.seconds),
    }

    def ask(event: str, info: Mapping[str, Any]) -> None:
        # Once more when a connection is held, which may have taken long. What asks a proxy for a tunnel has no file.
        if event == "http11.send_request_headers.started" and info["request"].method != b"CONNECT":
            _admit(document)

    with document.file.open("rb") as file:
        named = f"document{split(document.file_name)[1].lower()}"
        sent = client.post(CONVERT, data=options, files={"files": (named, file)}, extensions={"trace": ask})
        task = _answer(sent).get("task_id")
    if not isinstance(task, str) or not task.replace("-", "").isalnum():
        raise ExtractorError(gettext_noop("the server at that address is not docling-serve"))
    return task


def _get(client: httpx.Client, path: str, **query: float) -> dict[str, Any]:
    return _answer(client.get(path, params=query))


def _answer(response: httpx.Response) -> dict[str, Any]:
    if not response.is_success:
        raise ExtractorError(
            gettext_noop("it answers with status %(status_code)s"), status_code=str(response.status_code)
        )
    try:
        found = response.json()
    except (ValueError, RecursionError) as error:
        raise ExtractorError(gettext_noop("the server at that address is not docling-serve")) from error
    if not isinstance(found, dict):
        raise ExtractorError(gettext_noop("the server at that address is not docling-serve"))
    return found


def _markdown(result: dict[str, Any]) -> str:
    document = result.get("document")
    text = document.get("md_content") if isinstance(document, dict) else None
    if result.get("status") not in ("success", "partial_success") or not isinstance(text, str) or not text.strip():
        raise ExtractorError(gettext_noop("it found no text in the file"))
    return text


def _taken_apart(markdown: str, marker: str, limits: Limits, watch: Callable[[], object]) -> Extracted:
    with folders.opened() as folder:
        path = Path(folder, "pages.md")
        # JSON can have halves of characters, which no file can.
        path.write_text(f"{marker}\n{markdown}", "utf-8", errors="replace")
        return sandbox.extract(path, PAGES, replace(limits, encoding="utf-8"), watch)
