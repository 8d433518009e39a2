"""Calls that LiteLLM would make without what they require."""

from dataclasses import replace
from types import ModuleType

import pytest

from langai_site.outbound import litellm_adapter, litellm_support
from langai_site.outbound.endpoints import Endpoint
from langai_site.outbound.lanes.requests import ForcedTool, JsonFormat, Tool
from langai_site.outbound.requirements import NONE, Requirements
from langai_site.outbound.types import ProviderError
from tests.outbound.conftest import ask, call_of

TOOLS = (Tool("clock"),)


def library(*supported, known=True):
    made = ModuleType("litellm")
    made.get_supported_openai_params = lambda model, custom_llm_provider: [*supported] if known else None
    return made


def require(made, requirements):
    call = replace(call_of("perplexity/sonar"), requirements=requirements)
    endpoint = Endpoint("perplexity", "sonar", "", "", direct=False)
    litellm_support.require_supported(made, call, endpoint)


@pytest.mark.parametrize(
    ("requirements", "supported", "words"),
    [
        (Requirements(tools=TOOLS), ["response_format"], "cannot call tools"),
        (Requirements(tools=TOOLS, tool_choice="required"), ["tools"], "cannot be made to call a tool"),
        (Requirements(tools=TOOLS, tool_choice=ForcedTool("clock")), ["tools"], "cannot be made to call a tool"),
        (Requirements(response_format=JsonFormat()), ["tools"], "cannot promise answers in JSON"),
    ],
)
def test_what_would_be_dropped_is_refused(requirements, supported, words):
    with pytest.raises(ProviderError, match=words) as caught:
        require(library(*supported), requirements)
    assert (caught.value.code, caught.value.retryable) == ("rejected", False)
    require(library(known=False), requirements)
    require(library("tools", "tool_choice", "response_format"), requirements)


def test_a_choice_that_is_the_models_needs_nothing():
    require(library(), NONE)
    require(library("tools"), Requirements(tools=TOOLS, tool_choice="auto"))


def test_litellm_knows_what_its_providers_take():
    made = litellm_adapter.loaded_now()
    require(made, Requirements(response_format=JsonFormat()))
    with pytest.raises(ProviderError, match="cannot call tools"):
        require(made, Requirements(tools=TOOLS))


async def test_nothing_is_sent(upstream, through_litellm, monkeypatch):
    monkeypatch.setattr(litellm_adapter.loaded_now(), "get_supported_openai_params", lambda **_: [])
    answer = await ask(replace(call_of("hosted_vllm/echo"), requirements=Requirements(tools=TOOLS)))
    assert (answer.error.code, upstream.requests("/v1/chat")) == ("rejected", [])
