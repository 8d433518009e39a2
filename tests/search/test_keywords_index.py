# ruff: noqa: RUF001 - letters of other scripts belong here
"""What every keyword index does. Runs on the tests' database; test_keywords_postgres.py runs it on PostgreSQL."""

from contextlib import suppress
from uuid import uuid4

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.keywords import KeywordText, analyser, get_index
from search.models import Collection, Passage, PassageKeywords, Source

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf():
    return Shelf(Collection.objects.create(name=f"Shelf {uuid4()}"))


class Shelf:
    """A collection whose passages are indexed as they are put in."""

    def __init__(self, collection):
        self.collection, self.index = collection, get_index()

    def put(self, *texts, names=""):
        source = Source.objects.create(document=uuid4(), collection=self.collection, title="A document", live=True)
        rows = Passage.objects.bulk_create(
            Passage(source=source, position=position, text=text, page=1, start=0, end=len(text))
            for position, text in enumerate(texts)
        )
        self.index.add(KeywordText(row.pk, self.collection.pk, row.text, names) for row in rows)
        return [row.pk for row in rows]

    def find(self, text, limit=10):
        return [hit.passage_id for hit in self.index.query(text, [self.collection.pk], limit)]


def test_the_best_comes_first_and_what_has_none_of_the_words_not_at_all(shelf):
    both, one, none = shelf.put(
        "The alarm code of the office is changed every Monday.",
        "The office is closed on Monday. Nobody is in the office.",
        "Refunds are issued within thirty days of purchase.",
    )
    assert shelf.find("When does the alarm code of the office change?") == [both, one]
    assert shelf.find("refund for a purchase") == [none]
    assert shelf.find("submarines") == []


def test_a_rare_word_says_more_than_frequent_ones(shelf):
    *_, rare = shelf.put(*["The meeting about the budget was short."] * 20, "Kestrel was mentioned.")
    assert shelf.find("the meeting about Kestrel")[0] == rare


def test_coverage_is_the_share_of_what_was_asked_for(shelf):
    shelf.put("The sapphire window is needed at sea.", "Windows are cleaned in May.", "Nothing else.")
    whole, part = shelf.index.query("sapphire window", [shelf.collection.pk], 10)
    assert whole.coverage == pytest.approx(1)
    assert 0.1 < part.coverage < 0.6
    [some] = shelf.index.query("sapphire submarines", [shelf.collection.pk], 10)
    assert some.coverage < 0.6


def test_small_words_alone_cover_nothing(shelf):
    shelf.put("What can you do about it, and who is it for?", *["The quarterly figures are in the annex."] * 30)
    hits = shelf.index.query("What can you do?", [shelf.collection.pk], 10)
    assert all(hit.coverage < 0.3 for hit in hits)


def test_only_the_named_collections_are_searched(shelf):
    other = Shelf(Collection.objects.create(name="Other"))
    [mine], [theirs] = shelf.put("The alarm code is 4711."), other.put("The alarm code is 4712.")
    assert shelf.find("alarm code") == [mine]
    assert other.find("alarm code") == [theirs]
    both = shelf.index.query("alarm code", [shelf.collection.pk, other.collection.pk], 10)
    assert {hit.passage_id for hit in both} == {mine, theirs}
    assert shelf.index.query("alarm code", [], 10) == []
    assert shelf.index.query("alarm code", [other.collection.pk + 1000], 10) == []


def test_a_large_collection_is_searched_without_the_small_one_beside_it(shelf):
    small = Shelf(Collection.objects.create(name="Small"))
    many = shelf.put(*[f"Invoice number {number} was paid." for number in range(30)])
    small.put("Invoice number 7 was never paid.")
    assert set(shelf.find("paid invoice", limit=50)) == set(many)


def test_collections_and_numbers_in_texts_are_not_confused(shelf):
    [passage] = shelf.put(f"Room {shelf.collection.pk} is being painted.", "Nothing of the kind.")[:1]
    assert shelf.find(f"room {shelf.collection.pk}") == [passage]
    assert shelf.find(f"={shelf.collection.pk}") == [passage]


def test_the_limit_holds(shelf):
    shelf.put(*[f"Invoice {number}" for number in range(30)])
    assert len(shelf.find("invoice", limit=7)) == 7


def test_adding_again_replaces(shelf):
    [passage] = shelf.put("The alarm code is 4711.")
    shelf.index.add([KeywordText(passage, shelf.collection.pk, "The door is green.")])
    assert shelf.find("alarm code") == []
    assert shelf.find("green door") == [passage]
    assert shelf.index.count([shelf.collection.pk]) == {shelf.collection.pk: 1}


def test_removed_passages_are_found_no_more(shelf):
    gone, kept = shelf.put("The alarm code is 4711.", "The alarm is loud.")
    shelf.index.remove([gone, 10**9])
    assert shelf.find("alarm code") == [kept]
    assert shelf.index.ids(shelf.collection.pk) == {kept}
    shelf.index.clear()
    assert shelf.find("alarm code") == []
    assert shelf.index.count([shelf.collection.pk]) == {shelf.collection.pk: 0}


def test_deleting_a_collection_takes_its_tokens_along(shelf):
    other = Shelf(Collection.objects.create(name="Other"))
    shelf.put("The alarm code is 4711.")
    [kept] = other.put("The alarm code is 4712.")
    pk = shelf.collection.pk
    shelf.collection.delete()
    assert [hit.passage_id for hit in other.index.query("alarm code", [pk, other.collection.pk], 10)] == [kept]
    assert PassageKeywords.objects.count() == 1
    assert not tokens_of("4711")
    assert tokens_of("4712")


