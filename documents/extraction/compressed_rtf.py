"""Pure: unpacks the rich text (RTF) that Outlook packs in its mails, as Microsoft describes it in MS-OXRTFCP."""

import struct

PACKED, PLAIN = b"LZFu", b"MELA"
HEADER_BYTES = 16
MAX_BYTES = 20_000_000
# Texts refer to the last 4096 bytes of what was unpacked, and at first to these frequent words.
WINDOW = 4096
FIRST_WORDS = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n"
    b"\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


def unpacked(data: bytes) -> bytes:
    """Return the rich text. Raises ValueError if it is damaged or larger than MAX_BYTES."""
    if len(data) < HEADER_BYTES:
        raise ValueError
    size, kind = struct.unpack_from("<4xI4s", data)
    if size > MAX_BYTES or kind not in (PACKED, PLAIN):
        raise ValueError
    if kind == PLAIN:
        return data[HEADER_BYTES : HEADER_BYTES + size]
    return _unpacked(data, size)


def _unpacked(data: bytes, size: int) -> bytes:
    """Unpack runs of eight items: single bytes, and references to a place in the window, each marked by one bit."""
    text, position, first = bytearray(FIRST_WORDS), HEADER_BYTES, len(FIRST_WORDS)
    while position < len(data) and len(text) - first < size:
        marks, position = data[position], position + 1
        for bit in range(8):
            if not marks >> bit & 1:
                text += data[position : position + 1]
                position += 1
                continue
            if position + 2 > len(data):
                raise ValueError
            place, length = divmod(int.from_bytes(data[position : position + 2], "big"), 16)
            position += 2
            back = (len(text) - place) % WINDOW
            if not back:
                return bytes(text[first : first + size])
            if back > len(text):
                raise ValueError
            for _ in range(length + 2):
                text.append(text[-back])
    return bytes(text[first : first + size])
