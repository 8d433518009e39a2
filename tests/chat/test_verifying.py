"""From the passages of a turn to what its answer stores."""

import uuid
from dataclasses import replace

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from chat.conversations import labels
from chat.conversations.drafts import Pick
from chat.llm.types import Numbered
from chat.models import Citation, Message
from chat.pages import fragments
from chat.turns import cited_sources, closing, storage, turn
from chat.turns.receipts import kept_of, source_of
from chat.turns.turn import numbered
from chat.turns.values import Cited, TurnRequest
from langai_site.errors import NotFoundError
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller
from search.language_names import in_language
from search.models import Collection
from search.types import Reader
from tests.chat import factories
from tests.chat.factories import hit
from tests.chat.test_turns import STATUS, outcome

DAYS = "Refunds are paid within thirty days of the invoice date."
LIMIT = "Above EUR 50,000 the CFO signs in writing."


def request(question="When are refunds paid?", **changes):
    basis = {
        "history": (),
        "causes": (labels.started(Sensitivity.PUBLIC),),
        "pick": Pick("auto"),
        "catalogue": (),
        "reader": Reader(1, ()),
    }
    return TurnRequest(question, **basis | {"caller": Caller()} | changes)


def kept(text, passages, is_complete=True, **changes):
    return kept_of(text, request(**changes), passages, is_complete=is_complete)


def test_an_answer_keeps_the_passages_that_it_cites_and_no_number_that_names_nothing():
    found = kept("Thirty days [2, 7].", factories.numbered(LIMIT, DAYS))
    assert found.text == "Thirty days [2]."
    assert [(source["number"], source["location"]) for source in found.sources] == [(2, "page 3")]


def test_a_quotation_in_no_passage_is_told_once_the_answer_is_complete():
    text = f"“{DAYS}” [1] and “refunds are paid when somebody remembers” [1]"
    assert kept(text, factories.numbered(DAYS)).unverified == ("refunds are paid when somebody remembers",)
    assert kept(text, factories.numbered(DAYS), is_complete=False).unverified == ()


def test_where_no_passage_was_given_nothing_is_said_to_be_missing_from_the_sources():
    assert kept("He said “to be or not to be” [1]", ()).unverified == ()
    assert kept("He said “to be or not to be” [1]", ()).text == "He said “to be or not to be”"


def test_the_question_and_what_a_passage_is_called_may_be_quoted():
    passages = (Numbered(1, hit(DAYS, title="Refund policy for partners abroad")),)
    text = "“Refund policy for partners abroad” has nothing on “does my dog get a refund”"
    assert kept(text, passages, question="does my dog get a refund?").unverified == ()


def test_a_quotation_may_run_over_the_page():
    source = uuid.uuid4()
    second = Numbered(1, hit("of the invoice date.", page=4, source=source))
    first = Numbered(2, hit("Refunds are paid within thirty days", page=3, source=source))
    assert kept(f"“{DAYS}” [2]", (second, first)).unverified == ()


def place(number, found):
    return source_of(Numbered(number, found))


def test_a_continued_answer_may_cite_what_its_earlier_part_was_given():
    earlier = Cited(place(3, hit(DAYS)), DAYS)
    found = kept(f"“{DAYS}” [3] and [4], [5]", (Numbered(4, hit(LIMIT)),), cited=(earlier,))
    assert found.text == f"“{DAYS}” [3] and [4]"
    assert {source["number"] for source in found.sources} == {3, 4}
    assert found.unverified == ()


def test_a_number_keeps_its_passage_when_the_answer_goes_on():
    same, other = hit(DAYS, start=10), hit(LIMIT, start=90)
    again = numbered((other, same), (Cited(place(2, same)),))
    assert [(passage.number, passage.hit) for passage in again] == [(3, other), (2, same)]


def test_a_passage_that_is_read_with_its_neighbour_now_gets_a_number_of_its_own():
    source = uuid.uuid4()
    alone, merged = hit(DAYS, source=source), hit(f"{DAYS} {LIMIT}", source=source)
    assert [passage.number for passage in numbered((merged,), (Cited(place(1, alone)),))] == [2]


async def test_where_no_documents_are_asked_nothing_is_searched():
    asked = request(reader=Reader(1, (404,)), asked=())
    events = [event async for event in turn.run(asked, lambda entry: None, factories.FixedState())]
    assert events[0].passages == ()
    assert events[0].notice == ""
    assert "No documents were searched" in "".join(event.text for event in events[2:])


