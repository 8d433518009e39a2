"""The content of OpenAI's messages, texts and pictures. A client's parts are read, or refused with a reason."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, BeforeValidator
from pydantic_core import PydanticCustomError

from langai_site.errors import InvalidError
from langai_site.outbound.parts import Image

FILES = ("input_audio", "file", "input_file")
TEXTS = ("text", "refusal", "input_text", "output_text")
PICTURES = ("image_url", "input_image")
# The first bytes of each kind of file that the providers read.
SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
PICTURE_MAX_BYTES = 5 * 2**20


@dataclass(frozen=True)
class PictureUrl:
    """The address of a picture, as a client sent it."""

    url: str


@dataclass(frozen=True)
class Picture:
    """A picture with its bytes; `image` names them by their SHA-256."""

    image: Image
    data: bytes


class TextPart(BaseModel):
    type: Literal["text"]
    text: str


class ImageUrl(BaseModel):
    url: str


class ImagePart(BaseModel):
    """A picture as a `data:` address, in PNG, JPEG, GIF or WebP."""

    type: Literal["image_url"]
    image_url: ImageUrl


ContentPart = str | PictureUrl


def _parts(content: object) -> list[ContentPart] | None:
    """Return the parts of `content`, a text or a list of parts. Raises PydanticCustomError with an OpenAI code."""
    if content is None:
        return None
    if isinstance(content, str):
        return [content]
    if not isinstance(content, list):
        raise PydanticCustomError("invalid_type", "A message's content must be a text or a list of parts.")
    return [_part(part, number) for number, part in enumerate(content, start=1)]


def _part(part: object, number: int) -> ContentPart:
    kind = part.get("type") if isinstance(part, Mapping) else None
    where: dict[str, Any] = {"number": number}
    if isinstance(part, Mapping) and kind in TEXTS:
        text = part.get("refusal" if kind == "refusal" else "text")
        if isinstance(text, str):
            return text
    if isinstance(part, Mapping) and kind in PICTURES:
        picture = part.get("image_url")
        url = picture.get("url") if isinstance(picture, Mapping) else picture
        if isinstance(url, str):
            return PictureUrl(url)
    if kind in FILES:
        words = "Part {number} of the content is a sound or a file. Only texts and pictures can be sent here."
        raise PydanticCustomError("unsupported_value", words, where)
    words = (
        "Part {number} of the content is neither a text nor a picture. Send "
        '{{"type": "text", "text": "…"}} or {{"type": "image_url", "image_url": {{"url": "data:…"}}}}.'
    )
    raise PydanticCustomError("invalid_value", cast(Any, words.replace("{{", "{").replace("}}", "}")), where)


Content = Annotated[
    list[Any] | None,
    BeforeValidator(_parts, json_schema_input_type=str | list[TextPart | ImagePart] | None),
]


def text_of(content: list[ContentPart] | None) -> str:
    """Return the text of the parts; pictures have none."""
    return "".join(part for part in content or () if isinstance(part, str))


def picture_of(part: PictureUrl, param: str) -> Picture:
    """Return the picture in a `data:` address. Raises InvalidError, which names `param`."""
    head, comma, sent = part.url.strip().partition(",")
    if not head.lower().startswith("data:"):
        raise _refused(param, "LangAI does not load pictures from other addresses. Send it as a data: address.")
    if not comma or not head.lower().endswith(";base64"):
        raise _refused(param, "the data: address of a picture must be in base64.")
    # Many encoders break lines, and some leave out the padding.
    encoded = "".join(sent.split()).rstrip("=")
    if len(encoded) * 3 // 4 > PICTURE_MAX_BYTES:
        raise _refused(param, f"a picture may have {PICTURE_MAX_BYTES // 2**20} MiB. Send a smaller one.")
    try:
        data = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise _refused(param, "the picture is not valid base64.") from None
    media_type = _media_type(data)
    if not media_type:
        raise _refused(param, "the picture is neither PNG, JPEG, GIF nor WebP. Convert it and send it again.")
    return Picture(Image(sha256(data).hexdigest(), media_type), data)


def _media_type(data: bytes) -> str:
    """Return the media type by the file's first bytes; empty for any other kind."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in SIGNATURES.items() if data.startswith(start)), "")


def _refused(param: str, words: str) -> InvalidError:
    return InvalidError(f"Invalid '{param}': {words}", code="invalid_value", param=param)
