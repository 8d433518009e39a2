"""Opens pictures for text recognition: grey, upright as their camera noted, and of a size that is worth reading."""

import io
import warnings
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from documents.extraction.types import ExtractionError
from langai_site.words import gettext_noop

# Formats whose decoders are well kept; others, such as EPS, would start programs.
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "PPM")
# What cameras write: phones often put several pictures into a file, of which the first is the photograph.
PHOTOGRAPHS = ("JPEG", "MPO")
DAMAGED = gettext_noop("This picture is damaged, or not of a known type. Save it again as .png or .jpg.")
TOO_LARGE = gettext_noop("This picture has more than %(most)s million pixels. Save it smaller.")
# More is refused before it is unpacked; more than is read is shrunk.
MOST_MILLIONS, MOST_READ = 120, 25_000_000
# Pictures of screens have letters of 8 to 12 pixels; tesseract reads from about 20 on.
SMALL_SIDE, ENLARGED_PIXELS = 1500, 6_000_000
# Less than this shows no text: bullets, rules, spacers.
LEAST_WIDTH, LEAST_HEIGHT = 32, 12


def opened(source: Path | bytes) -> Image.Image:
    """Return a picture that is not unpacked yet. Raises ExtractionError if it is damaged or too large."""
    Image.MAX_IMAGE_PIXELS = None
    try:
        picture = Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ExtractionError(DAMAGED) from error
    if picture.width * picture.height > MOST_MILLIONS * 1_000_000:
        raise ExtractionError(TOO_LARGE, most=MOST_MILLIONS)
    return picture


def pages_of(picture: Image.Image, most: int) -> Iterator[Image.Image]:
    """Yield the pages of a TIFF, ready to be read; of other pictures, the first frame."""
    count = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
    for number in range(min(count, most)):
        yield _ready(picture, number)


def page_count(picture: Image.Image) -> int:
    try:
        return int(getattr(picture, "n_frames", 1)) if picture.format == "TIFF" else 1
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise ExtractionError(DAMAGED) from error


def is_tiny(picture: Image.Image) -> bool:
    return picture.width < LEAST_WIDTH or picture.height < LEAST_HEIGHT


def _ready(picture: Image.Image, number: int) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if number:
                picture.seek(number)
            if picture.width * picture.height > MOST_MILLIONS * 1_000_000:
                raise ExtractionError(TOO_LARGE, most=MOST_MILLIONS)
            if picture.format in PHOTOGRAPHS:
                scale = (MOST_READ / (picture.width * picture.height)) ** 0.5
                if scale < 1:
                    picture.draft("L", (int(picture.width * scale), int(picture.height * scale)))
            return sized(_grey(ImageOps.exif_transpose(picture)))
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, ZeroDivisionError) as error:
        raise ExtractionError(DAMAGED) from error


def _grey(picture: Image.Image) -> Image.Image:
    """Return it in grey, on white where it is transparent."""
    picture = eight_bit(picture)
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layers = picture.convert("LA")
        paper = Image.new("L", layers.size, 255)
        paper.paste(layers.getchannel("L"), mask=layers.getchannel("A"))
        return paper
    return picture.convert("L")


def eight_bit(picture: Image.Image) -> Image.Image:
    """Return a picture with 16 bits of grey with 8 of them: `convert` makes all but the darkest white."""
    if not picture.mode.startswith("I;16"):
        return picture
    grey = picture.convert("I").point(lambda value: value / 256).convert("L")
    # It names a grey of 16 bits.
    grey.info.pop("transparency", None)
    return grey


def sized(picture: Image.Image) -> Image.Image:
    """Return it in a size in which letters can be recognised."""
    pixels = max(1, picture.width * picture.height)
    if pixels > MOST_READ:
        return _scaled(picture, (MOST_READ / pixels) ** 0.5)
    if max(picture.size) < SMALL_SIDE:
        return _scaled(picture, min(2.5, (ENLARGED_PIXELS / pixels) ** 0.5))
    return picture


def _scaled(picture: Image.Image, scale: float) -> Image.Image:
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC)
