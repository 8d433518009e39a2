"""Wherever a label can be stated, through every door: the highest one counts, and none is ignored."""

import json
from itertools import product

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from chat.api.openai_schemas import Completion, stateless_request
from chat.models import Message
from documents.models import Document
from langai_site.accounts.models import User
from langai_site.database.writer import apart, in_database_thread
from langai_site.errors import InvalidError
from langai_site.outbound.models import Embedder
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import UsageEntry
from langai_site.web.stated_labels import HEADER, labels_in
from search.embeddings import hosted
from search.models import Collection
from tests.api.conftest import alice, echo, program_of, unhurried, upstream  # noqa: F401 - fixtures
from tests.api.label_doors import DOORS, Attached, Chat, Completions, Embeddings, Search, header
from tests.search.conftest import add, store  # noqa: F401 - fixtures

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity
NAMES = (None, "public", "internal", "confidential")
OTHERWISE_WRITTEN = (" Confidential ", "INTERNAL")
LABELS = {None: PUBLIC, "public": PUBLIC, "internal": INTERNAL, "confidential": CONFIDENTIAL}
WRONG = ("secret", "20", "confidential,public")
# What else a program may put into metadata: none of it may count as nothing.
ODD = (20, 0, False, ["confidential"], {"label": "confidential"})


doors = pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)


@pytest.fixture
async def program(alice, upstream, echo, settings, tmp_path):  # noqa: F811 - the fixtures
    """Make everything local, so that any label may go anywhere: what counts is which one was recorded."""
    settings.MEDIA_ROOT, settings.CACHE_TTL = tmp_path, 0
    settings.EMBEDDER, settings.EMBEDDER_BASE_URL = "hosted_vllm/e64", upstream.openai_url
    hosted._embedders.clear()
    await in_database_thread(prepare)
    return await program_of(alice)


def prepare():
    collection = Collection.objects.create(name="All", everyone=True, sensitivity=PUBLIC)
    collection.owners.add(User.objects.get())
    User.objects.update(is_staff=True, is_superuser=True)
    name = "hosted_vllm/e64"
    Embedder.objects.create(name=name, dimension=64, min_score=0, fingerprint=hosted.fingerprint_of(name, 64))


def label_of(name):
    return LABELS[name.strip().lower() if name else None]


@doors
async def test_the_highest_label_that_is_stated_counts(program, door):
    written = product((None, *OTHERWISE_WRITTEN), repeat=2)
    for stated, own in dict.fromkeys([*product(NAMES, repeat=2), *written]):
        if own is not None and isinstance(door, Chat) and own not in LABELS:
            continue
        answer = await door.send(program, stated, own)
        body = b"".join([part async for part in answer]) if answer.streaming else answer.content
        assert answer.status_code < 300, body
        assert await door.label() == max(label_of(stated), label_of(own)), (stated, own)


@doors
@pytest.mark.parametrize("wrong", WRONG)
async def test_a_label_that_there_is_not_is_refused_beside_any_other(program, door, wrong):
    before = await UsageEntry.objects.acount(), await Document.objects.acount(), await Message.objects.acount()
    for stated, own in ((wrong, None), (wrong, "confidential"), ("confidential", wrong), (None, wrong)):
        answer = await door.send(program, stated, own)
        assert answer.status_code in (400, 422), (stated, own)
    assert before == (
        await UsageEntry.objects.acount(),
        await Document.objects.acount(),
        await Message.objects.acount(),
    )


@pytest.mark.parametrize("odd", ODD, ids=str)
@pytest.mark.parametrize("door", [Completions(), Completions(""), Embeddings(), Embeddings("")])
async def test_metadata_that_is_no_name_is_refused(program, door, odd):
    assert (await door.send(program, None, odd)).status_code in (400, 422)
    assert (await door.send(program, "confidential", odd)).status_code in (400, 422)