@pytest.fixture
def cited(alice):
    """Make an interrupted answer of Alice's that cites the second version of a document, replaced by a third."""
    shared = Collection.objects.create(name="Shared", everyone=True)
    document = uuid.uuid4()
    named = {"document": document, "title": "Refunds", "file_name": "r.pdf"}
    versions = [
        shared.sources.create(version=2, retired_at=timezone.now(), **named),
        shared.sources.create(version=3, live=True, **named),
    ]
    for source in versions:
        source.pages.create(number=1, text=f"Version {source.version}. {DAYS}")
    started = storage.post(alice, None, "When?")
    found = place(1, hit(DAYS, title="Refunds", source=versions[0].pk, page=1, start=11))
    assert closing.close(started, outcome(status=STATUS.STOPPED, text="Thirty [1]", sources=[found]), [])
    return started, versions, shared


def test_a_citation_keeps_no_text_and_shows_the_version_that_the_answer_was_given(cited, alice):
    started, (old, new), _shared = cited
    row = Citation.objects.values().get(reply=started.reply)
    assert DAYS not in str(row)
    assert (row["location"], row["version"]) == ("page 1", 1)
    shown = cited_sources.excerpt(alice, started.reply, 1, None)
    assert (shown.before, shown.marked, shown.location) == ("Version 2. ", DAYS, "page 1")
    assert (shown.source_id, shown.current) == (old.pk, new.pk)


def test_a_citation_says_that_its_text_is_in_another_language(alice):
    shared = Collection.objects.create(name="Shared", everyone=True)
    source = shared.sources.create(document=uuid.uuid4(), title="Urlaub", file_name="u.pdf", live=True)
    source.pages.create(number=1, text="Jede Person hat dreißig Tage.")
    started = storage.post(alice, None, "How many days?")
    german = replace(hit("Jede Person", title="Urlaub", source=source.pk, page=1, start=0), foreign="de")
    closing.close(started, outcome(text="Thirty [1]", sources=[place(1, german)]), [])
    reply = Message.objects.get(id=started.reply)
    [chip] = fragments._ended_bubble(reply, fragments.NOTHING).citations
    assert (chip["place"], chip["whole"]) == ("page 1 · in German", "Urlaub, page 1, in German")
    shown = cited_sources.excerpt(alice, started.reply, 1, None)
    context = {"excerpt": shown, "number": 1, "language": in_language(shown.foreign)}
    assert "Shared · in German · " in render_to_string("chat/citation.html#panel", context)


def test_a_citation_is_checked_again_when_it_is_opened(cited, alice):
    started, _versions, shared = cited
    shared.everyone = False
    shared.save()
    with pytest.raises(NotFoundError):
        cited_sources.excerpt(alice, started.reply, 1, None)


def test_a_continued_answer_knows_the_text_that_it_cites_while_it_may_be_read(cited, alice):
    started, _versions, shared = cited
    assert storage.resume(alice, started.reply).request.cited[0].text == DAYS
    closing.close(started, outcome(), [])
    Message.objects.filter(id=started.reply).update(status=STATUS.STOPPED)
    shared.everyone = False
    shared.save()
    assert [old.text for old in storage.resume(alice, started.reply).request.cited] == [""]


def test_what_a_dead_process_was_given_to_cite_is_lost_but_for_what_is_kept(cited, alice):
    started, _versions, _shared = cited
    resumed = storage.resume(alice, started.reply)
    closing.checkpoint(resumed, "Thirty [1] or ninety [2].", ())
    Message.objects.update(lease_until="2020-01-01T00:00:00Z")
    assert closing.sweep()
    assert Message.objects.get(id=started.reply).text == "Thirty [1] or ninety."


def test_replaced_versions_go_when_no_answer_cites_them_any_more(cited):
    started, (old, new), shared = cited
    shared.sources.filter(pk=old.pk).update(retired_at="2020-01-01T00:00:00Z")
    cited_sources.discard_uncited()
    assert shared.sources.count() == 2
    Message.objects.filter(id=started.reply).delete()
    cited_sources.discard_uncited()
    assert [source.pk for source in shared.sources.all()] == [new.pk]
