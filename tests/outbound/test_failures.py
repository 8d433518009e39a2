"""Every way in which a provider can fail, through the door: a clear message, the text so far, one ledger entry."""

import logging
from dataclasses import replace

import pytest

from langai_site.errors import AboveCeilingError
from langai_site.outbound import catalogue, door
from langai_site.outbound.failures import explained
from langai_site.outbound.types import Present, ProviderError
from langai_site.sensitivity import Sensitivity
from tests.outbound.conftest import KEY, PROVIDERS, ask, call_of, prompts
from tests.upstream import free_port

every_provider = pytest.mark.parametrize("provider", PROVIDERS)

FROM_THE_START = {
    "unauthorized": ("unauthorized", "Please tell an admin"),
    "detail": ("unauthorized", "Please tell an admin"),
    "forbidden": ("unauthorized", "Please tell an admin"),
    "missing": ("not_found", "no longer offered by its server"),
    "busy": ("rate_limited", "Try again in 7 seconds"),
    "broken": ("upstream_error", "failed on its side"),
    "html": ("upstream_error", "failed on its side"),
    "list": ("upstream_error", "failed on its side"),
    "empty": ("upstream_error", "failed on its side"),
    "toolong": ("too_long", "too long for"),
    "unprocessable": ("rejected", "could not take this request"),
    "redirect": ("upstream_error", "failed on its side"),
}
HALF_WAY = {
    "cut": ("cut", "broke before the answer was complete"),
    "error": ("upstream_error", "failed on its side"),
    "malformed": ("malformed", "cannot be read"),
    "idle": ("idle_timeout", "nothing came for 0.4 seconds"),
    "nofinish": ("cut", "broke before the answer was complete"),
}


def assert_failed(answer, code, words):
    assert isinstance(answer.error, ProviderError), answer.error
    assert answer.error.code == code
    assert words in answer.error.message
    assert answer.entry.status == code


def assert_nothing_leaked(answer, caplog):
    told = answer.error.message + str(answer.error)
    assert "stack trace" not in told
    # The log may contain the server's own words, without secrets.
    assert "sk-" not in told + caplog.text + answer.error.detail
    assert KEY not in told + caplog.text


@every_provider
@pytest.mark.parametrize("kind", FROM_THE_START)
@pytest.mark.parametrize("hosts", [["127.0.0.0/8"], []], ids=["local", "hosted"])
async def test_an_error_from_the_start_is_told_plainly(upstream, settings, caplog, provider, kind, hosts):
    caplog.set_level(logging.DEBUG)
    settings.LOCAL_HOSTS = hosts
    answer = await ask(call_of(f"{provider}/fail-{kind}", hosted=not hosts))
    assert_failed(answer, *FROM_THE_START[kind])
    assert_nothing_leaked(answer, caplog)
    assert answer.text == ""
    assert answer.entry.usage.input_tokens == 0
    assert len(prompts(upstream)) == 1


@every_provider
@pytest.mark.parametrize("kind", HALF_WAY)
async def test_a_failure_half_way_keeps_the_text_so_far(upstream, settings, caplog, provider, kind):
    caplog.set_level(logging.DEBUG)
    settings.ANSWER_IDLE_TIMEOUT = 0.4
    answer = await ask(call_of(f"{provider}/fail-{kind}-t20-r100"))
    assert_failed(answer, *HALF_WAY[kind])
    assert_nothing_leaked(answer, caplog)
    assert answer.text.startswith("word1 word2 word3")
    assert answer.entry.usage.estimated
    assert answer.entry.usage.output_tokens > 0
    assert len(prompts(upstream)) == 1


@every_provider
async def test_a_model_that_does_not_begin_is_given_up(upstream, settings, provider):
    settings.ANSWER_START_TIMEOUT = 0.4
    answer = await ask(call_of(f"{provider}/fail-hang"))
    assert_failed(answer, "start_timeout", "did not begin to answer within 0.4 seconds")
    assert answer.entry.usage.input_tokens > 0


@every_provider
@pytest.mark.parametrize("hosts", [["127.0.0.0/8"], []], ids=["local", "hosted"])
async def test_a_closed_port_cannot_be_reached(upstream, settings, provider, hosts):
    settings.LOCAL_HOSTS = hosts
    nowhere = f"http://127.0.0.1:{free_port()}"
    settings.OPENAI_BASE_URL = nowhere + "/v1"
    settings.ANTHROPIC_BASE_URL = settings.OLLAMA_BASE_URL = nowhere
    answer = await ask(call_of(f"{provider}/t3", hosted=not hosts))
    assert_failed(answer, "unreachable", "could not be reached")


@every_provider
async def test_a_filtered_answer_is_no_complete_answer(upstream, provider):
    assert_failed(await ask(call_of(f"{provider}/filter-t3")), "filtered", "content filter")


