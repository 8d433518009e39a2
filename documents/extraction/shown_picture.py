"""Encodes a picture again, as models and people are shown it: upright, smaller, and without anything but its pixels.

What is hidden in a picture file (where it was taken, by which camera, earlier versions) stays behind. The result goes
through the same bounded output as text: the first page has the picture in base64, the second its small copy, and the
label of each is its media type.
"""

import base64
import io
import warnings
from pathlib import Path

from PIL import Image, ImageOps

from documents.extraction.pictures import DAMAGED, PHOTOGRAPHS, eight_bit, opened
from documents.extraction.types import Extracted, ExtractedPage, ExtractionError, Limits
from langai_site.words import gettext_noop

MOST_PIXELS = 40_000_000
# Pixels of the longest edge: more is shrunk by the providers as well.
LONGEST, SMALL = 1568, 320
# A picture of a screen is exact as a PNG; a larger one is a photograph after all.
MOST_PNG_BYTES = 1_500_000
QUALITY = 88
TOO_LARGE = gettext_noop("This picture has more than 40 million pixels. Save it smaller, then attach it again.")


def extract(path: Path, _limits: Limits) -> Extracted:
    with opened(path) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise ExtractionError(TOO_LARGE)
        photograph = picture.format in PHOTOGRAPHS
        try:
            shown = _pixels(picture)
        except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, ZeroDivisionError) as error:
            raise ExtractionError(DAMAGED) from error
    small = shown.copy()
    small.thumbnail((SMALL, SMALL))
    return Extracted("", (_encoded(shown, photograph), _encoded(small, photograph)))


def _pixels(picture: Image.Image) -> Image.Image:
    """Return the first frame, upright and no larger than models are shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if picture.format in PHOTOGRAPHS:
            picture.draft("RGB", (LONGEST, LONGEST))
        upright = eight_bit(ImageOps.exif_transpose(picture))
        clear = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
        # A new picture: `copy` and `convert` keep notes of the file, which PNG would write again.
        pixels = upright.convert("RGBA" if clear else "RGB")
    pixels.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    pixels.info = {}
    return pixels


def _encoded(picture: Image.Image, photograph: bool) -> ExtractedPage:
    if not photograph:
        data = _saved(picture, "PNG", optimize=True)
        if len(data) <= MOST_PNG_BYTES:
            return _page(data, "image/png")
    return _page(_saved(_on_white(picture), "JPEG", quality=QUALITY), "image/jpeg")


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper


def _saved(picture: Image.Image, kind: str, **options: int) -> bytes:
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def _page(data: bytes, media_type: str) -> ExtractedPage:
    return ExtractedPage(base64.b64encode(data).decode(), media_type)
