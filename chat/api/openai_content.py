"""The content of OpenAI's messages: texts, pictures and files. A client's parts are read, or refused with a reason."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, BeforeValidator
from pydantic_core import PydanticCustomError

from langai_site.errors import InvalidError
from langai_site.outbound.parts import Image

SOUND = "input_audio"
FILES = ("file", "input_file")
TEXTS = ("text", "refusal", "input_text", "output_text")
# What clients repeat of other providers' answers beside the text: thoughts, and calls that are in `tool_calls` too.
NOT_SAID = ("thinking", "redacted_thinking", "reasoning", "reasoning_content", "tool_use", "tool_call", "function_call")
PICTURES = ("image_url", "input_image")
# The first bytes of each kind of file that the providers read.
SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
DETAILS = ("", "auto", "low", "high", "original")
PICTURE_MAX_BYTES = 5 * 2**20


@dataclass(frozen=True)
class PictureUrl:
    """The address of a picture, as a client sent it, and how closely the model should look at it."""

    url: str
    detail: str = ""


@dataclass(frozen=True)
class SentPicture:
    """A picture with its bytes; `image` names them by their SHA-256."""

    image: Image
    data: bytes


@dataclass(frozen=True)
class SentFile:
    """A file as a client sent it: the id of one that it uploaded before, or a name with the bytes in base64."""

    file_id: str = ""
    name: str = ""
    data: str = field(default="", repr=False)


class TextPart(BaseModel):
    type: Literal["text"]
    text: str


class ImageUrl(BaseModel):
    url: str
    detail: Literal["auto", "low", "high", "original"] | None = None


class ImagePart(BaseModel):
    """A picture as a `data:` address, in PNG, JPEG, GIF or WebP."""

    type: Literal["image_url"]
    image_url: ImageUrl


class FileSource(BaseModel):
    """The `file_id` of a file sent to `/api/files`, or `file_data`: the bytes in base64, or as a `data:` address."""

    file_id: str | None = None
    filename: str | None = None
    file_data: str | None = None


class FilePart(BaseModel):
    type: Literal["file"]
    file: FileSource


ContentPart = str | PictureUrl | SentFile


def _parts(content: object) -> list[ContentPart] | None:
    """Return the parts of `content`, a text or a list of parts. Raises PydanticCustomError with an OpenAI code."""
    if content is None:
        return None
    if isinstance(content, str):
        return [content]
    if not isinstance(content, list):
        raise PydanticCustomError("invalid_type", "A message's content must be a text or a list of parts.")
    numbered = enumerate(content, start=1)
    return [_part(part, number) for number, part in numbered if not _is_kind(part, NOT_SAID)]


def _is_kind(part: object, kinds: tuple[str, ...]) -> bool:
    return isinstance(part, Mapping) and part.get("type") in kinds


def _part(part: object, number: int) -> ContentPart:
    if isinstance(part, str):
        return part
    kind = part.get("type") if isinstance(part, Mapping) else None
    where: dict[str, Any] = {"number": number}
    if isinstance(part, Mapping) and (kind in TEXTS or (kind is None and "text" in part)):
        text = part.get("refusal" if kind == "refusal" else "text")
        if text is None or isinstance(text, str):
            return text or ""
    if isinstance(part, Mapping) and kind in PICTURES:
        picture = part.get("image_url")
        # The Responses API has these fields in the part itself.
        fields = picture if isinstance(picture, Mapping) else {"url": picture, "detail": part.get("detail")}
        url, detail = fields.get("url"), fields.get("detail") or ""
        if detail not in DETAILS:
            words = "The detail of the picture in part {number} must be auto, low, high or original."
            raise PydanticCustomError("invalid_value", words, where)
        if isinstance(url, str):
            return PictureUrl(url, str(detail))
    if isinstance(part, Mapping) and kind in FILES and (file := _file(part)):
        return file
    if kind in FILES:
        words = "Part {number} of the content is a file without “file_id” and without “file_data”. Send one of them."
        raise PydanticCustomError("invalid_value", words, where)
    if kind == SOUND:
        words = "Part {number} of the content is a sound. Only texts, pictures and files can be sent here."
        raise PydanticCustomError("unsupported_value", words, where)
    words = (
        "Part {number} of the content is neither a text nor a picture. Send "
        '{{"type": "text", "text": "…"}} or {{"type": "image_url", "image_url": {{"url": "data:…"}}}}.'
    )
    raise PydanticCustomError("invalid_value", cast(Any, words.replace("{{", "{").replace("}}", "}")), where)


def _file(part: Mapping[str, object]) -> SentFile | None:
    """Return the file of a part: newer clients have its fields in the part itself."""
    inner = part.get("file")
    fields = inner if isinstance(inner, Mapping) else part
    file_id, name, data = (fields.get(key) or "" for key in ("file_id", "filename", "file_data"))
    if not all(isinstance(value, str) for value in (file_id, name, data)) or not (file_id or data):
        return None
    return SentFile(str(file_id), str(name), str(data))


Content = Annotated[
    list[Any] | None,
    BeforeValidator(_parts, json_schema_input_type=str | list[TextPart | ImagePart | FilePart] | None),
]


def text_of(content: list[ContentPart] | None) -> str:
    """Return the text of the parts; pictures and files have none."""
    return "".join(part for part in content or () if isinstance(part, str))


def picture_of(part: PictureUrl, param: str) -> SentPicture:
    """Return the picture in a `data:` address. Raises InvalidError, which names `param`."""
    head, comma, sent = part.url.strip().partition(",")
    if not head.lower().startswith("data:"):
        raise _refused(param, "LangAI does not load pictures from other addresses. Send it as a data: address.")
    if not comma or not head.lower().endswith(";base64"):
        raise _refused(param, "the data: address of a picture must be in base64.")
    if _size(sent) > PICTURE_MAX_BYTES:
        raise _refused(param, f"a picture may have {PICTURE_MAX_BYTES // 2**20} MiB. Send a smaller one.")
    data = _decoded(sent, "picture", param)
    media_type = _media_type(data)
    if not media_type:
        raise _refused(param, "the picture is neither PNG, JPEG, GIF nor WebP. Convert it and send it again.")
    return SentPicture(Image(sha256(data).hexdigest(), media_type, part.detail), data)


def bytes_of(file: SentFile, param: str) -> bytes:
    """Return the bytes that a client sent with a file. Raises InvalidError, which names `param`."""
    is_address = file.data[:5].lower() == "data:"
    return _decoded(file.data.partition(",")[2] if is_address else file.data, "file", param)


def _plain(sent: str) -> str:
    """Return base64 in one line and without padding: many encoders break lines, and some leave the padding out."""
    return "".join(sent.split()).rstrip("=")


def _size(sent: str) -> int:
    return len(_plain(sent)) * 3 // 4


def _decoded(sent: str, what: str, param: str) -> bytes:
    encoded = _plain(sent)
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise _refused(param, f"the {what} is not valid base64.") from None


def _media_type(data: bytes) -> str:
    """Return the media type by the file's first bytes; empty for any other kind."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in SIGNATURES.items() if data.startswith(start)), "")


def _refused(param: str, words: str) -> InvalidError:
    return InvalidError(f"Invalid '{param}': {words}", code="invalid_value", param=param)
