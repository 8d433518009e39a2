"""When two turns are the same: what the key of a cached answer is made of."""

from dataclasses import replace
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from chat.llm.types import ModelQuestion
from chat.turns import answers_cache
from langai_site.outbound.types import ChatMessage, unchanging
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller
from tests.chat.factories import numbered
from tests.chat.test_fallback import model

USUAL = ModelQuestion(
    model=model("t5", parameters={"top_p": 0.5}),
    messages=(ChatMessage.of("system", "Be brief."), ChatMessage.of("user", "How long?")),
    question="How long?",
    passages=numbered("Thirty days.", source=uuid4()),
    label=Sensitivity.PUBLIC,
    max_tokens=1000,
    caller=Caller(),
    temperature=0.5,
    read_present=unchanging(Sensitivity.PUBLIC),
)
READERS = (3, 5)
words = st.text("ab ?", max_size=5)


def with_hit(**changes):
    (passage,) = USUAL.passages
    return replace(USUAL, passages=(replace(passage, hit=replace(passage.hit, **changes)),))


# Changes that make a different turn, each with a value.
CHANGES = {
    "model": (words, lambda value: replace(USUAL, model=replace(USUAL.model, name=value))),
    "hosted": (st.booleans(), lambda value: replace(USUAL, model=replace(USUAL.model, hosted=value))),
    "parameters": (
        st.dictionaries(st.sampled_from(["top_p", "seed", "top_k"]), st.integers() | st.floats(0, 1)),
        lambda value: replace(USUAL, model=replace(USUAL.model, parameters=value)),
    ),
    "temperature": (st.none() | st.floats(0, 2), lambda value: replace(USUAL, temperature=value)),
    "max_tokens": (st.integers(1, 10**6), lambda value: replace(USUAL, max_tokens=value)),
    "local_only": (st.booleans(), lambda value: replace(USUAL, local_only=value)),
    "label": (st.sampled_from(Sensitivity), lambda value: replace(USUAL, label=value)),
    "messages": (
        st.lists(st.builds(ChatMessage, st.sampled_from(["system", "user", "assistant"]), words)).map(tuple),
        lambda value: replace(USUAL, messages=value),
    ),
    "passage": (st.integers(), lambda value: with_hit(passage_id=value)),
    "source": (st.uuids(), lambda value: with_hit(source_id=value)),
    "version": (st.integers(), lambda value: with_hit(version=value)),
    "start": (st.integers(), lambda value: with_hit(start=value)),
    "end": (st.integers(), lambda value: with_hit(end=value)),
    "page": (st.integers(), lambda value: with_hit(page=value)),
    "passages": (
        st.lists(words, max_size=3),
        lambda value: replace(USUAL, passages=numbered(*value, source=USUAL.passages[0].hit.source_id, start=9)),
    ),
}
# What distinguishes two turns; what an answer does not depend on is not in it.
SEEN = ("model", "messages", "passages", "label", "max_tokens", "temperature", "local_only")


@given(st.data(), st.sampled_from(sorted(CHANGES)))
def test_any_part_that_changes_changes_the_key(data, part):
    values, changed = CHANGES[part]
    other = changed(data.draw(values))
    is_same = all(getattr(other, name) == getattr(USUAL, name) for name in SEEN)
    assert (answers_cache.key_of(other, READERS) == answers_cache.key_of(USUAL, READERS)) == is_same


@given(st.lists(st.integers(1, 6), unique=True))
def test_the_same_collections_in_any_order_are_the_same_readers(collections):
    same = answers_cache.key_of(USUAL, collections) == answers_cache.key_of(USUAL, READERS)
    assert same == (set(collections) == set(READERS))


def test_a_key_depends_on_the_person_unless_answers_are_shared(settings):
    alice, bob = (replace(USUAL, caller=Caller(number)) for number in (1, 2))
    assert answers_cache.key_of(alice, READERS) != answers_cache.key_of(bob, READERS)
    settings.CACHE_SHARED = True
    assert answers_cache.key_of(alice, READERS) == answers_cache.key_of(bob, READERS)


def test_a_key_does_not_depend_on_where_somebody_asks_and_tells_nothing_of_what():
    other = replace(USUAL, caller=Caller(None, "", "reds", uuid4(), uuid4(), "api"), route="chosen by you")
    key = answers_cache.key_of(other, READERS)
    assert key == answers_cache.key_of(USUAL, READERS)
    assert "How long" not in key
    kind, _, digest = key.partition(":")
    assert (kind, len(digest)) == ("answers", 64)


def test_who_does_not_have_the_servers_secret_cannot_make_a_key(settings):
    before = answers_cache.key_of(USUAL, READERS)
    settings.SECRET_KEY = "another"
    assert answers_cache.key_of(USUAL, READERS) != before


def test_a_text_that_is_no_whole_text_has_a_key_too():
    half = replace(USUAL, messages=(ChatMessage.of("user", "\ud83d"),))
    assert answers_cache.key_of(half, ()) != answers_cache.key_of(USUAL, ())


def test_a_new_version_of_a_document_is_another_passage_though_it_says_the_same():
    assert answers_cache.key_of(with_hit(version=2), READERS) != answers_cache.key_of(USUAL, READERS)
    assert answers_cache.key_of(with_hit(source_id=uuid4()), READERS) != answers_cache.key_of(USUAL, READERS)
