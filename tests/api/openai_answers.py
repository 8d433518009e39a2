"""What tests of /v1 send and read: the questions of an OpenAI client, and the shape of its errors."""

import json

from tests.api.events import frames_of

CHAT, EMBED = "/v1/chat/completions", "/v1/embeddings"
USER = {"role": "user", "content": "How many days?"}


def error_of(answer):
    """Return the status and message of an error response in OpenAI's shape."""
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"].endswith((".", "!"))
    return answer.status_code, error


def problem(answer):
    status, error = error_of(answer)
    return status, error["type"], error["code"]


async def ask(program, model="hosted_vllm/echo", messages=(USER,), headers=None, **fields):
    return await program.post(CHAT, {"model": model, "messages": list(messages)} | fields, headers=headers)


async def streamed(program, **fields):
    answer = await ask(program, stream=True, **fields)
    assert answer["Content-Type"].startswith("text/event-stream"), answer.content
    return [frame.data for frame in frames_of(b"".join([part async for part in answer]).decode())]


def text_of(chunks):
    return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks[:-1] if chunk["choices"])


def sent(upstream):
    return json.loads(upstream.requests()[-1]["body"])
