"""Files as people upload them, good and bad."""

import io
from pathlib import Path

from fpdf import FPDF

from documents.extraction.types import Limits

LIMITS = Limits(memory_mb=1024, seconds=30, max_pages=100, max_chars=1_000_000)
PIXEL_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)


def pdf(*pages: str, password: str = "") -> bytes:
    """A PDF with a page for each text."""
    document = FPDF()
    document.set_font("helvetica", size=12)
    if password:
        document.set_encryption(owner_password="owner", user_password=password)
    for text in pages:
        document.add_page()
        document.multi_cell(0, 6, text)
    return bytes(document.output())


def scanned_pdf() -> bytes:
    """A PDF whose one page is a picture."""
    document = FPDF()
    document.add_page()
    document.image(io.BytesIO(PIXEL_PNG), w=100)
    return bytes(document.output())


def written(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path
