"""The messages that OpenAI's clients send: all shapes are read as text, or refused with a reason."""

import pytest

from langai_site.usage.models import Reservation
from tests.api.openai_answers import CHAT, USER, ask, error_of, sent
from tests.detectors import made

pytestmark = pytest.mark.usefixtures("upstream")
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Vienna"}'}}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "Sunny."}


async def prompt(program, upstream, *messages):
    """Return what the model is given for `messages`, without our own instructions."""
    answer = await ask(program, messages=messages)
    assert answer.status_code == 200, answer.content
    system, *rest = sent(upstream)["messages"]
    assert system["role"] == "system"
    return [(message["role"], message["content"]) for message in rest]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            {"role": "user", "content": ["Who ", "is it?"]},
            "Who is it?",
        ),
        (
            {"role": "user", "content": [{"text": "Who is it?"}, {"type": "text", "text": None}]},
            "Who is it?",
        ),
        (
            {"role": "user", "content": [{"type": "text", "text": "Who "}, {"type": "text", "text": "is it?"}]},
            "Who is it?",
        ),
        ({"role": "user", "name": "Alice", "content": "Who is it?"}, "Who is it?"),
        ({"role": "user", "name": None, "content": "Who is it?", "refusal": None, "tool_calls": None}, "Who is it?"),
        ({"role": "user", "content": "Who is it?", "cache_control": {"type": "ephemeral"}, "id": 7}, "Who is it?"),
    ],
)
async def test_the_question_is_read_in_every_shape(program, echo, upstream, message, text):
    assert await prompt(program, upstream, message) == [("user", text)]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"role": "assistant", "content": "Bob."}, "Bob."),
        ({"role": "assistant", "content": None, "refusal": "I cannot say."}, "I cannot say."),
        ({"role": "assistant", "content": [{"type": "refusal", "refusal": "I cannot say."}]}, "I cannot say."),
        (
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            '[Call of weather: {"city": "Vienna"}]',
        ),
        (
            {"role": "assistant", "content": "", "function_call": CALL["function"]},
            '[Call of weather: {"city": "Vienna"}]',
        ),
        *(
            ({"role": "assistant", "content": [part, {"type": "text", "text": "Bob."}]}, "Bob.")
            for part in (
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "redacted_thinking", "data": "s"},
                {"type": "reasoning", "summary": []},
                {"type": "tool_use", "id": "a", "name": "f", "input": {}},
            )
        ),
        ({"role": "assistant", "content": "Bob.", "audio": None, "annotations": [], "function_call": None}, "Bob."),
    ],
)
async def test_what_an_assistant_said_is_read_in_every_shape(program, echo, upstream, message, text):
    said = await prompt(program, upstream, USER, message, USER)
    assert said[1] == ("assistant", text)


@pytest.mark.parametrize("message", [{"role": "assistant", "content": None}, {"role": "assistant", "tool_calls": [1]}])
async def test_an_assistant_that_said_nothing_is_left_out(program, echo, upstream, message):
    assert [role for role, _ in await prompt(program, upstream, USER, message, USER)] == ["user"]


async def test_what_tools_returned_is_given_as_text(program, echo, upstream):
    """Clients continue a conversation in which another model called tools."""
    said = await prompt(
        program, upstream, USER, {"role": "assistant", "content": None, "tool_calls": [CALL]}, RESULT, USER
    )
    assert said[2] == ("user", f"[Result of weather]\nSunny.\n\n{USER['content']}")
    old = {"role": "function", "name": "clock", "content": "12:00"}
    assert "\n\n[Result of clock]\n12:00\n\n" in (await prompt(program, upstream, USER, old, USER))[0][1]
    unknown = {"role": "tool", "tool_call_id": "call_9", "content": [{"type": "text", "text": "Rain."}]}
    assert "\n\n[Result of a tool]\nRain.\n\n" in (await prompt(program, upstream, USER, unknown, USER))[0][1]


@pytest.mark.parametrize(
    "said",
    [
        {"role": "tool", "tool_call_id": "1", "content": f"Card {made.groups(made.card('4'))}"},
        {"role": "assistant", "tool_calls": [{"function": {"name": "pay", "arguments": made.groups(made.card("4"))}}]},
    ],
)
async def test_what_tools_say_is_looked_through_for_what_is_sensitive(program, echo, settings, upstream, said):
    settings.LOCAL_HOSTS = []
    status, error = error_of(await ask(program, messages=[USER, said, USER]))
    assert (status, error["code"]) == (403, "above_ceiling")
    assert upstream.requests() == []