async def test_a_failing_call_leaves_the_others_alone(upstream, settings):
    entries, text = [], ""
    async for output in door.stream_chat(call_of("hosted_vllm/t60-r100"), entries.append):
        if not text:
            settings.OPENAI_BASE_URL = f"http://127.0.0.1:{free_port()}/v1"
            assert (await ask(call_of("hosted_vllm/t3"))).error.code == "unreachable"
        text += output.text
    assert len(text.split()) == 60
    assert entries[0].status == "complete"


@every_provider
@pytest.mark.parametrize(
    ("label", "ceiling"),
    [
        (Sensitivity.CONFIDENTIAL, Sensitivity.INTERNAL),
        (Sensitivity.INTERNAL, Sensitivity.PUBLIC),
        (Sensitivity.CONFIDENTIAL, Sensitivity.PUBLIC),
    ],
)
async def test_what_a_hosted_model_may_not_see_is_never_sent(upstream, settings, provider, label, ceiling):
    settings.LOCAL_HOSTS = []
    answer = await ask(call_of(f"{provider}/t3", label=label, hosted=True, ceiling=ceiling))
    assert isinstance(answer.error, AboveCeilingError)
    assert "nothing was sent" in answer.error.message
    assert answer.entries == []
    assert upstream.requests() == []


async def test_a_model_that_was_taken_for_local_but_is_not_sees_public_text_only(upstream, settings):
    settings.LOCAL_HOSTS = []
    answer = await ask(call_of("hosted_vllm/t3", label=Sensitivity.INTERNAL, hosted=False))
    assert isinstance(answer.error, AboveCeilingError)
    assert upstream.requests() == []


@pytest.mark.parametrize("name", ["echo-cloud", "echo:cloud", "echo-remote"])
@pytest.mark.parametrize("label", [Sensitivity.INTERNAL, Sensitivity.CONFIDENTIAL])
async def test_what_an_ollama_was_taken_to_keep_here_does_not_go_through_it_to_its_cloud(upstream, name, label):
    answer = await ask(call_of(f"ollama_chat/{name}", label=label))
    assert isinstance(answer.error, AboveCeilingError)
    assert upstream.requests("/api/chat") == []


@pytest.mark.parametrize(("label", "admitted"), [(Sensitivity.PUBLIC, True), (Sensitivity.INTERNAL, False)])
async def test_a_model_that_turns_out_hosted_while_it_is_asked_sees_public_text_only(
    upstream, monkeypatch, label, admitted
):
    call = call_of("ollama_chat/t3", label=label)
    now = replace(call.model, hosted=True, ceiling=Sensitivity.INTERNAL)

    def read_present():
        monkeypatch.setattr(catalogue, "_passed_on", frozenset({call.model.name}))
        return Present(label, now)

    answer = await ask(replace(call, read_present=read_present))
    assert bool(upstream.requests("/api/chat")) is admitted
    assert isinstance(answer.error, AboveCeilingError) is not admitted
    assert [entry.hosted for entry in answer.entries] == [True] * admitted


@pytest.mark.parametrize("name", ["t3-remote", "t3-cloud", "t3"])
async def test_what_only_a_local_model_may_be_asked_never_leaves(upstream, monkeypatch, name):
    call = replace(call_of(f"ollama_chat/{name}"), local_only=True)

    def read_present():
        monkeypatch.setattr(catalogue, "_passed_on", frozenset({call.model.name}))
        return Present(call.label, replace(call.model, hosted=True))

    answer = await ask(replace(call, read_present=read_present))
    assert isinstance(answer.error, AboveCeilingError)
    assert (answer.error.code, answer.entries, upstream.requests("/api/chat")) == ("local_only", [], [])


async def test_that_an_ollama_passes_public_text_on_is_asked_once_and_entered(upstream):
    remote = [await ask(call_of("ollama_chat/t3-remote")) for _ in range(2)]
    local = await ask(call_of("ollama_chat/t3"))
    assert [answer.entry.hosted for answer in (*remote, local)] == [True, True, False]
    assert len(upstream.requests("/api/show")) == 2


@pytest.mark.parametrize("provider", ["hosted_vllm", "ollama_chat"])
async def test_a_local_model_may_see_confidential_text(upstream, provider):
    answer = await ask(call_of(f"{provider}/t3", label=Sensitivity.CONFIDENTIAL))
    assert answer.error is None
    assert answer.entry.label == Sensitivity.CONFIDENTIAL
    assert answer.entry.hosted is False


async def test_a_provider_that_is_not_set_up_any_more_says_so(settings):
    settings.OLLAMA_BASE_URL = ""
    answer = await ask(call_of("ollama_chat/gone"))
    assert answer.error.code == "not_found"
    assert answer.entries == []


def test_an_error_that_is_caused_by_itself_ends():
    error = RuntimeError("a")
    error.__cause__ = error
    assert explained(error, "A", started=False, unreadable=False).code == "upstream_error"
