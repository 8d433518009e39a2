from contextlib import aclosing

import pytest

from langai_site.outbound import catalogue, door, lane_requests, listings
from langai_site.outbound.types import ChatCall, ChatMessage, Delta, ModelInfo, Thought, unchanging
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Entry

KEY = "sk-test-1234567890"
PROVIDERS = ("hosted_vllm", "openai", "anthropic", "ollama_chat")


through_either_lane = pytest.mark.parametrize("lane", ["own", "litellm"], indirect=True)


@pytest.fixture
def lane(request, monkeypatch):
    """Choose our own lane or LiteLLM."""
    if request.param == "litellm":
        monkeypatch.setattr(lane_requests, "FORMATS", {})


@pytest.fixture
def through_litellm(monkeypatch):
    """Ask providers through LiteLLM, as those whose wire format we do not speak."""
    monkeypatch.setattr(lane_requests, "FORMATS", {})


@pytest.fixture
async def connections():
    yield
    await door.close()


@pytest.fixture
def upstream(upstream_process, connections, settings):
    """Put every provider at the one upstream, which counts as local."""
    upstream_process.reset()
    settings.OPENAI_API_KEY = settings.ANTHROPIC_API_KEY = KEY
    settings.OPENAI_BASE_URL = upstream_process.openai_url
    settings.ANTHROPIC_BASE_URL = settings.OLLAMA_BASE_URL = upstream_process.url
    settings.ANSWER_START_TIMEOUT = settings.ANSWER_IDLE_TIMEOUT = 5
    return upstream_process


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    """Start each test like a new process."""
    monkeypatch.setattr(catalogue, "_failing", None)
    monkeypatch.setattr(catalogue, "_passed_on", frozenset())
    monkeypatch.setattr(catalogue, "_loading", frozenset())
    monkeypatch.setattr(catalogue, "_ollama_answers", {})
    monkeypatch.setattr(listings, "_facts", {})


def call_of(name, *, label=Sensitivity.PUBLIC, text="Hello", hosted=False, ceiling=None, max_tokens=1000, **facts):
    """Return a call; `facts` are what else the catalogue knows of the model."""
    ceiling = ceiling if ceiling is not None else Sensitivity.INTERNAL if hosted else Sensitivity.CONFIDENTIAL
    model = ModelInfo(name, name.partition("/")[2], name.partition("/")[0], hosted, ceiling, **facts)
    messages, read_present = (ChatMessage.of("user", text),), unchanging(label, model)
    return ChatCall(model=model, messages=messages, label=label, max_tokens=max_tokens, read_present=read_present)


def prompts(upstream):
    """Return the requests with messages or texts: an Ollama is asked before them whether it would pass them on."""
    return [request for request in upstream.requests() if request["path"] != "/api/show"]


class Answer:
    """The result of one call: text and thoughts until it ended, how it ended, and the ledger's entries."""

    def __init__(self):
        self.text = ""
        self.thought = ""
        self.deltas = []
        self.outputs = []
        self.error = None
        self.entries: list[Entry] = []

    @property
    def entry(self):
        (entry,) = self.entries
        return entry


async def ask(call) -> Answer:
    answer = Answer()
    try:
        async with aclosing(door.stream_chat(call, answer.entries.append)) as outputs:
            async for output in outputs:
                answer.outputs.append(output)
                if isinstance(output, Delta):
                    answer.deltas.append(output)
                    answer.text += output.text
                elif isinstance(output, Thought):
                    answer.thought += output.text
    except Exception as error:
        answer.error = error
    return answer
