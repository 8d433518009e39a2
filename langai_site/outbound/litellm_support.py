"""Refuses a call that LiteLLM would make without what it requires.

LiteLLM drops what it cannot send to a provider and says nothing: a program that needs a tool call or JSON would get
text instead.
"""

from collections.abc import Iterator
from types import ModuleType

from langai_site.outbound.endpoints import Endpoint
from langai_site.outbound.lanes.requests import ForcedTool
from langai_site.outbound.requirements import Requirements
from langai_site.outbound.types import ChatCall, ProviderError

NEEDED = {
    "tools": "{model} cannot call tools here. Choose another model, or ask without tools.",
    "tool_choice": "{model} cannot be made to call a tool here. Choose another model, or leave the choice to it.",
    "response_format": "{model} cannot promise answers in JSON here. Choose another model, or ask for text.",
}


def require_supported(litellm: ModuleType, call: ChatCall, endpoint: Endpoint) -> None:
    """Raise ProviderError if LiteLLM would drop the tools, their choice or the format of the answer."""
    needed = [*_needed(call.requirements)]
    if not needed:
        return
    known = litellm.get_supported_openai_params(model=endpoint.model, custom_llm_provider=endpoint.provider)
    # LiteLLM takes an unknown provider for one like OpenAI, and drops nothing.
    missing = next((name for name in needed if known is not None and name not in known), "")
    if missing:
        message = NEEDED[missing].format(model=call.model.display_name)
        detail = f"{endpoint.provider} does not take {missing}"
        raise ProviderError(message, code="rejected", retryable=False, detail=detail)


def _needed(requirements: Requirements) -> Iterator[str]:
    if requirements.tools:
        yield "tools"
        if requirements.tool_choice == "required" or isinstance(requirements.tool_choice, ForcedTool):
            yield "tool_choice"
    if requirements.response_format:
        yield "response_format"
