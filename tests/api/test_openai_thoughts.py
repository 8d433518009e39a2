"""/v1 sends a model's thoughts as DeepSeek and vLLM do: beside the content, never in it."""

import json

import pytest

from tests.api.conftest import offer
from tests.api.openai_answers import USER, ask, sent, streamed, text_of
from tests.outbound.test_lane import SAYS, chunk, sse

pytestmark = pytest.mark.usefixtures("upstream")
THOUGHT, ANSWER = "**Hm1** hm2 hm3 hm4 hm5 ", "word1 word2 end."


@pytest.fixture
def thinker(transactional_db):
    return offer("t3-h5")


def thought_of(chunks):
    return "".join(
        chunk["choices"][0]["delta"].get("reasoning_content", "") for chunk in chunks[:-1] if chunk["choices"]
    )


async def test_a_completion_has_the_thought_beside_its_content(program, thinker):
    answer = (await ask(program, model=thinker)).json()
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": ANSWER, "reasoning_content": THOUGHT}
    assert answer["usage"]["completion_tokens"] == 8
    assert answer["usage"]["completion_tokens_details"] == {"reasoning_tokens": 5}


async def test_a_stream_has_it_in_deltas_of_its_own(program, thinker):
    chunks = await streamed(program, model=thinker)
    assert (thought_of(chunks), text_of(chunks)) == (THOUGHT, ANSWER)
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert all(len({"content", "reasoning_content"} & set(chunk["choices"][0]["delta"])) < 2 for chunk in chunks[:-1])


async def test_text_that_turns_out_to_be_a_thought_is_no_content(program, echo, upstream):
    upstream.script_raw(sse(chunk({"content": "Hm. So.</think>\n"}), *SAYS))
    message = (await ask(program)).json()["choices"][0]["message"]
    assert message["content"] == "Four of them."
    assert "think" not in json.dumps(message)


async def test_a_thought_that_a_client_sends_back_reaches_no_model(program, echo, upstream):
    said = [USER, {"role": "assistant", "content": "Thirty.", "reasoning_content": "Hm, hm."}, USER]
    assert (await ask(program, messages=said)).status_code == 200
    assert [message["content"] for message in sent(upstream)["messages"]][-3:] == [
        USER["content"],
        "Thirty.",
        USER["content"],
    ]
    assert "Hm, hm." not in upstream.requests()[-1]["body"]


async def test_the_events_of_our_own_api_have_no_thoughts(program, thinker):
    answer = await program.post("/chat", message="How?", model=thinker)
    assert answer.json()["message"] == ANSWER
    assert answer.json()["receipt"]["reasoning_tokens"] == 5
    assert "hm2" not in answer.text