OTHER_NAMES = ("Sensitivity", "SENSITIVITY", " sensitivity ", "label", "Label", "sensitivity_label", HEADER)
NEAR_MISSES = ("sensitivty", "sensitive", "sensitivity_level", "Sensitivities", "labels", "classification")
OF_A_PROGRAM = {"team": "confidential", "case_sensitive": "no", "seed": 7, "user": "internal", "insensitive": None}
PLACES = ("", "metadata", "extra_body", "options", "model_kwargs")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", [Completions, Embeddings])
async def test_a_label_in_a_body_counts_under_each_name_and_none_is_passed_over(program, kind, place):
    for name in OTHER_NAMES:
        door = kind(place, name)
        assert (await door.send(program, "internal", "confidential")).status_code == 200
        assert await door.label() == CONFIDENTIAL, name
        assert (await door.send(program, None, "secret")).status_code == 400
    before = await UsageEntry.objects.acount()
    for name in NEAR_MISSES:
        answer = await kind(place, name).send(program, None, "confidential")
        assert answer.status_code == 400
        assert name in answer.json()["error"]["message"]
    assert await UsageEntry.objects.acount() == before


@pytest.mark.parametrize("place", PLACES)
async def test_what_else_a_program_says_in_a_body_states_no_label(program, place):
    for name, value in OF_A_PROGRAM.items():
        door = Completions(place, name)
        assert (await door.send(program, None, value)).status_code == 200
        assert await door.label() == PUBLIC


@pytest.mark.parametrize(
    "more",
    [
        {"extra_body": {"metadata": {"sensitivity": "confidential"}}},
        {"extra_body": {"extra_headers": {HEADER: "confidential"}}},
        {"metadata": {"langai": {"sensitivity": "confidential"}}},
        {"metadata": {"body": [[{"sensitivity": "confidential"}]]}},
        {"Metadata": {"Sensitivity": "confidential"}},
        {"messages": [{"role": "user", "content": "How long?", "sensitivity": "confidential"}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "How?", "label": "confidential"}]}]},
    ],
    ids=str,
)
async def test_a_label_within_other_fields_counts_too(program, more):
    body = Completions.body | {"metadata": {"collections": "none"}}
    for name, value in more.items():
        body[name] = body.get(name, {}) | value if isinstance(value, dict) else value
    assert (await program.post("/v1/chat/completions", body, headers=header("internal"))).status_code == 200
    assert await Completions().label() == CONFIDENTIAL


UNREADABLE = ('{"sensitivity": "confidential"', "sensitivity=confidential", "[" * 5_000, "{'label': 'confidential'}")


@pytest.mark.parametrize("unreadable", UNREADABLE, ids=lambda text: text[:20])
@pytest.mark.parametrize("kind", [Completions, Embeddings])
async def test_text_that_may_state_a_label_and_cannot_be_read_is_refused(program, kind, unreadable):
    before = await UsageEntry.objects.acount()
    for more in ({"options": unreadable}, {"extra_body": {"metadata": unreadable}}, {"extra_headers": [unreadable]}):
        answer = await program.post(kind.path, kind.body | more, headers=header("confidential"))
        assert answer.status_code == 400
        assert "this cannot be read. Send an object" in answer.json()["error"]["message"]
    assert (await program.post(kind.path, kind.body | {"metadata": unreadable})).status_code == 400
    assert await UsageEntry.objects.acount() == before


@pytest.mark.parametrize("path", [Completions.path, Embeddings.path, "/chat"])
@pytest.mark.parametrize(
    "twice",
    [
        '"sensitivity": "confidential", "sensitivity": "public"',
        '"metadata": {"label": "confidential"}, "metadata": {}',
        '"metadata": {"sensitivity": "confidential", "sensitivity": "public"}',
    ],
)
async def test_a_label_that_is_stated_twice_in_one_object_is_refused(program, path, twice):
    before = await UsageEntry.objects.acount()
    body = json.dumps(Completions.body | Embeddings.body | {"message": "How long?"})[:-1] + f", {twice}}}"
    answer = await program.client.post(
        path, body, content_type="application/json", headers=header("confidential") | program.headers
    )
    assert answer.status_code in (400, 422)
    assert "is there twice. Send it once." in answer.content.decode()
    assert await UsageEntry.objects.acount() == before


@pytest.mark.parametrize("kind", [Completions, Embeddings])
async def test_so_is_one_in_a_text_that_holds_fields(program, kind):
    for more in (
        {"options": '{"sensitivity": "confidential", "sensitivity": "public"}'},
        {"metadata": '{"sensitivity": "confidential", "sensitivity": "public"}'},
    ):
        assert (await program.post(kind.path, kind.body | more)).status_code in (400, 422)


