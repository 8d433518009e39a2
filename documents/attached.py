"""What the worker does with the files of people besides reading them: their label, and the copies of pictures."""

import base64
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import chain
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Greatest

from documents import limits
from documents.claims import Claim
from documents.extraction import sandbox
from documents.extraction.registry import FORMATS
from documents.extraction.types import Extracted, ExtractedPage
from documents.models import Document, Picture
from documents.names import split
from documents.services.files import drop
from langai_site import detectors
from langai_site.sensitivity import Sensitivity, highest
from search.models import Collection

READER = "documents.extraction.shown_picture"
# A picture of the longest edge, in base64, and its small copy.
PICTURE_CHARS = 16_000_000
SUFFIXES = {"image/png": "png", "image/jpeg": "jpg"}
# Of a scan with many pages, models are given the text.
NOT_SHOWN = {"image/tiff"}
# Characters that detectors get at once, so that the memory stays small; and how many of them the next part has again,
# so that nothing is cut in two: more than the longest secret or list that is recognised.
SCANNED_AT_ONCE, AGAIN = 500_000, 20_000


def is_attached(document: Document) -> bool:
    return document.collection.kind == Collection.Kind.ATTACHED


def is_own(document: Document) -> bool:
    """Return whether a person without any right over others brought the file, for themselves and some others."""
    return document.collection.kind in (Collection.Kind.OWN, Collection.Kind.REMOVED)


def is_picture(document: Document) -> bool:
    """Return whether models may be shown the file as a picture."""
    kind = FORMATS[split(document.file_name)[1].lower()].media_type
    return is_attached(document) and kind.startswith("image/") and kind not in NOT_SHOWN


def prepare(held: Claim, document: Document, extracted: Extracted, watch: Callable[[], object] = bool) -> None:
    """Label what a person brought by what is in it, before anything of it can be searched or sent.

    Until then it counts as confidential, as `services` store it. In a collection of one's own the label only rises, and
    the person cannot choose one below it later. `watch` is called before each part; an exception from it ends this.
    """
    if is_attached(document):
        found = label_of(extracted, document.file_name, watch)
        document.sensitivity = highest(found, document.found_label)
        # In the database, because a higher label may be stated for the same file at this moment.
        held.update(sensitivity=Greatest("found_label", Value(found.value)))
    elif is_own(document):
        found = label_of(extracted, f"{document.file_name} {document.imported_from}", watch)
        # In the database, because the person may raise it at this moment.
        held.update(sensitivity=Greatest("sensitivity", Value(found.value)), found_label=found)


def label_of(extracted: Extracted, name: str = "", watch: Callable[[], object] = bool) -> Sensitivity:
    """Return the label of what was read: the highest that the detectors find, or that of what nobody can search.

    Models are told the file's name, its title and what its pages are called as well, so these count, too.
    """
    is_readable = any(page.text.strip() for page in extracted.pages)
    label = Sensitivity[(settings.DEFAULT_SENSITIVITY if is_readable else settings.UNREADABLE_LABEL).upper()]
    texts = (text for page in extracted.pages for text in (page.label, page.text))
    for part in _parts(filter(None, chain((name, extracted.title), texts))):
        watch()
        label = highest(label, *(detection.label for detection in detectors.scan(part)))
        if label == max(Sensitivity):
            break
    return label


def _parts(texts: Iterable[str]) -> Iterator[str]:
    """Yield what is not blank of the pages' texts together in long parts, which overlap and end between two words."""
    kept = ""
    for text in texts:
        kept = f"{kept}\n\n{text}" if kept else text.lstrip()
        while len(kept) > SCANNED_AT_ONCE:
            end = _between_words(kept, SCANNED_AT_ONCE)
            yield kept[:end]
            kept = kept[_between_words(kept, end - AGAIN) :]
    if kept.strip():
        yield kept


def _between_words(text: str, place: int) -> int:
    """Return the last place up to `place` at which a line, or else a word, begins; `place` where there is none near."""
    near = max(0, place - AGAIN)
    return (text.rfind("\n", near, place) + 1) or (text.rfind(" ", near, place) + 1) or place


def store_picture(document: Document, watch: Callable[[], object]) -> None:
    """Store the copies of an attached picture that models and people see. Raises ExtractionError if it is damaged."""
    if Picture.objects.filter(document=document).exists():
        return
    kind = FORMATS[split(document.file_name)[1].lower()]
    allowed = limits.picture_limits(kind, document, PICTURE_CHARS)
    shown, small = sandbox.extract(Path(document.file.path), READER, allowed, watch).pages
    data = base64.b64decode(shown.text)
    picture = Picture(document=document, media_type=shown.label, sha256=sha256(data).hexdigest(), size=len(data))
    picture.file.save(f"picture.{SUFFIXES[shown.label]}", ContentFile(data), save=False)
    picture.thumbnail.save(_small_name(small), ContentFile(base64.b64decode(small.text)), save=False)
    _written(picture)


def _small_name(small: ExtractedPage) -> str:
    return f"small.{SUFFIXES[small.label]}"


def _written(picture: Picture) -> None:
    """Write the row; if the document was deleted meanwhile, delete the files, and let the worker find that out."""
    try:
        with transaction.atomic():
            picture.save(force_insert=True)
            Document.objects.select_for_update().get(pk=picture.document_id)
    except (IntegrityError, Document.DoesNotExist):
        drop([str(picture.file.name), str(picture.thumbnail.name)])
