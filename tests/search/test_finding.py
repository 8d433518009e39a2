"""What a person finds, and what nobody does."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync

from langai_site.accounts.models import User
from langai_site.sensitivity import Sensitivity
from search import services
from search.access import reader_of
from search.embeddings.local import FINGERPRINT
from search.models import Collection, Page, Passage, Source
from search.services.finding import FAILED
from search.types import Filters, Findings, PageText, Reader, SourceInfo, TextSpan
from search.vectors import collection_name
from tests.search.conftest import HANDBOOK
from tests.servers import free_port

QUESTION = "How many days off do I get?"


def reader(user_or_reader):
    return user_or_reader if isinstance(user_or_reader, Reader) else reader_of(user_or_reader)


def find(user_or_reader, question=QUESTION, **options):
    return async_to_sync(services.find)(question, reader(user_or_reader), **{"label": Sensitivity.PUBLIC} | options)


def for_prompt(user_or_reader, question=QUESTION, *, budget_chars=8000, **options):
    return async_to_sync(services.find_for_prompt)(
        question, reader(user_or_reader), budget_chars=budget_chars, **{"label": Sensitivity.PUBLIC} | options
    )


def texts(findings):
    return [hit.text for hit in findings.hits]


# Found


def test_a_question_finds_the_passage_that_answers_it(alice, handbook, embedder, store, add):
    source_id = add(handbook)
    findings = find(alice)
    assert findings.notice == ""
    hit = findings.hits[0]
    assert (hit.text, hit.page, hit.pages, hit.source_id) == (HANDBOOK[0], 1, 3, source_id)
    assert (hit.title, hit.collection, hit.collection_id) == ("Handbook", "Handbook", handbook.pk)
    assert (hit.label, hit.media_type, hit.position) == (Sensitivity.INTERNAL, "text/plain", 0)
    assert 0 < hit.score <= 1


@pytest.mark.parametrize(
    ("question", "page"),
    [("can I get my money back?", 2), ("when does the alarm code change", 3), ("vacation", 1), ("RECEIPTS", 2)],
)
def test_questions_in_other_words_find_their_page(alice, handbook, embedder, store, add, question, page):
    add(handbook)
    assert find(alice, question).hits[0].page == page


@pytest.mark.parametrize("question", ["What's new in 3.20?", "What is new in v3.20.x?", "Was ist neu in 3.20?"])
def test_a_question_about_a_version_finds_those_that_belong_to_it(alice, handbook, embedder, store, add, question):
    things = ["printing", "exports", "totals", "drafts", "charts", "mails", "the crane", "labels", "the queue"]
    news = [f"News of the week: there is something new to say about {thing}." for thing in things]
    releases = [f"{version}.{n}: {things[n]}" for n in range(4) for version in ("3.2", "3.20", "13.20")]
    add(handbook, [*HANDBOOK, *news, *releases])
    found = "\n".join(texts(for_prompt(alice, question)))
    assert all(text in found for text in releases if text.startswith("3.20."))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("BW-2024-017", "Invoice BW-2024-017 was paid twice, in March and in April."),
        ("Wie lang ist die Kündigungsfrist?", "Die Kündigungsfristen betragen sechs Wochen zum Quartalsende."),
        ("年假有多少天", "每位员工每年有二十八天带薪年假。"),
        ("كم عدد أيام الإجازة", "لكل موظف ثمانية وعشرون يوما من الإجازات السنوية."),
    ],
)
def test_codes_and_languages_that_the_embedder_does_not_know_are_found_by_words(
    alice, handbook, embedder, store, add, question, answer
):
    add(
        handbook,
        [*HANDBOOK, answer, "Der Parkplatz ist ab sechs Uhr offen.", "停车场六点开门。", "يفتح الموقف في السادسة."],
    )
    findings = find(alice, question)
    assert findings.hits[0].text == answer
    assert findings.notice == ""


def test_several_collections_are_searched_as_one(alice, handbook, embedder, store, add):
    more = Collection.objects.create(name="More", everyone=True)
    add(handbook)
    add(more, ["Each employee gets thirty days of vacation."], title="More")
    hits = find(alice).hits
    assert {hit.collection for hit in hits} == {"Handbook", "More"}
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len(find(alice, limit=1).hits) == 1


def test_the_same_text_is_found_once(alice, handbook, embedder, store, add):
    for _copy in range(3):
        add(handbook)
    assert texts(find(alice)).count(HANDBOOK[0]) == 1


def test_of_the_same_text_the_copy_with_the_lowest_label_is_found(alice, handbook, embedder, store, add):
    add(handbook, sensitivity=Sensitivity.CONFIDENTIAL)
    source_id = add(handbook)
    assert {(hit.source_id, hit.label) for hit in find(alice).hits} == {(source_id, Sensitivity.INTERNAL)}


def test_copies_do_not_push_others_out(alice, handbook, embedder, store, add):
    add(handbook, ["Vacation days are counted in working days."] * 70)
    add(handbook, ["A day of vacation that was not taken lapses in March.", "Vacation is requested two weeks ahead."])
    assert len(find(alice, "vacation days", limit=3).hits) == 3


# Not found


@pytest.mark.parametrize(
    "text", ["hello", "Hi!", "thanks", "good morning, how are you?", "What can you do?", "  ", "?!"]
)
def test_small_talk_finds_nothing(alice, handbook, embedder, store, add, text):
    add(handbook)
    assert find(alice, text).hits == ()


@pytest.mark.parametrize(
    "text", ["hello", "thanks!", "wie geht's", "你好", "شكرا", "merci beaucoup", "Danke, das hilft mir.", "👍"]
)
def test_small_talk_cites_nothing_even_where_documents_greet(alice, handbook, embedder, store, add, text):
    add(handbook, ["Hello, thanks! Danke, das hilft. 你好 شكرا merci beaucoup, wie geht's."])
    assert for_prompt(alice, text, history=[QUESTION]) == Findings()


def test_what_is_written_in_letters_that_the_embedder_does_not_know_is_near_to_nothing(
    alice, handbook, embedder, store, add
):
    add(handbook, ["وتُملأ الاستمارة S-14 وترسل إلى طبيب الصحة المهنية قبل انتهاء المناوبة.", *HANDBOOK])
    assert find(alice, "Can you write a poem about the moon?").hits == ()
    assert "S-14" in find(alice, "Where does the form S-14 go?").hits[0].text


def test_nobody_finds_what_they_may_not_read(alice, bob, embedder, store, add):
    admin = User.objects.create_superuser("admin")
    private = Collection.objects.create(name="Alice's")
    private.users.add(alice)
    add(private)
    assert find(alice).hits
    assert find(bob).hits == find(admin).hits == ()


@pytest.mark.parametrize("ask", [find, for_prompt])
@pytest.mark.parametrize("question", [QUESTION, "vacation"])
def test_a_forged_or_outdated_reader_finds_nothing(bob, embedder, store, add, ask, question):
    private = Collection.objects.create(name="Private")
    add(private)
    assert ask(Reader(bob.pk, (private.pk,)), question).hits == ()


def test_what_the_reader_does_not_name_is_not_found_wherever_it_turns_up(
    alice, handbook, embedder, store, add, settings
):
    """As after a document was moved, while the store still has it where it was."""
    more = Collection.objects.create(name="More", everyone=True)
    add(handbook, ["Nothing to see."])
    add(more, ["Vacation is long."])
    ((passage, text),) = Passage.objects.filter(source__collection=more).values_list("pk", "text")
    store.upsert(collection_name(settings.SECRET_KEY, handbook.pk, FINGERPRINT), [passage], embedder.embed([text], 0))
    assert find(Reader(alice.pk, (handbook.pk,)), "vacation").hits == ()


def test_versions_that_are_not_live_are_not_found(alice, handbook, embedder, store, add):
    add(handbook)
    found = reader_of(alice)
    Source.objects.update(live=False)
    assert find(found).hits == ()


def test_with_nothing_to_search_nothing_is_asked(alice, settings):
    settings.CHROMA_URL = ""
    assert find(alice) == Findings()


# Filters


@pytest.fixture
def two(handbook, embedder, store, add):
    """A text file in the handbook, and a PDF in another collection that was added earlier."""
    add(handbook)
    other = Collection.objects.create(name="Other", everyone=True, sensitivity=Sensitivity.PUBLIC)
    source = add(other, ["Vacation days of trainees are thirty a year."], title="Trainees")
    Source.objects.filter(pk=source).update(
        media_type="application/pdf", added_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    )
    Source.objects.exclude(pk=source).update(added_at=datetime(2026, 4, 1, tzinfo=UTC))
    return other


def test_a_person_may_ask_fewer_collections(alice, handbook, two):
    assert {hit.collection for hit in find(alice).hits} == {"Handbook", "Other"}
    assert [hit.collection for hit in find(alice, filters=Filters(collections=(two.pk,))).hits] == ["Other"]
    assert find(alice, filters=Filters(collections=())) == Findings()


def test_naming_collections_that_one_may_not_read_opens_nothing(alice, handbook, two, add):
    secret = Collection.objects.create(name="Secret")
    add(secret, ["The secret vacation of the board is in May."])
    assert find(alice, filters=Filters(collections=(secret.pk, 10**9))) == Findings()
    chosen = find(alice, filters=Filters(collections=(secret.pk, two.pk))).hits
    assert [hit.collection for hit in chosen] == ["Other"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(types=("application/pdf",)), {"Other"}),
        (Filters(types=("application/pdf", "text/plain")), {"Handbook", "Other"}),
        (Filters(types=("text/csv",)), set()),
        (Filters(types=()), set()),
        (Filters(since=date(2026, 3, 2)), {"Handbook"}),
        (Filters(since=date(2026, 3, 1), until=date(2026, 3, 1)), {"Other"}),
        (Filters(until=date(2026, 4, 1)), {"Handbook", "Other"}),
        (Filters(until=date(2026, 2, 28)), set()),
        (Filters(max_label=Sensitivity.PUBLIC), {"Other"}),
        (Filters(max_label=Sensitivity.INTERNAL), {"Handbook", "Other"}),
    ],
)
def test_type_day_and_label_narrow_what_is_found(alice, two, filters, found):
    assert {hit.collection for hit in find(alice, filters=filters).hits} == found


def test_a_raised_document_is_above_the_label_that_was_asked_for(alice, two, add):
    add(two, ["Vacation of the board is long."], sensitivity=Sensitivity.CONFIDENTIAL)
    found = find(alice, "vacation", filters=Filters(max_label=Sensitivity.INTERNAL)).hits
    assert Sensitivity.CONFIDENTIAL not in {hit.label for hit in found}
    assert found


def test_a_filter_that_few_passages_pass_is_searched_deeper(alice, handbook, embedder, store, add):
    add(handbook, [f"Rule {number}: vacation days are entered in list {number}." for number in range(150)])
    source = add(handbook, ["In leap years a person may carry days over."], title="Exceptions")
    Source.objects.filter(pk=source).update(media_type="application/pdf")
    question = "vacation days are entered in which list?"
    assert source not in {hit.source_id for hit in find(alice, question).hits}
    assert [hit.source_id for hit in find(alice, question, filters=Filters(types=("application/pdf",))).hits] == [
        source
    ]


# Follow-ups


def test_a_follow_up_finds_what_it_means(alice, handbook, embedder, store, add):
    add(
        handbook,
        ["Employees have 28 days of vacation a year.", "Trainees have 30 days of vacation a year.", *HANDBOOK[1:]],
    )
    question, history = "and for trainees?", ["How many days of vacation do employees get?"]
    assert find(alice, question, history=history).hits[0].text == "Trainees have 30 days of vacation a year."
    assert "Employees have 28 days of vacation a year." in texts(find(alice, question, history=history))


def test_another_subject_is_not_searched_with_the_one_before(alice, handbook, embedder, store, add):
    add(handbook)
    assert texts(find(alice, "When is the alarm code of the office changed?", history=[QUESTION]))[0] == HANDBOOK[2]


# For a prompt


def paged(collection, texts, gap):
    """A document of one page on which the texts follow each other."""
    page = gap.join(texts)
    starts = [page.index(text) for text in texts]
    spans = [
        TextSpan(text, 1, at, at + len(text), f"Section {n}")
        for n, (text, at) in enumerate(zip(texts, starts, strict=True))
    ]
    info = SourceInfo(
        document=uuid4(),
        version=1,
        collection_id=collection.pk,
        title="Rules",
        file_name="rules.txt",
        media_type="text/plain",
        sensitivity=Sensitivity.PUBLIC,
    )
    services.index(info, [PageText(1, page)], spans)
    return page


VACATION = ["Vacation is 28 days a year.", "Vacation is requested two weeks ahead.", "Vacation lapses in March."]


def test_for_a_prompt_neighbours_are_one_hit_with_the_pages_own_text(alice, handbook, embedder, store):
    page = paged(handbook, VACATION, gap="\n\n😀 ")
    assert len(find(alice, "vacation").hits) == 3
    (hit,) = for_prompt(alice, "vacation").hits
    assert (hit.text, hit.start, hit.end) == (page, 0, len(page))
    assert (hit.heading, hit.position) == ("Section 0", 0)


def test_passages_that_stand_apart_stay_apart(alice, handbook, embedder, store):
    paged(handbook, VACATION, gap=" Other things. " * 30)
    found = for_prompt(alice, "vacation").hits
    assert sorted(hit.text for hit in found) == sorted(VACATION)


def test_a_prompt_gets_no_more_than_fits(alice, handbook, embedder, store):
    paged(handbook, VACATION, gap=" Other things. " * 30)
    found = for_prompt(alice, "vacation", budget_chars=60).hits
    assert 0 < sum(len(hit.text) for hit in found) <= 60
    assert len(for_prompt(alice, "vacation", budget_chars=1).hits) == 1


def test_a_page_that_has_gone_meanwhile_is_not_in_the_prompt(alice, handbook, embedder, store):
    paged(handbook, VACATION, gap=" ")
    Page.objects.all().delete()
    assert for_prompt(alice, "vacation").hits == ()


# When a part is away


def test_without_the_store_words_are_searched_and_that_is_told(alice, handbook, embedder, settings, add):
    settings.CHROMA_URL = f"http://127.0.0.1:{free_port()}"
    add(handbook)
    findings = find(alice)
    assert texts(findings)[0] == HANDBOOK[0]
    assert "by meaning is not answering" in findings.notice


def test_without_an_embedder_words_are_searched_and_that_is_told(alice, handbook, store, settings, tmp_path, add):
    settings.MODEL_DIR = tmp_path
    add(handbook)
    findings = find(alice)
    assert texts(findings)[0] == HANDBOOK[0]
    assert "Search by meaning is off" in findings.notice


def test_a_confidential_question_goes_to_no_embedder_that_may_not_see_it(alice, handbook, store, served, add):
    served("embed")
    add(handbook)
    findings = find(alice, label=Sensitivity.CONFIDENTIAL)
    assert texts(findings)[0] == HANDBOOK[0]
    assert findings.notice


def test_a_search_that_breaks_is_told_and_ends_nothing(alice, handbook, add, settings, tmp_path):
    settings.MODEL_DIR = tmp_path
    add(handbook)
    assert find(Reader(alice.pk, ("no number",))) == Findings(notice=FAILED)