async def test_what_people_write_is_not_read_as_fields(program):
    """Also where it is JSON, or speaks of labels."""
    for text in ('{"sensitivity": "confidential"}', "{label", '[{"label": "x"}]'):
        for content in (text, [{"type": "text", "text": text}]):
            body = Completions.body | {"messages": [{"role": "user", "content": content}], "options": "fast"}
            assert (await program.post("/v1/chat/completions", body)).status_code == 200
            assert await Completions().label() == PUBLIC


def test_metadata_that_is_sent_as_text_also_names_collections():
    body = Completion.model_validate(Completions.body | {"metadata": json.dumps({"collections": "4, 7"})})
    assert stateless_request(body, "", "").collections == ["4", "7"]


@doors
@pytest.mark.parametrize(
    "name", ["X-LangAI-Label", "X-LangAI-Sensitivty", "LangAI-Sensitivity", "Sensitivity", "X-Sensitvity"]
)
async def test_a_header_that_may_be_meant_to_state_a_label_is_refused(program, door, name, monkeypatch):
    monkeypatch.setitem(program.headers, name, "confidential")
    before = await UsageEntry.objects.acount()
    answer = await door.send(program, None, None)
    assert answer.status_code == 400
    assert f"{name}: this header is not known".lower() in answer.content.decode().lower()
    assert await UsageEntry.objects.acount() == before


async def test_a_parameter_of_an_address_states_no_label(program):
    for name in ("sensitivity", "label", HEADER):
        answer = await program.post(f"/v1/chat/completions?{name}=confidential", Completions.body)
        assert answer.status_code == 400


async def test_fields_that_lie_very_deep_are_refused(program):
    body = {"sensitivity": "confidential"}
    for _ in range(100):
        body = {"metadata": body}
    assert (await program.post("/v1/chat/completions", Completions.body | body)).status_code == 400


def test_a_body_of_very_many_fields_is_refused():
    """Their names are compared in the event loop."""
    with pytest.raises(InvalidError):
        list(labels_in((f"sesitivi{at}", "x") for at in range(10**9)))


async def test_a_file_with_its_label_under_another_name(program):
    collection = await Collection.objects.aget()
    for name, status in (("Label", 202), ("sensitivty", 422)):
        fields = {"file": SimpleUploadedFile("a.txt", name.encode()), "collection": collection.pk, name: "confidential"}
        answer = await program.client.post("/api/documents", fields, headers=program.headers)
        assert answer.status_code == status, answer.content
    assert [document.sensitivity async for document in Document.objects.all()] == [CONFIDENTIAL]


@pytest.mark.parametrize("is_read", [False, True])
async def test_a_file_that_is_there_already_rises_to_what_is_stated_with_it(program, is_read):
    for name, label in ((None, PUBLIC), ("confidential", CONFIDENTIAL), ("internal", CONFIDENTIAL)):
        fields = {"file": SimpleUploadedFile("a.txt", b"How long?")}
        answer = await program.client.post("/api/files", fields, headers=program.headers | header(name))
        assert answer.status_code == 202
        if is_read:
            assert await Attached().label() == label
    assert await Attached().label() == CONFIDENTIAL
    assert await Document.objects.acount() == 1


@pytest.mark.parametrize("path", ["/chat", "/chat/stream", "/search"])
@pytest.mark.parametrize("name", ["Sensitivity", "label", "metadata"])
async def test_doors_with_formats_of_their_own_know_no_other_names(program, path, name):
    asked = {"query": "How long?"} if path == "/search" else {"message": "How long?"}
    assert (await program.post(path, asked | {name: "confidential"})).status_code in (400, 422)


@pytest.mark.needs("chroma")
async def test_a_search_counts_the_header(program, add, store, upstream, settings):  # noqa: F811 - the fixtures
    """The embedder is hosted: a question that is confidential by its header does not reach it."""
    await apart(lambda: add(Collection.objects.get()))
    settings.LOCAL_HOSTS = []
    hosted._embedders.clear()
    for name in NAMES:
        upstream.reset()
        assert (await Search().send(program, name, None)).status_code == 200
        assert bool(upstream.requests("/v1/embeddings")) == (label_of(name) < CONFIDENTIAL), name


async def test_a_search_refuses_a_label_that_there_is_not(program):
    assert (await Search().send(program, "secret", None)).status_code == 400
