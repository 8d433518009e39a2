"""How a call becomes a request: where the fields that an admin sets stand in it, and on which thread it is built."""

import json
import threading
from dataclasses import replace

import pytest

from langai_site.outbound import lane, lane_requests
from langai_site.outbound.endpoints import Endpoint
from langai_site.outbound.parts import Text
from langai_site.outbound.types import ChatMessage
from tests.outbound.conftest import call_of

SAMPLING = {"top_p": 0.5, "top_k": 40}


def body_of(provider, **more):
    model = f"{provider}/t3"
    endpoint = Endpoint(provider, "t3", "http://up.invalid", "", direct=False)
    return json.loads(lane_requests.of_call(call_of(model, max_tokens=77, **more), endpoint).content)


@pytest.mark.parametrize("name", ["parameters", "extra_body"])
def test_gemini_takes_sampling_with_its_other_settings(name):
    body = body_of("gemini", **{name: SAMPLING})
    assert body["generationConfig"] == {"maxOutputTokens": 77, "topP": 0.5, "topK": 40}
    assert not SAMPLING.keys() & body.keys()
    assert body_of("anthropic", **{name: SAMPLING}).items() >= SAMPLING.items()


def test_fields_of_an_admin_and_of_a_model_are_merged():
    config = {"generationConfig": {"topP": 0.1, "seed": 7}}
    body = body_of("gemini", parameters=SAMPLING, extra_body=config)
    assert body["generationConfig"] == {"maxOutputTokens": 77, "topP": 0.1, "topK": 40, "seed": 7}
    options = body_of("ollama_chat", parameters=SAMPLING, extra_body={"options": {"top_k": 1}})["options"]
    assert (options["top_p"], options["top_k"]) == (0.5, 1)


@pytest.mark.parametrize(("count", "size", "is_long"), [(1, 10, False), (1, 200_000, True), (500, 1, True)])
async def test_prompts_that_are_long_or_have_many_parts_are_built_on_a_thread(monkeypatch, count, size, is_long):
    threads = []
    monkeypatch.setattr(lane_requests, "of_call", lambda *_: threads.append(threading.current_thread()))
    message = ChatMessage("user", tuple(Text("x" * size) for _ in range(count)))
    call = replace(call_of("anthropic/t3"), messages=(message,))
    await lane._request(call, Endpoint("anthropic", "t3", "http://up.invalid", "", direct=False))
    assert (threads != [threading.current_thread()]) == is_long
