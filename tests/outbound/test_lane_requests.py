"""Where the fields that an admin or a program sets stand in a request."""

import json

import pytest

from langai_site.outbound import lane_requests
from langai_site.outbound.endpoints import Endpoint
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
