"""Pictures under /v1: passed to a model that can see, as internal text since nobody can look into them."""

import base64
import json

import pytest

from langai_site.outbound.models import Model
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import UsageEntry
from tests.api.openai_answers import ask, error_of, sent

pytestmark = pytest.mark.usefixtures("upstream")
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(63)).decode()
SEEN = f"data:image/png;base64,{PNG}"


def question(url=SEEN, text="What is it?"):
    words = [{"type": "text", "text": text}] if text else []
    return {"role": "user", "content": [*words, {"type": "image_url", "image_url": {"url": url, "detail": "low"}}]}


async def test_a_picture_reaches_the_model_with_its_question(program, echo, upstream):
    answer = (await ask(program, messages=[question()])).json()
    text, picture = sent(upstream)["messages"][-1]["content"]
    assert text == {"type": "text", "text": "What is it?"}
    assert picture == {"type": "image_url", "image_url": {"url": SEEN, "detail": "low"}}
    assert answer["langai"]["receipt"]["label"] == "Internal"
    entry = await UsageEntry.objects.aget()
    assert entry.label == Sensitivity.INTERNAL
    assert entry.input_tokens > 0


async def test_the_detail_must_be_one_of_openais_words(program, echo, upstream):
    picture = {"type": "image_url", "image_url": {"url": SEEN, "detail": "huge"}}
    status, error = error_of(await ask(program, messages=[{"role": "user", "content": [picture]}]))
    assert (status, error["code"]) == (400, "invalid_value")
    assert "auto, low, high or original" in error["message"]
    assert upstream.requests() == []


async def test_its_type_is_that_of_the_file_whatever_the_address_says(program, echo, upstream):
    await ask(program, messages=[question(SEEN.replace("image/png", "text/html"))])
    assert sent(upstream)["messages"][-1]["content"][1]["image_url"]["url"] == SEEN


async def test_a_picture_alone_is_a_question(program, echo, upstream):
    answer = await ask(program, messages=[question(text="")])
    assert answer.status_code == 200, answer.content
    assert sent(upstream)["messages"][-1]["content"][-1]["image_url"]["url"] == SEEN


async def test_pictures_of_earlier_messages_go_along(program, echo, upstream):
    said = [question(), {"role": "assistant", "content": "A cat."}, {"role": "user", "content": "Which colour?"}]
    await ask(program, messages=said)
    _system, first, *_others = sent(upstream)["messages"]
    assert first["content"][1]["image_url"]["url"] == SEEN


async def test_no_model_that_cannot_see_is_asked(program, echo, upstream):
    await Model.objects.aupdate(abilities={"vision": False})
    status, error = error_of(await ask(program, messages=[question()]))
    assert (status, error["code"]) == (400, "unsupported_parameter")
    assert "cannot read pictures" in error["message"]
    assert upstream.requests() == []


async def test_a_picture_is_as_confidential_as_the_setting_says(program, echo, upstream, settings):
    settings.UNREADABLE_LABEL, settings.LOCAL_HOSTS = "confidential", []
    status, error = error_of(await ask(program, messages=[question()]))
    assert (status, error["code"]) == (403, "above_ceiling")
    assert upstream.requests() == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://example.org/cat.png", "does not load pictures"),
        ("file:///etc/passwd", "does not load pictures"),
        ("data:image/png,abc", "base64"),
        ("data:image/png;base64,####", "base64"),
        ("data:image/svg+xml;base64,PHN2Zz4=", "neither PNG"),
        ("data:image/png;base64," + "A" * (7 * 2**20), "MiB"),
    ],
    ids=["https", "file", "plain", "broken", "svg", "large"],
)
async def test_what_is_no_picture_is_refused_with_the_reason(program, echo, upstream, url, words):
    status, error = error_of(await ask(program, messages=[question(url)]))
    assert (status, error["code"]) == (400, "invalid_value")
    assert words in error["message"]
    assert error["param"] == "messages[0].content[1].image_url"
    assert upstream.requests() == []


@pytest.mark.parametrize("same", [True, False])
async def test_too_many_pictures_are_refused(program, echo, upstream, same):
    urls = [SEEN if same else seen(number) for number in range(21)]
    pictures = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    status, error = error_of(await ask(program, messages=[{"role": "user", "content": pictures}]))
    assert (status, error["code"]) == (400, "array_above_max_length")
    assert (await ask(program, messages=[{"role": "user", "content": pictures[:20]}])).status_code == 200


def seen(number):
    data = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes([number]) * 8).decode()
    return f"data:image/png;base64,{data}"


def part(said):
    """Return a part of a message: a picture for a number, a text for a text."""
    if isinstance(said, int):
        return {"type": "image_url", "image_url": {"url": seen(said)}}
    return {"type": "text", "text": said}


@pytest.mark.parametrize(
    "said",
    [
        ["First:", 1, "The second:", 2],
        [1, "What is it?"],
        [1, "The first.", 2, "And the second."],
        ["The longest text of all:", 1, "a", 2, 3, "b"],
    ],
    ids=str,
)
async def test_texts_and_pictures_keep_their_order(program, echo, upstream, said):
    parts = [part(one) for one in said]
    answer = await ask(program, messages=[{"role": "user", "content": parts}])
    assert answer.status_code == 200, answer.content
    assert sent(upstream)["messages"][-1]["content"] == parts
    earlier = [{"role": "user", "content": parts}, {"role": "assistant", "content": "A cat."}, part_of("Why?")]
    await ask(program, messages=earlier)
    assert sent(upstream)["messages"][1]["content"] == parts


def part_of(text):
    return {"role": "user", "content": text}


@pytest.mark.parametrize("role", ["system", "developer", "assistant"])
async def test_a_picture_that_no_model_would_see_is_refused(program, echo, upstream, role):
    message = {"role": role, "content": [part("Look."), part(1)]}
    status, error = error_of(await ask(program, messages=[part_of("Hello"), message, part_of("Why?")]))
    assert (status, error["param"]) == (400, "messages[1].content[1].image_url")
    assert upstream.requests() == []


@pytest.mark.parametrize(
    "url", [f"{SEEN[:40]}\n{SEEN[40:60]} {SEEN[60:]}\r\n", SEEN.rstrip("="), f" {SEEN}"], ids=["lines", "bare", "space"]
)
async def test_base64_may_be_written_loosely(program, echo, upstream, url):
    answer = await ask(program, messages=[question(url)])
    assert answer.status_code == 200, answer.content
    assert sent(upstream)["messages"][-1]["content"][1]["image_url"]["url"] == SEEN


async def test_as_many_tokens_as_servers_count_for_pictures_are_charged(program, echo, upstream):
    counts = {"prompt_tokens": 20 * 25_500, "completion_tokens": 3, "total_tokens": 510_003}
    chunks = [{"choices": [{"index": 0, "delta": {"content": "Cats."}, "finish_reason": "stop"}], "usage": counts}]
    upstream.script_raw(b"data: " + json.dumps(chunks[0]).encode() + b"\n\ndata: [DONE]\n\n")
    picture = {"type": "image_url", "image_url": {"url": SEEN}}
    said = [{"role": "user", "content": [{"type": "text", "text": "What?"}, *[picture] * 20]}]
    answer = (await ask(program, messages=said)).json()
    assert answer["usage"]["prompt_tokens"] == 510_000
