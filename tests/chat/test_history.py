"""Search in one's own conversations."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test import AsyncClient
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from chat.conversations import access, forks
from chat.history import finding, rows
from chat.history.finding import HistoryFilters
from chat.models import Conversation, Message, MessageWords
from chat.turns import closing, storage
from langai_site.database.writer import in_database_thread
from langai_site.sensitivity import Sensitivity
from tests.chat.factories import long_conversation
from tests.chat.test_conversations import finish

HTMX = {"HX-Request": "true"}


def said(person, question, answer="An answer.", **more):
    started = storage.post(person, None, question, "quotes", **more)
    finish(started, answer)
    return started


def found(person, query, **filters):
    return [each.conversation.title for each in finding.find(person.id, query, HistoryFilters(**filters)).found]


@pytest.fixture
def talks(alice):
    return [
        said(alice, "How long is the parental leave?", "Fourteen weeks, by the house rules."),
        said(alice, "Wie hoch ist die Urlaubsvergütung?", "Die Vergütung beträgt 1.250,00 Euro."),
        said(alice, "Explain `parse_config(path)`", "It raises ERR-4711 if the file is missing."),
        said(alice, "年假有多少天", "二十五天。"),
    ]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("parental leave", "How long is the parental leave?"),
        ("fourteen", "How long is the parental leave?"),
        ("leaves", "How long is the parental leave?"),
        ("Vergütungen", "Wie hoch ist die Urlaubsvergütung?"),
        ("VERGÜTUNG urlaub", "Wie hoch ist die Urlaubsvergütung?"),
        ("err 4711", "Explain `parse_config(path)`"),
        ("parse_config", "Explain `parse_config(path)`"),
        ("年假", "年假有多少天"),
        ("二十五天", "年假有多少天"),
        ("paren", "How long is the parental leave?"),
        ("the parental lea", "How long is the parental leave?"),
    ],
)
def test_titles_questions_and_answers_are_found_in_many_languages_and_while_one_types(talks, alice, query, title):
    assert found(alice, query) == [title]


@pytest.mark.parametrize("query", ["", "   ", "?!", "zebra", '"', "' | *", ")) AND (", "x" * 5000, "\0"])
def test_nothing_is_found_where_there_is_nothing_and_no_query_breaks_it(talks, alice, query):
    assert found(alice, query) == []


def test_if_nothing_has_all_words_what_has_some_is_shown(talks, alice):
    findings = finding.find(alice.id, "parental zebra")
    assert findings.is_partial
    assert [each.conversation.title for each in findings.found] == ["How long is the parental leave?"]
    assert not finding.find(alice.id, "parental leave").is_partial


def test_everybody_finds_only_their_own(talks, bob, admin):
    for other in (bob, admin):
        assert found(other, "leave") == []


def test_the_newest_message_is_shown_and_the_others_are_counted(talks, alice):
    first = talks[0]
    second = storage.post(alice, first.conversation, "And the leave for fathers?", "quotes")
    finish(second, "Two weeks of leave.")
    [result] = finding.find(alice.id, "leave").found
    assert (result.message.id, result.count) == (second.reply, 3)


def test_other_branches_are_found_too(talks, alice):
    edited = storage.edit(alice, talks[0].question, "How long is the sabbatical?")
    finish(edited, "A year.")
    [result] = finding.find(alice.id, "fourteen").found
    assert result.message.id == talks[0].reply


def test_results_are_filtered_by_label_and_time(talks, alice):
    said(alice, "The secret leave", label=Sensitivity.CONFIDENTIAL)
    assert found(alice, "leave", label=Sensitivity.CONFIDENTIAL) == ["The secret leave"]
    old = timezone.now() - timezone.timedelta(days=40)
    Message.objects.filter(conversation=talks[0].conversation).update(created_at=old)
    Conversation.objects.filter(id=talks[0].conversation).update(updated_at=old)
    assert found(alice, "leave", days=30) == ["The secret leave"]
    assert len(found(alice, "leave", days=365)) == 2


def test_a_deleted_conversation_is_gone_at_once_and_comes_back(talks, alice):
    access.delete(alice.id, talks[0].conversation)
    assert found(alice, "leave") == []
    access.restore(alice.id, talks[0].conversation)
    assert len(found(alice, "leave")) == 1


def words_left() -> int:
    with connection.cursor() as cursor:
        table = "chat_messagewords" if connection.vendor == "postgresql" else "chat_messagetokens"
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


def test_what_is_deleted_for_good_leaves_no_words(talks, alice):
    assert words_left() == MessageWords.objects.count() == 12
    Conversation.objects.filter(id=talks[0].conversation).delete()
    assert words_left() == MessageWords.objects.count() == 9
    alice.delete()
    assert words_left() == MessageWords.objects.count() == 0


def test_a_new_title_replaces_the_old_one(talks, alice):
    access.rename(alice.id, talks[3].conversation, "Holidays in China")
    assert found(alice, "china") == ["Holidays in China"]
    access.rename(alice.id, talks[3].conversation, "Days off")
    assert found(alice, "china") == []


def test_a_continued_answer_is_found_by_all_of_it_and_once(alice):
    started = storage.post(alice, None, "Count", "quotes")
    outcome = closing.TurnOutcome("one two", Message.Status.STOPPED, ())
    assert closing.close(started, outcome, [])
    finish(storage.resume(alice, started.reply), "one two three")
    assert found(alice, "three") == ["Count"]
    assert MessageWords.objects.filter(message=started.reply).count() == 1


def test_an_answer_whose_process_died_is_found(alice):
    started = storage.post(alice, None, "Count", "quotes")
    closing.checkpoint(started, "seventeen", ())
    Message.objects.filter(id=started.reply).update(lease_until=timezone.now() - timezone.timedelta(minutes=1))
    closing.sweep()
    assert found(alice, "seventeen") == ["Count"]


def test_a_copy_is_found_as_well(talks, alice):
    forks.fork(alice, talks[0].reply)
    assert found(alice, "fourteen") == ["How long is the parental leave?"] * 2


def test_what_was_there_before_the_index_is_added(alice):
    long_conversation(alice, 10, text="Zanzibar {}")
    assert found(alice, "zanzibar") == []
    rows.fill()
    [result] = finding.find(alice.id, "zanzibar").found
    assert result.count == 10
    assert MessageWords.objects.count() == 11
    rows.fill()
    assert MessageWords.objects.count() == 11


def test_another_analyser_indexes_again(talks, alice, monkeypatch):
    monkeypatch.setattr(rows, "VERSION", rows.VERSION + 1)
    rows.fill()
    assert found(alice, "fourteen") == ["How long is the parental leave?"]
    assert not MessageWords.objects.exclude(version=rows.VERSION).exists()
    assert words_left() == MessageWords.objects.count() == 12


# Pages


@pytest.fixture
async def client(alice):
    client = AsyncClient()
    await client.aforce_login(alice)
    return client


async def test_the_page_marks_the_words_and_leads_to_the_message(transactional_db, client, alice):
    started = await in_database_thread(said, alice, "How long is the <b>leave</b>?", "Fourteen weeks & a day.")
    page = await client.get(reverse("chat:history"), {"q": "fourteen"})
    assert "<mark>Fourteen</mark> weeks &amp; a day." in page.text
    assert "How long is the &lt;b&gt;leave&lt;/b&gt;?" in page.text
    assert f"?reply={started.reply}" in page.text
    there = await client.get(f"/conversations/{started.conversation}/", {"reply": str(started.reply)}, follow=True)
    assert "Fourteen weeks" in there.text


async def test_the_sidebar_shows_results_and_the_list_again(transactional_db, client, alice):
    await in_database_thread(said, alice, "How long is the leave?")
    results = await client.get(reverse("chat:history"), {"q": "leave"}, headers=HTMX)
    assert 'id="conversations" class="history"' in results.text
    assert "1 conversation<" in results.text
    assert "<html" not in results.text
    nothing = await client.get(reverse("chat:history"), {"q": "zebra"}, headers=HTMX)
    assert "Nothing found for “zebra”." in nothing.text
    back = await client.get(reverse("chat:history"), {"q": ""}, headers=HTMX)
    assert "Today" in back.text


async def test_strangers_are_asked_to_sign_in(transactional_db):
    response = await AsyncClient().get(reverse("chat:history"), {"q": "leave"})
    assert response.status_code == 302
    assert "/accounts/login/" in response["Location"]


def test_filters_find_what_is_behind_many_newer_matches(alice, monkeypatch):
    monkeypatch.setattr(finding, "READ", 5)
    said(alice, "The secret leave", label=Sensitivity.CONFIDENTIAL)
    for number in range(6):
        said(alice, f"The leave {number}")
    assert found(alice, "leave", label=Sensitivity.CONFIDENTIAL) == ["The secret leave"]


@pytest.mark.any_database
def test_a_text_made_to_be_costly_has_few_words(alice):
    long = ("1." * 25_000, "10.0.0.1." * 5_000, "a-" * 25_000, "ab1" * 15_000)
    assert all(len(rows.tokens_of(rows.IndexedText(alice.id, uuid4(), None, text))) < 100 for text in long)


def queries_for(person, words) -> int:
    with CaptureQueriesContext(connection) as queries:
        finding.find(person.id, words)
    return len(queries)


def test_of_a_word_that_is_often_said_only_the_newest_are_looked_up(alice, monkeypatch):
    monkeypatch.setattr(finding, "READ", 5)
    monkeypatch.setattr(finding, "BATCH", 10)
    long_conversation(alice, 10, text="Zanzibar {}")
    rows.fill()
    few = queries_for(alice, "zanzibar")
    long_conversation(alice, 60, text="Zanzibar {}", title="Newer")
    rows.fill()
    assert queries_for(alice, "zanzibar") == few
    assert found(alice, "zanzibar") == ["Newer"]


def test_what_may_be_shown_is_found_behind_more_than_one_batch_of_what_may_not(alice, bob, monkeypatch):
    monkeypatch.setattr(finding, "BATCH", 3)
    old = said(alice, "The old zanzibar")
    gone = said(alice, "The zanzibar")
    for _ in range(4):
        finish(storage.post(alice, gone.conversation, "More zanzibar", "quotes"), "Zanzibar.")
    access.delete(alice.id, gone.conversation)
    assert found(alice, "zanzibar") == ["The old zanzibar"]
    assert [each.count for each in finding.find(alice.id, "zanzibar").found] == [1]
    assert old
