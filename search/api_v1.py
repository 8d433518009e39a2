"""OpenAI's API for embeddings."""

import base64
from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Field, Router, Schema
from ninja.params.functions import Header

from langai_site.accounts.doors import door, person_of
from langai_site.accounts.scopes import Scope
from langai_site.errors import MalformedError
from langai_site.web.api_errors import OpenAIErrorBody, documented
from langai_site.web.api_lists import Listed
from langai_site.web.labelled_body import LabelledBody
from langai_site.web.stated_labels import HEADER, HEADER_WORDS
from search.services import api_embeddings

router = Router(tags=["OpenAI"])
TEXTS_MAX = 128


class Embeddings(LabelledBody):
    """Texts to turn into vectors, in OpenAI's format."""

    model: str = Field(min_length=1, max_length=200, description="all-minilm-l6-v2, or what EMBEDDER names.")
    input: str | Listed[str]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(None, ge=1, description="Where it is given, it must be what the model has.")


class Vector(Schema):
    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class EmbeddingUsage(Schema):
    prompt_tokens: int
    total_tokens: int


class EmbeddingsOut(Schema):
    object: Literal["list"] = "list"
    data: list[Vector]
    model: str
    usage: EmbeddingUsage


@router.post(
    "/embeddings",
    auth=door(Scope.SEARCH),
    response={200: EmbeddingsOut} | documented(404, 413, 415, body=OpenAIErrorBody),
)
async def embeddings(
    request: HttpRequest,
    body: Embeddings,
    sensitivity: str = Header("", alias=HEADER, description=HEADER_WORDS),
) -> EmbeddingsOut:
    """Unit vectors of up to 128 texts, by the embedder that search uses or by MiniLM in the building."""
    label, texts = body.label(sensitivity), _texts(body.input)
    found = await api_embeddings.vectors_of(person_of(request), texts, model=body.model, label=label)
    if body.dimensions not in (None, found.vectors.shape[1]):
        raise MalformedError(
            f"dimensions: {body.model} has {found.vectors.shape[1]}, and no other.", param="dimensions"
        )
    rows = [
        Vector(index=index, embedding=_encoded(row, body.encoding_format)) for index, row in enumerate(found.vectors)
    ]
    usage = EmbeddingUsage(prompt_tokens=found.tokens, total_tokens=found.tokens)
    return EmbeddingsOut(data=rows, model=body.model, usage=usage)


def _texts(given: str | list[str]) -> list[str]:
    texts = [given] if isinstance(given, str) else given
    if not 0 < len(texts) <= TEXTS_MAX:
        raise MalformedError(f"input: send 1 to {TEXTS_MAX} texts.", param="input")
    if not all(0 < len(text) <= settings.MESSAGE_MAX_CHARS for text in texts):
        raise MalformedError(f"input: a text has 1 to {settings.MESSAGE_MAX_CHARS:,} characters.", param="input")
    return texts


def _encoded(vector: Any, encoding: str) -> list[float] | str:  # noqa: ANN401 - a row of an array
    return base64.b64encode(vector.astype("<f4").tobytes()).decode() if encoding == "base64" else vector.tolist()