def tokens_of(token):
    """How many passages the database has under a token, whatever the rows say."""
    if connection.vendor == "postgresql":
        statement = "SELECT count(*) FROM search_passagekeywords WHERE tokens @@ ('''' || %s || '''')::tsquery"
    else:
        statement = "SELECT count(*) FROM search_keywordtokens WHERE search_keywordtokens MATCH %s"
    with connection.cursor() as cursor:
        cursor.execute(statement, [token])
        return cursor.fetchone()[0]


def test_what_is_rolled_back_is_not_found(shelf):
    class Undone(Exception):
        pass

    [kept] = shelf.put("The alarm is loud.")
    with suppress(Undone), transaction.atomic():
        shelf.put("The alarm code is 4711.")
        shelf.index.remove([kept])
        raise Undone
    assert shelf.find("alarm code") == [kept]


def test_passages_of_an_older_analyser_count_as_missing(shelf):
    old, new = shelf.put("The alarm code is 4711.", "The alarm is loud.")
    PassageKeywords.objects.filter(pk=old).update(version=analyser.VERSION - 1)
    assert shelf.index.ids(shelf.collection.pk) == {new}
    assert shelf.index.count([shelf.collection.pk]) == {shelf.collection.pk: 2}


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Das Urlaubsantragsformular liegt im Sekretariat.", "Antrag Urlaub"),
        ("Die Krankenversicherung zahlt der Arbeitgeber zur Hälfte.", "Versicherung"),
        ("Die Anträge sind bis Freitag einzureichen.", "ANTRAG"),
        ("Die Straße ist gesperrt.", "strasse"),
        ("Le règlement intérieur de l'entreprise est affiché.", "reglement d’entreprise"),
        ("员工在试用期内不享受年假。", "年假有多少天？"),
        ("停车费可以报销。", "停車費"),
        ("税", "税"),
        ("東京タワーは高いです。", "タワーの高さ"),
        ("한국어를 배우고 있습니다.", "한국어"),
        ("บริษัทมีประกันสุขภาพให้พนักงาน", "ประกันสุขภาพ"),
        ("يحق للموظفين الحصول على إجازة سنوية.", "الإجازة السنوية للموظف"),
        ("Отпуск сотрудников составляет 28 дней.", "отпуска сотрудника"),
        ("Η άδεια των εργαζομένων", "αδεια"),
        ("यह भाषा हिन्दी है", "हिन्दी भाषा"),
        ("Error ERR-4711 means that the disk is full.", "err4711"),
        ("Release v2.3.1 repairs it.", "What is new in 2.3.1?"),
        ("Nach § 15b gilt eine Frist.", "§15b"),
        ("Set foo_bar to true.", "foo_bar"),
        ("Write to help@example.com.", "help@example.com"),
        ("The total is 1,234.50 euros.", "1.234,50"),
        ("It's the customers' own fault; don't pay.", "customer"),
    ],
)
def test_it_finds_in_every_language(shelf, text, question):
    shelf.put("The quarterly figures are in the annex.", "Völlig anderes steht hier drin.")
    [passage] = shelf.put(text)
    [best, *_] = shelf.index.query(question, [shelf.collection.pk], 10)
    assert best.passage_id == passage
    assert best.coverage > 0.45


def test_a_word_that_is_everywhere_does_not_hide_the_others(shelf):
    shelf.put(*["Backup of the server."] * 50)
    [passage] = shelf.put("Backup of the server by the operator Grace.")
    assert shelf.find("server backup Grace", limit=1) == [passage]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(text=st.text(max_size=80), question=st.text(max_size=40))
def test_no_character_breaks_it(shelf, text, question):
    """What can be written to the database at all: it has no NUL and no half of a surrogate pair."""
    with transaction.atomic():
        [passage] = shelf.put("".join(char for char in text if char != "\0" and not "\ud800" <= char <= "\udfff"))
        shelf.index.add([KeywordText(passage, shelf.collection.pk, text)])
        shelf.find(question)
        shelf.find(f"{question} {text}")
        if analyser.analyse(text).tokens:
            assert passage in shelf.find(text, limit=100)
        shelf.index.remove([passage])


def test_a_file_is_found_by_its_name_before_those_that_mention_it(shelf):
    [named] = shelf.put("Parents may take fourteen months.", names="HR-017_rev4.md\nHR-017_rev4\nHR-017 rev4")
    mentioning = shelf.put(*[f"Rule {number} replaces what HR-017 says." for number in range(5)])
    found = shelf.find("What does HR-017 say?")
    assert found[0] == named
    assert set(found[1:]) == set(mentioning)


@pytest.mark.parametrize("asked", ["1250000", "1,250,000.00", "1.250.000", "1\u202f250\u202f000", "1'250'000"])
def test_a_number_is_found_however_it_is_written(shelf, asked):
    one, other, _near = shelf.put("The fee is 1,250,000.00 EUR.", "Es kostet 1 250 000 Euro.", "The fee is 1,250 EUR.")
    assert set(shelf.find(f"Which sum is {asked}?")[:2]) == {one, other}


def test_an_exact_version_comes_before_those_that_belong_to_it(shelf):
    later, exact, _other = shelf.put("Version 3.2.1 mends it.", "Version 3.2 mends it.", "Version 3.3.2 mends it.")
    assert shelf.find("version 3.2")[:2] == [exact, later]
