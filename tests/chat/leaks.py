"""What left and what might: texts with a marker each, their labels, and the calls that an upstream recorded."""

import json
import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from chat.turns.prompts import CONTINUE
from langai_site.accounts.models import User
from langai_site.outbound.types import ModelInfo
from langai_site.sensitivity import HIGHEST_FOR_HOSTED, Sensitivity
from search.models import Collection, Source
from search.services import index
from search.types import PageText, SourceInfo, TextSpan
from tests.upstream import Upstream

PROVIDERS = {"/v1/chat/completions": "hosted_vllm", "/v1/messages": "anthropic", "/api/chat": "ollama_chat"}
# What the upstream answers is in the name. Those of anthropic count as elsewhere; of Ollama's, the last two.
NAMES = (
    *("hosted_vllm/echo", "hosted_vllm/fail-broken", "hosted_vllm/fail-cut-t9"),
    *("anthropic/echo", "anthropic/t3", "anthropic/fail-busy", "anthropic/fail-cut-t9"),
    *("ollama_chat/t4", "ollama_chat/t4-remote", "ollama_chat/t4-cloud"),
)
MARKER = re.compile(r"zq\d+qz")
PASSAGE = re.compile(r"<passage .*?</passage>", re.DOTALL)
# Every question and every document is about this.
TOPIC = "harbour"


def is_outside(name: str) -> bool:
    return name.startswith("anthropic/") or name.endswith(("-remote", "-cloud"))


def may_see(model: ModelInfo) -> Sensitivity:
    """By its address alone, whatever the catalogue takes the model for."""
    if is_outside(model.name):
        return min(model.ceiling, HIGHEST_FOR_HOSTED) if model.hosted else Sensitivity.PUBLIC
    return Sensitivity.CONFIDENTIAL if model.hosted else model.ceiling


class Markers:
    """Words that stand in one text each."""

    def __init__(self) -> None:
        self._made = 0

    def new(self) -> str:
        self._made += 1
        return f"zq{self._made}qz"


def markers_of(text: str) -> set[str]:
    return set(MARKER.findall(text))


@dataclass(frozen=True)
class Call:
    """A completion that was asked for: the model's name, the whole text, and the passages that were found for it."""

    model: str
    text: str
    passages: str

    @property
    def found(self) -> set[str]:
        return markers_of(self.passages)

    @property
    def said(self) -> set[str]:
        return markers_of(self.text.replace(self.passages, "")) if self.passages else markers_of(self.text)


def calls(upstream: Upstream) -> list[Call]:
    """The completions that were asked for since the last time; everything else that was sent has no marker."""
    requests = upstream.requests()
    upstream.reset()
    chats = [request for request in requests if request["path"] in PROVIDERS]
    assert not markers_of(str([request["raw"] for request in requests if request not in chats]))
    return [call_of(request) for request in chats]


def call_of(request: Mapping[str, str]) -> Call:
    """A completion as the upstream recorded it."""
    return _call(request["path"], json.loads(request["body"]))


def _call(path: str, body: Mapping[str, Any]) -> Call:
    asked = [text for role, text in map(_message, body["messages"]) if role == "user" and text != CONTINUE][-1]
    # What answers repeat has the form of a passage as well: only the question's own are passages.
    passages = "\n\n".join(PASSAGE.findall(asked))
    whole = "\n".join(text for _role, text in map(_message, body["messages"]))
    return Call(f"{PROVIDERS[path]}/{body['model']}", whole, passages)


def _message(message: Mapping[str, Any]) -> tuple[str, str]:
    content = message["content"]
    return message["role"], content if isinstance(content, str) else "".join(part["text"] for part in content)


@dataclass(frozen=True)
class Document:
    """A document of one passage that has the marker."""

    title: str
    marker: str
    source: UUID
    collection: int


def _by_label(labels: Iterable[int], keys: Iterable[Any]) -> Iterable[tuple[int, list[Any]]]:
    """Each label with the keys of the rows that get it, so that one update gives it to all of them."""
    found: dict[int, list[Any]] = {}
    for key, label in zip(keys, labels, strict=True):
        found.setdefault(label, []).append(key)
    return found.items()


class Library:
    """Three collections of three documents on one topic; the last collection is nobody's. Found by words alone."""

    def __init__(self, reader: User, markers: Markers) -> None:
        self.collections = [Collection.objects.create(name=name) for name in ("Quays", "Ships", "Vault")]
        for collection in self.collections[:2]:
            collection.users.add(reader)
        self.documents = [_added(collection, at, markers.new()) for collection in self.collections for at in range(3)]

    @property
    def hidden(self) -> set[str]:
        return {document.marker for document in self.documents[6:]}

    def label(self, collections: Iterable[int], documents: Iterable[int]) -> None:
        """Give all of them these labels, in order."""
        for label, keys in _by_label(collections, [collection.pk for collection in self.collections]):
            Collection.objects.filter(pk__in=keys).update(sensitivity=label)
        for label, keys in _by_label(documents, [document.source for document in self.documents]):
            Source.objects.filter(pk__in=keys).update(sensitivity=label)

    def labels(self) -> dict[str, Sensitivity]:
        """Of each document's marker, its label as of now."""
        by_source = {source.pk: source.label for source in Source.objects.select_related("collection")}
        return {document.marker: by_source[document.source] for document in self.documents}

    def titles(self, markers: Iterable[str]) -> set[str]:
        return {document.title for document in self.documents if document.marker in set(markers)}


def _added(collection: Collection, number: int, marker: str) -> Document:
    # Words that no other document has, or they would be taken for copies.
    words = " ".join("".join(random.Random(f"{marker} {at}").choices("abcdefgh", k=7)) for at in range(12))
    text, title = f"The {TOPIC} has {words} and {marker}.", f"{collection.name} {number}"
    info = SourceInfo(uuid4(), 1, collection.pk, title, "a.txt", "text/plain", Sensitivity.PUBLIC)
    source = index(info, [PageText(1, text)], [TextSpan(text, 1, 0, len(text))])
    return Document(title, marker, source, collection.pk)
