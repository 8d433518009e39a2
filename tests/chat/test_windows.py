"""Small context windows: what of a turn is sent, how long the answer may be, and what the person is told."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.conversations.drafts import Options, Pick
from chat.models import Message
from chat.pages.receipt_text import receipt_lines
from chat.routing.route import LEAST_ANSWER, NoModelError
from chat.turns import prompts, receipts, storage, windows
from chat.turns.receipt import EMPTY
from chat.turns.windows import PromptTexts, fitted, shorter
from langai_site.outbound.types import ChatMessage
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import ModelPrice
from tests.chat.factories import long_conversation, numbered, version_of
from tests.chat.test_fallback import model, turn
from tests.outbound.conftest import connections, upstream  # noqa: F401 - fixtures

LONG = "The quick brown fox jumps over the lazy dog again. " * 20
ANSWER = 4_000


def conversation(turns, text=LONG):
    said = [(role, f"{role} {at}. {text}") for at in range(turns) for role in ("user", "assistant")]
    return tuple(ChatMessage.of(role, text) for role, text in said)


def total(prompt):
    return prompts.most_tokens(prompt.messages) + prompt.max_tokens


def test_the_longest_answer_is_what_is_left_of_a_small_window():
    prompt = fitted(PromptTexts("What is two plus two?"), 4_096, ANSWER)
    assert (total(prompt), prompt.left_out, prompt.notice, prompt.answer_limit) == (4_096, 0, "", "")
    assert 3_600 < prompt.max_tokens < ANSWER
    assert fitted(PromptTexts("What is two plus two?"), 0, ANSWER).max_tokens == ANSWER
    assert fitted(PromptTexts("What is two plus two?"), 4_096, 100).max_tokens == 100


def test_an_answer_that_is_much_shorter_than_usual_is_told():
    prompt = fitted(PromptTexts("x" * 7_000), 4_096, ANSWER)
    assert prompt.answer_limit == f"The answer may be at most {prompt.max_tokens:,} tokens long here."
    assert 1_000 < prompt.max_tokens < 2_000


def test_the_oldest_turns_leave_first_and_that_is_told():
    prompt = fitted(PromptTexts("And now?", conversation(4)), 2_560, 1_000)
    assert prompt.notice == "4 earlier messages were left out."
    assert [message.text.split(".")[0] for message in prompt.messages[1:-1]] == [
        *("user 2", "assistant 2", "user 3", "assistant 3")
    ]
    assert total(prompt) <= 2_560
    assert replace(prompt, left_out=1).notice == "1 earlier message was left out."


def test_what_no_prompt_has_room_for_is_told_as_well():
    prompt = fitted(PromptTexts("And now?", conversation(20)), 0, ANSWER)
    kept = len(prompt.messages) - 2
    assert 0 < kept < 40
    assert prompt.notice == f"{40 - kept} earlier messages were left out."


def test_passages_outlast_old_turns_and_the_best_outlast_the_latest_turn():
    texts = PromptTexts("And for them?", conversation(3), numbered(*[LONG] * 8))
    seen = [fitted(texts, window, ANSWER) for window in range(8_000, 700, -50)]
    kept = [(len(prompt.texts.history), len(prompt.passages)) for prompt in seen]
    assert list(dict.fromkeys(kept)) == [
        *((6, 8), (4, 8), (2, 8), (2, 7), (2, 6), (2, 5), (2, 4), (2, 3), (0, 3), (0, 2), (0, 1), (0, 0))
    ]
    assert "5 passages were left out." in seen[kept.index((2, 3))].notice


def test_what_a_program_sends_stays_whole():
    texts = PromptTexts("And now?", conversation(4), numbered(*[LONG] * 4), keeps_history=True)
    prompt = fitted(texts, 4_096, ANSWER)
    assert (prompt.left_out, len(prompt.messages)) == (0, 10)
    assert prompt.passages_left_out > 0
    assert texts.least.tokens > PromptTexts("And now?").tokens + 2_000


def test_a_long_answer_is_continued_from_its_end():
    texts = PromptTexts("Why?", conversation(1), (), "Because " + LONG * 20 + "so it must")
    assert texts.least.tokens < 1_000
    prompt = fitted(texts, 2_048, ANSWER)
    assert prompt.messages[-2].text.endswith("so it must")
    assert len(prompt.messages[-2].text) == windows.WRITTEN_END
    assert fitted(texts, 0, ANSWER).messages[-2].text == texts.written


words = st.text("abc \n", max_size=400)
histories = st.lists(st.tuples(words, words), max_size=8).map(
    lambda turns: tuple(
        ChatMessage.of(role, text) for turn in turns for role, text in zip(("user", "assistant"), turn, strict=True)
    )
)


@settings(deadline=None)
@given(histories, st.lists(words, max_size=6), words, st.integers(1, 4_000), st.integers(0, 3_000))
def test_a_prompt_fits_every_window_that_routing_lets_through(history, passages, written, asked, more):
    texts = PromptTexts("What is two plus two?", history, numbered(*passages), written)
    window = texts.least.tokens + min(asked, LEAST_ANSWER) + more
    prompt = fitted(texts, window, asked)
    assert total(prompt) <= window
    assert total(fitted(texts, window, asked, whole=texts.messages())) <= window
    assert prompt.max_tokens >= min(asked, LEAST_ANSWER)
    assert prompt.messages[0].text.startswith(prompts.INSTRUCTIONS)
    assert any(texts.question in message.text for message in prompt.messages)
    assert prompt.texts.history == history[len(history) - len(prompt.texts.history) :]
    assert len(prompt.texts.history) % 2 == 0
    assert prompt.passages == texts.passages[: len(prompt.passages)]
    whole = texts.messages()
    if windows.holds(window, prompts.most_tokens(whole), asked):
        assert fitted(texts, window, asked, whole=whole).messages == whole


def test_one_more_try_has_a_quarter_less_and_there_is_no_third():
    texts = PromptTexts("And now?", conversation(4))
    first = fitted(texts, 0, ANSWER)
    again = shorter(first, texts)
    assert (again.left_out, again.max_tokens) == (2, 3_000)
    assert shorter(again, texts) is None
    assert shorter(fitted(PromptTexts("And now?"), 0, 100), PromptTexts("And now?")) is None


def sent(upstream):  # noqa: F811
    return [json.loads(each["body"]) for each in upstream.requests("/v1/chat")]


@pytest.mark.usefixtures("upstream")
class TestTurns:
    async def test_a_model_of_4096_tokens_answers_a_short_question(self, upstream):  # noqa: F811
        small = model("t5-c4096", context_window=4_096)
        done = await turn(small)
        assert "word1" in done.text
        (body,) = sent(upstream)
        assert 3_600 < body["max_tokens"] < 4_000

    async def test_one_of_8192_keeps_a_conversation_of_100_long_messages_alive(self, upstream):  # noqa: F811
        small = model("t5-c8192", context_window=8_192)
        done = await turn(small, history=conversation(50), history_chars=10**6, pick=Pick(small.name))
        assert "word1" in done.text
        (body,) = sent(upstream)
        kept = len(body["messages"]) - 2
        assert body["messages"][-2]["content"].startswith("assistant 49")
        assert 10 < kept < 40
        receipt = receipts.receipt_of(done.prepared[-1], done.entries, EMPTY, 5)
        notice = f"{100 - kept} earlier messages were left out."
        lines = dict(receipt_lines(receipt))
        assert (receipt.notice, lines["Notice"]) == (notice, notice)
        assert lines["Length"].startswith("The answer may be at most")

    async def test_each_model_that_is_tried_has_a_prompt_of_its_own_size(self, upstream):  # noqa: F811
        large, small = model("fail-broken", 1), model("t5-c4096", 2, context_window=4_096)
        await turn(large, small, history=conversation(20), history_chars=10**6)
        first, second = sent(upstream)
        assert len(first["messages"]) == 42
        assert 4 <= len(second["messages"]) < 20
        assert first["max_tokens"] == 4_000 > second["max_tokens"]

    async def test_what_is_left_out_still_counts_for_the_label(self, upstream):  # noqa: F811
        secret = (storage.labels.Cause(Sensitivity.CONFIDENTIAL, "chosen by you"),)
        hosted = model("t5-c4096", 1, context_window=4_096, hosted=True, ceiling=Sensitivity.INTERNAL)
        done = await turn(hosted, history=conversation(20), causes=secret)
        assert (done.error.code, sent(upstream)) == ("above_ceiling", [])

    async def test_what_is_held_is_what_the_shortened_answer_can_cost(self):
        price, held = ModelPrice("1", input=Decimal(0), output=Decimal(1), cached=Decimal(0)), []

        async def hold(most):
            held.append(most)

        hosted = {"hosted": True, "price": price, "ceiling": Sensitivity.INTERNAL}
        done = await turn(model("t5-c4096", context_window=4_096, **hosted), afford=hold)
        per_token = held[0] / done.prepared[-1].prompt.max_tokens
        assert done.prepared[-1].prompt.max_tokens < 4_000
        assert per_token == Decimal(1) / 1_000_000

    async def test_a_question_that_is_too_long_by_itself_is_refused_as_before(self, upstream):  # noqa: F811
        done = await turn(model("t5-c4096", context_window=4_096), instructions="x" * 12_000, history=conversation(3))
        assert isinstance(done.error, NoModelError)
        assert (done.error.code, sent(upstream)) == ("too_long", [])
        assert "room for 4,096 at most" in done.error.message

    async def test_a_provider_that_finds_it_too_long_is_asked_once_more_with_less(self, upstream):  # noqa: F811
        done = await turn(model("t5-k9000"), history=conversation(5), history_chars=10**6)
        assert "word1" in done.text
        first, second = sent(upstream)
        assert (len(first["messages"]), len(second["messages"])) == (12, 8)
        assert [entry.status for entry in done.entries] == ["too_long", "complete"]
        assert done.prepared[-1].notice == "4 earlier messages were left out."

    @pytest.mark.django_db(transaction=True)
    async def test_a_window_that_only_a_refusal_names_is_fitted_into(self, upstream):  # noqa: F811
        done = await turn(model("strict-smallwindow-t5"), history=conversation(100), history_chars=10**6)
        assert "word1" in done.text
        first, second = sent(upstream)
        assert first["max_tokens"] == ANSWER
        assert len(first["messages"]) > len(second["messages"]) > 2
        assert done.prepared[-1].notice.endswith("earlier messages were left out.")

    async def test_and_then_the_next_model_is_asked(self, upstream):  # noqa: F811
        done = await turn(model("fail-toolong", 1), model("t5", 2), history=conversation(2))
        assert done.asked == ["fail-toolong", "fail-toolong", "t5"]
        assert len(sent(upstream)[-1]["messages"]) == 6

    async def test_a_chosen_length_is_no_longer_than_it_was_on_one_more_try(self, upstream):  # noqa: F811
        await turn(model("fail-toolong"), options=Options(max_tokens=50), history=conversation(4))
        assert [body["max_tokens"] for body in sent(upstream)] == [50, 50]


@pytest.mark.django_db
def test_replies_that_failed_leave_a_history_that_alternates(alice):
    _conversation, messages = long_conversation(alice, 6)
    Message.objects.filter(id=messages[1].id).update(parts=[], status=Message.Status.FAILED)
    Message.objects.filter(id=messages[3].id).update(parts=storage.text_part("Half"), status=Message.Status.STOPPED)
    other = version_of(messages[5], " ")
    for leaf in (messages[5], other, messages[4]):
        prompt = prompts.messages("Now?", storage.history(leaf.id), ())
        roles = [message.role for message in prompt[1:]]
        assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]
        assert "Message 0\n\nMessage 2" in prompt[1].text
        assert prompt[2].text == "Half"
