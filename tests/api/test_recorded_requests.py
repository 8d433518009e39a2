"""Requests of LangChain's ChatOpenAI and of `llm`, byte for byte as they sent them.

Neither is installed with the tests, because together they bring twenty packages along. `recorded_requests.jsonl` has
what they sent to the tests' own model server, without the lines that belong to a connection.
"""

import json
from pathlib import Path

import pytest

from tests.api.conftest import program_of
from tests.api.events import frames_of
from tests.api.openai_answers import CHAT, text_of

pytestmark = pytest.mark.usefixtures("upstream", "echo")
RECORDED = [
    json.loads(line) for line in (Path(__file__).parent / "recorded_requests.jsonl").read_text().splitlines() if line
]


def asked(recorded):
    return json.loads(recorded["body"])


def name(recorded):
    fields = sorted(set(asked(recorded)) - {"model", "messages"})
    return f"{recorded['client']}: {' '.join(fields)}, {len(asked(recorded)['messages'])} messages"


@pytest.mark.parametrize("recorded", RECORDED, ids=name)
async def test_a_recorded_request_is_served(alice, upstream, recorded):
    program = await program_of(alice)
    body, headers = recorded["body"].encode(), recorded["headers"] | program.headers
    answer = await program.client.post(CHAT, body, content_type="application/json", headers=headers)
    assert answer.status_code == 200, answer.content
    words = asked(recorded)["messages"][-1]["content"]
    expected = words if isinstance(words, str) else words[0]["text"]
    if asked(recorded)["stream"]:
        chunks = [frame.data for frame in frames_of(b"".join([part async for part in answer]).decode())]
        # Counts come in a separate chunk, before the end.
        # A tool's result comes before it, in the same message.
        assert text_of([chunk for chunk in chunks if chunk == "[DONE]" or chunk["choices"]]).endswith(expected)
        assert chunks[-1] == "[DONE]"
    else:
        assert answer.json()["choices"][0]["message"]["content"].endswith(expected)
    assert len(upstream.requests()) == 1


def test_both_clients_were_recorded():
    assert {recorded["client"].split()[0] for recorded in RECORDED} == {"langchain-openai", "llm"}
