"""What was sent and what may be sent: texts with a marker each, their labels, and the calls an upstream recorded."""

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
# The name says what the upstream answers. Those of anthropic count as hosted; of Ollama's models, the last two.
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
    """Return the ceiling by the model's address alone, whatever the catalogue says."""
    if is_outside(model.name):
        return min(model.ceiling, HIGHEST_FOR_HOSTED) if model.hosted else Sensitivity.PUBLIC
    return Sensitivity.CONFIDENTIAL if model.hosted else model.ceiling


class Markers:
    """Words that are in only one text each."""

    def __init__(self) -> None:
        self._made = 0

    def new(self) -> str:
        self._made += 1
        return f"zq{self._made}qz"


def markers_of(text: str) -> set[str]:
    return set(MARKER.findall(text))


@dataclass(frozen=True)
class Call:
    """A requested completion: the model's name, the whole text, and the passages that were found for it."""

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
    """Return the completions requested since the last time; nothing else that was sent has a marker."""
    requests = upstream.requests()
    upstream.reset()
    chats = [request for request in requests if request["path"] in PROVIDERS]
    assert not markers_of(str([request["raw"] for request in requests if request not in chats]))
    return [call_of(request) for request in chats]


def call_of(request: Mapping[str, str]) -> Call:
    """Return a completion as the upstream recorded it."""
    return _call(request["path"], json.loads(request["body"]))


def _call(path: str, body: Mapping[str, Any]) -> Call:
    asked = [text for role, text in map(_message, body["messages"]) if role == "user" and text != CONTINUE][-1]
    # What answers repeat also has the form of a passage: only the question's own are passages.
    passages = "\n\n".join(PASSAGE.findall(asked))
    whole = "\n".join(text for _role, text in map(_message, body["messages"]))
    return Call(f"{PROVIDERS[path]}/{body['model']}", whole, passages)


def _message(message: Mapping[str, Any]) -> tuple[str, str]:
    content = message["content"]
    return message["role"], content if isinstance(content, str) else "".join(part["text"] for part in content)


@dataclass(frozen=True)
class Document:
    """A document of one passage that contains the marker."""

    title: str
    marker: str
    source: UUID
    collection: int


def _by_label(labels: Iterable[int], keys: Iterable[Any]) -> Iterable[tuple[int, list[Any]]]:
    """Yield each label with the keys of the rows that get it, so that one update is enough for all of them."""
    found: dict[int, list[Any]] = {}
    for key, label in zip(keys, labels, strict=True):
        found.setdefault(label, []).append(key)
    return found.items()


class Library:
    """Three collections of three documents on one topic; nobody may read the last one. Found by words alone."""

    def __init__(self, reader: User, markers: Markers) -> None:
        self.collections = [Collection.objects.create(name=name) for name in ("Quays", "Ships", "Vault")]
        for collection in self.collections[:2]:
            collection.users.add(reader)
        self.documents = [_added(collection, at, markers.new()) for collection in self.collections for at in range(3)]

    @property
    def hidden(self) -> set[str]:
        return {document.marker for document in self.documents[6:]}

    def label(self, collections: Iterable[int], documents: Iterable[int]) -> None:
        """Set these labels, in order."""
        for label, keys in _by_label(collections, [collection.pk for collection in self.collections]):
            Collection.objects.filter(pk__in=keys).update(sensitivity=label)
        for label, keys in _by_label(documents, [document.source for document in self.documents]):
            Source.objects.filter(pk__in=keys).update(sensitivity=label)

    def labels(self) -> dict[str, Sensitivity]:
        """Return each document's present label by its marker."""
        by_source = {source.pk: source.label for source in Source.objects.select_related("collection")}
        return {document.marker: by_source[document.source] for document in self.documents}

    def titles(self, markers: Iterable[str]) -> set[str]:
        return {document.title for document in self.documents if document.marker in set(markers)}


def _added(collection: Collection, number: int, marker: str) -> Document:
    # Words that no other document has; otherwise they would be taken for copies.
    words = " ".join("".join(random.Random(f"{marker} {at}").choices("abcdefgh", k=7)) for at in range(12))
    text, title = f"The {TOPIC} has {words} and {marker}.", f"{collection.name} {number}"
    info = SourceInfo(uuid4(), 1, collection.pk, title, "a.txt", "text/plain", Sensitivity.PUBLIC)
    source = index(info, [PageText(1, text)], [TextSpan(text, 1, 0, len(text))])
    return Document(title, marker, source, collection.pk)