@pytest.mark.parametrize("role", ["system", "developer"])
async def test_instructions_may_stand_anywhere(program, echo, upstream, role):
    rule = {"role": role, "content": [{"type": "text", "text": "Speak like a pirate."}]}
    for messages in ((rule, USER), (USER, rule), (USER, rule, USER)):
        await ask(program, messages=messages)
        system, *rest = sent(upstream)["messages"]
        assert system["content"].endswith("\n\nSpeak like a pirate.")
        assert {message["role"] for message in rest} == {"user"}


@pytest.mark.parametrize(
    ("messages", "param", "code"),
    [
        ([{"role": "user", "content": [{"type": "input_audio"}]}], "messages[0].content", "unsupported_value"),
        ([{"role": "user", "content": [{"type": "video"}]}], "messages[0].content", "invalid_value"),
        ([{"role": "user", "content": [{"type": "text"}]}], "messages[0].content", "invalid_value"),
        ([{"role": "user", "content": [5]}], "messages[0].content", "invalid_value"),
        (
            [{"role": "user", "content": [{"type": "thinking", "thinking": "hm"}]}],
            "messages[0].content",
            "invalid_value",
        ),
        ([USER, {"role": "user", "content": 5}], "messages[1].content", "invalid_type"),
        ([{"role": "user", "content": {"text": "x"}}], "messages[0].content", "invalid_type"),
        ([{"role": "user", "content": ""}], "messages[0].content", "invalid_value"),
        ([{"role": "user", "content": " \n"}], "messages[0].content", "invalid_value"),
        ([{"role": "user", "content": None}], "messages[0].content", "invalid_value"),
        ([{"role": "user"}], "messages[0].content", "invalid_value"),
        ([{"role": "robot", "content": "x"}], "messages[0].role", "invalid_value"),
        ([{"content": "x"}], "messages[0].role", "missing_required_parameter"),
        ([{"role": "system", "content": "x"}], "messages", "invalid_value"),
        ([USER, {"role": "assistant", "content": "x"}], "messages[1].role", "invalid_value"),
        ([{"role": "assistant", "tool_calls": "x"}, USER], "messages[0].tool_calls", "invalid_type"),
    ],
    ids=str,
)
async def test_what_cannot_be_read_is_refused_by_its_place(program, echo, upstream, messages, param, code):
    status, error = error_of(await ask(program, messages=messages))
    assert (status, error["type"]) == (400, "invalid_request_error")
    assert (error["param"], error["code"]) == (param, code)
    assert upstream.requests() == []
    assert not await Reservation.objects.filter(status="held").aexists()


@pytest.mark.parametrize("role", ["user", "assistant", "system", "tool"])
async def test_a_message_has_its_own_limit_whoever_said_it(program, echo, upstream, settings, role):
    most = settings.API_MESSAGE_MAX_CHARS
    assert most == 200_000
    fits, longer = ({"role": role, "content": "x" * size} for size in (most, most + 1))
    assert (await ask(program, messages=[fits, USER])).status_code == 200
    status, error = error_of(await ask(program, messages=[longer, USER]))
    assert (status, error["code"], error["param"]) == (400, "string_above_max_length", "messages[0].content")
    assert "200,000" in error["message"]


async def test_a_long_question_is_asked_in_full(program, echo, upstream):
    text = "A line of a file.\n" * 11_000 + "What does it do?"
    assert await prompt(program, upstream, {"role": "user", "content": text}) == [("user", text)]


async def test_a_conversation_has_a_limit_as_a_whole(program, echo, settings):
    settings.API_REQUEST_MAX_CHARS = 100
    status, error = error_of(await ask(program, messages=[{"role": "user", "content": "x" * 60}] * 2))
    assert (status, error["code"], error["param"]) == (400, "context_length_exceeded", "messages")
    assert "100" in error["message"]


async def test_a_body_may_hold_the_longest_conversation(program, echo, settings):
    """Written as by clients that send only ASCII."""
    words = "Größe " * (settings.API_MESSAGE_MAX_CHARS // 6)
    said = [{"role": "user", "content": words}] * 4
    answer = await program.post(CHAT, {"model": echo, "messages": [*said, USER], "max_tokens": 5})
    assert answer.status_code == 200, answer.content


async def test_the_page_keeps_its_own_limit(program, echo, settings):
    answer = await program.post("/chat", message="x" * (settings.MESSAGE_MAX_CHARS + 1))
    assert answer.status_code == 422
