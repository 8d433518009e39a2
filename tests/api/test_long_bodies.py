"""Large and crafted bodies: allowed ones are accepted, and nothing that anybody sends is checked item by item."""

import json
import threading
from urllib.parse import quote

import pytest
from django.test import RequestFactory
from ninja.params.models import BodyModel
from pydantic import ValidationError

from langai_site.api import api, v1
from langai_site.errors import MalformedError
from langai_site.web import long_bodies
from langai_site.web.async_middleware import Csrf
from langai_site.web.body_admission import text_max
from langai_site.web.long_bodies import VALUES_MAX, has_more_values, is_long, parsed
from search.api_v1 import TEXTS_MAX
from tests.api.conftest import error_of, program_of

COMPLETIONS = "/v1/chat/completions"
WRONG = [[1]] * (VALUES_MAX - 100)


def bodies():
    """Return the body of each operation, by the operation's name."""
    for program_api in (api, v1):
        for _, router in program_api._routers:
            for view in router.path_operations.values():
                for operation in view.operations:
                    for model in operation.models:
                        if issubclass(model, BodyModel):
                            yield pytest.param(model, id=f"{program_api.title} {operation.path}")


def errors_of(model, sent) -> int:
    name = model.__read_from_single_attr__
    try:
        model.model_validate({name: sent})
    except ValidationError as error:
        return error.error_count()
    return 0


@pytest.mark.parametrize("model", list(bodies()))
def test_the_first_wrong_item_ends_the_check_of_a_list(model):
    (field,) = model.model_fields.values()
    required = len(field.annotation.model_fields)
    for name in field.annotation.model_fields:
        for wrong in (WRONG, [{}] * 9_000, [{"content": WRONG}], [{"content": [{}] * 9_000}]):
            # Each field may be missing, and a list may be wrong in a few ways.
            assert errors_of(model, {name: wrong}) <= 2 * required + 6


@pytest.mark.parametrize(
    "body", ["[1]", '{"a": [1, {"b": "c, [d] {"}]}', '"a"', r'{"a\"[[[": "\\", "b": "[[[\"[[["}', "1"]
)
def test_values_are_counted_outside_of_strings(body):
    number = sum(1 for sign in body if sign == ":") + 4
    assert not has_more_values(body, number)


@pytest.mark.parametrize("piece", ["[],", "{},", "1,", '"a",', "[", '{"a":'])
def test_many_values_are_refused_before_they_are_parsed(piece):
    body = piece * (VALUES_MAX + 1)
    with pytest.raises(MalformedError, match="too many values"):
        parsed(body.encode())
    # Also as UTF-16, which JSON's parser reads as well.
    with pytest.raises(MalformedError, match="too many values"):
        parsed(body.encode("utf-16"))


def test_what_is_in_a_text_is_not_counted():
    text = '"[{,\\' * VALUES_MAX
    assert parsed(json.dumps({"message": text}).encode()) == {"message": text}


def test_all_that_is_documented_is_accepted(settings):
    """Accept it however its characters are written."""
    most, smile = settings.MESSAGE_MAX_CHARS, "\N{SLIGHTLY SMILING FACE}"
    assert len("text=" + quote(smile * most)) < text_max("/conversations/")
    assert len(json.dumps({"message": smile * most})) < text_max("/chat")
    each = settings.API_REQUEST_MAX_CHARS // 1000
    said = [{"role": "user", "content": [{"type": "text", "text": smile * each}]} for _ in range(999)]
    conversation = json.dumps({"model": "auto", "messages": said}).encode()
    texts = json.dumps({"model": "local", "input": ["a" * most] * TEXTS_MAX}).encode()
    for path, body in ((COMPLETIONS, conversation), ("/v1/embeddings", texts)):
        assert len(body) <= text_max(path)
        assert parsed(body)


def test_an_object_has_no_more_fields_than_any_operation_knows():
    with pytest.raises(MalformedError, match="too many fields"):
        parsed(json.dumps(dict.fromkeys(map(str, range(101)))).encode())


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"[" * 9_000, (400, "invalid")),
        (json.dumps({"message": [1] * (VALUES_MAX + 1)}).encode(), (422, "unreadable")),
        (json.dumps({"message": "x", **dict.fromkeys(map(str, range(200)))}).encode(), (422, "unreadable")),
        (json.dumps({"message": "x" * 100_000}).encode(), (422, "unreadable")),
        (b"{" + b" " * 100_000, (400, "invalid")),
        (b"\xff" * 100_000, (400, "invalid")),
    ],
)
async def test_a_program_is_told_what_is_wrong_with_a_body(alice, body, told):
    program = await program_of(alice)
    answer = await program.client.post("/chat", body, content_type="application/json", headers=program.headers)
    assert error_of(answer) == told


async def test_a_long_body_is_parsed_off_the_loop(monkeypatch):
    where = []
    monkeypatch.setattr(
        long_bodies.unique_json, "loads", lambda text: where.append(threading.current_thread().name) or {}
    )
    await long_bodies.read_ahead(request_of("/chat", b" " * 70_000, "application/json"))
    await long_bodies.read_ahead(request_of("/chat", b"{}", "application/json"))
    assert [name.split("_")[0] for name in where] == ["bodies"]


def request_of(path: str, body: bytes, content_type: str):
    return RequestFactory().post(path, body, content_type=content_type)


@pytest.mark.parametrize(("size", "waits"), [(1_000, False), (70_000, True)])
def test_a_long_form_is_read_on_a_thread(size, waits):
    request = request_of("/conversations/", b"text=" + b"a" * size, "application/x-www-form-urlencoded")
    assert is_long(request) == waits
    assert Csrf(lambda _: None).view_waits(request, lambda _: None) == waits
