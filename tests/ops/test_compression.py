"""Pages go out compressed to browsers that accept it, and never so that their length tells what they contain."""

import gzip

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import AsyncRequestFactory
from django.urls import reverse

from langai_site.web.compression import LOOP_MAX, Compression

ACCEPT = {"accept-encoding": "gzip, deflate, br"}


async def sent(response, headers=None):
    async def view(request):
        return response

    return await Compression(view)(AsyncRequestFactory().get("/", headers=ACCEPT if headers is None else headers))


def page(text, content_type="text/html; charset=utf-8"):
    return HttpResponse(text, content_type=content_type)


@pytest.mark.parametrize("length", [1_000, 2 * LOOP_MAX])
async def test_a_page_is_compressed(length):
    text = "<p>28 days</p>" * (length // 14)
    answer = await sent(page(text))
    assert answer["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer["Vary"]
    assert len(answer.content) == int(answer["Content-Length"]) < length / 2
    assert gzip.decompress(answer.content).decode() == text


async def test_equal_pages_differ_in_length():
    assert len({len((await sent(page("<p>28 days</p>" * 100))).content) for _ in range(30)}) > 5


async def test_what_is_not_a_page_or_not_accepted_stays_as_it_is():
    text = "28 days, " * 1_000
    assert not (await sent(page(text), {})).has_header("Content-Encoding")
    for content_type in ("application/json", "text/csv", "text/event-stream", "application/pdf"):
        assert (await sent(page(text, content_type))).content == text.encode()
    stream = await sent(StreamingHttpResponse([text], content_type="text/html"))
    assert not stream.has_header("Content-Encoding")


@pytest.mark.django_db
def test_the_sign_in_page_is_compressed(client):
    answer = client.get(reverse("account_login"), headers=ACCEPT)
    assert answer["Content-Encoding"] == "gzip"
    assert b"<form" in gzip.decompress(answer.content)
