"""Every door that takes a label, and every place in which it can be stated there."""

import json

from django.core.files.uploadedfile import SimpleUploadedFile

from chat.models import Message, Transfer
from documents.models import Document
from langai_site.database.writer import apart
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import UsageEntry
from langai_site.web.stated_labels import HEADER
from search.models import Collection, Source
from tests.chat.handbook import read_all


def header(name):
    return {HEADER: name} if name is not None else {}


class Door:
    """One way in: `send` states a label in the header and, where the door has one, in a place of its own."""

    places = 2

    async def send(self, program, stated, own):
        raise NotImplementedError

    async def label(self):
        """The label that came of it."""
        return (await UsageEntry.objects.alatest("id")).label


class Chat(Door):
    def __init__(self, path):
        self.path = path

    async def send(self, program, stated, own):
        body = {"message": "How long?", "collections": []} | ({} if own is None else {"sensitivity": own})
        return await program.post(self.path, body, headers=header(stated))

    async def label(self):
        return (await Message.objects.filter(role="user").alatest("created_at")).label


class OpenAI(Door):
    """A door in OpenAI's format. `place` is where in the body a label is stated, "" for its top, under which name."""

    path: str
    body: dict[str, object]

    def __init__(self, place="metadata", name="sensitivity"):
        self.place, self.name = place, name

    async def send(self, program, stated, own):
        body = self.body | {"metadata": {"collections": "none"}}
        if own is not None:
            at = body if not self.place else body.setdefault(self.place, {})
            at[self.name] = own
        return await program.post(self.path, body, headers=header(stated))


class Nested:
    """A door in OpenAI's format, where the label is in a field of a field, or in JSON that one of them is sent as."""

    def __init__(self, kind, path, *, written=0):
        self.door, self.path, self.written = kind(), path.split("."), written

    async def send(self, program, stated, own):
        body = self.door.body | {"metadata": {"collections": "none"}}
        if own is not None:
            value = own
            for depth, name in reversed([*enumerate(self.path)]):
                value = {name: value}
                value = json.dumps(value) if 0 < depth <= self.written else value
            (name, value) = next(iter(value.items()))
            body[name] = value if isinstance(value, str) or name != "metadata" else body[name] | value
        return await program.post(self.door.path, body, headers=header(stated))

    async def label(self):
        return await self.door.label()


class Completions(OpenAI):
    path = "/v1/chat/completions"
    body = {"model": "hosted_vllm/echo", "messages": [{"role": "user", "content": "How long?"}]}


class Responses(OpenAI):
    path = "/v1/responses"
    body = {"model": "hosted_vllm/echo", "input": "How long?"}


class Embeddings(OpenAI):
    path = "/v1/embeddings"
    body = {"model": "hosted_vllm/e64", "input": "How long?"}


class Search(Door):
    """It has the header alone. What the question's embedder was told is its label."""

    places = 1

    async def send(self, program, stated, own):
        return await program.post("/search", query=f"How long {stated}?", headers=header(stated))


class Upload(Door):
    def stating(self, own):
        return {"sensitivity": own}

    async def send(self, program, stated, own):
        collection = await Collection.objects.aget()
        text = f"What {stated} and {own} say.".encode()
        fields = {"file": SimpleUploadedFile("a.txt", text), "collection": collection.pk}
        fields |= {} if own is None else self.stating(own)
        return await program.client.post("/api/documents", fields, headers=program.headers | header(stated))

    async def label(self):
        return (await Document.objects.alatest("uploaded_at")).sensitivity


class UploadWithMetadata(Upload):
    """A form has no objects: its metadata is JSON."""

    def stating(self, own):
        return {"metadata": json.dumps({"label": own})}


class Attached(Upload):
    """A file for a message: what is stated counts once it is read."""

    async def send(self, program, stated, own):
        fields = {"file": SimpleUploadedFile("a.txt", f"What {stated} and {own} say.".encode())}
        fields |= {} if own is None else self.stating(own)
        return await program.client.post("/api/files", fields, headers=program.headers | header(stated))

    async def label(self):
        await apart(read_all)
        document = await Document.objects.alatest("uploaded_at")
        assert (await Source.objects.aget(document=document.pk)).sensitivity == document.sensitivity
        return document.sensitivity


class Import(Upload):
    async def send(self, program, stated, own):
        fields = {"file": SimpleUploadedFile("a.json", b"[]")} | ({} if own is None else self.stating(own))
        await Transfer.objects.all().adelete()
        return await program.client.post("/api/imports", fields, headers=program.headers | header(stated))

    async def label(self):
        return (await Transfer.objects.aget()).options.get("floor", Sensitivity.PUBLIC)


class Comparison(Chat):
    async def send(self, program, stated, own):
        body = {"message": "How long?", "collections": [], "models": ["quotes", "hosted_vllm/echo"]}
        return await program.post(
            self.path, body | ({} if own is None else {"sensitivity": own}), headers=header(stated)
        )


HELD = (
    *("options.label", "options.sensitivity", "extra_body.options.label", "extra_body.metadata.sensitivity"),
    *(
        "extra_body.extra_body.options.sensitivity_label",
        "metadata.options.label",
        "provider_options.langai.sensitivity",
    ),
)
WRITTEN = ("metadata.sensitivity", "options.label", "extra_body.metadata.sensitivity", "extra_body.options.label")


def nested(kind, path):
    held = {f"{path}, {name}": Nested(kind, name) for name in HELD}
    for depth in (1, 2):
        paths = [name for name in WRITTEN if name.count(".") >= depth]
        held |= {f"{path}, {name}, as text {depth}": Nested(kind, name, written=depth) for name in paths}
    return held


DOORS = {
    "/chat": Chat("/chat"),
    "/chat/stream": Chat("/chat/stream"),
    "/v1/chat/completions": Completions(),
    "/v1/chat/completions, in the body": Completions(""),
    "/v1/responses": Responses(),
    "/v1/responses, in the body": Responses(""),
    "/v1/embeddings": Embeddings(),
    "/v1/embeddings, in the body": Embeddings(""),
    "/api/documents": Upload(),
    "/api/documents, in metadata": UploadWithMetadata(),
    "/api/files": Attached(),
    "/api/imports": Import(),
    "/api/comparisons": Comparison("/api/comparisons"),
    **nested(Completions, "/v1/chat/completions"),
    **nested(Responses, "/v1/responses"),
    **nested(Embeddings, "/v1/embeddings"),
}
