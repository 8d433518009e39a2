"""Test cases of search: who keeps them, what a run notes, and what owners see."""

import io
import json
import zipfile
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from chat.evaluation import cases, exchange, running
from chat.models import Conversation, EvalCase, Feedback, GivenDocument
from documents import services
from langai_site.accounts.models import User
from langai_site.accounts.open_accounts import AccountClosedError
from langai_site.database.writer import in_database_thread
from langai_site.errors import NotAdmittedError
from langai_site.sensitivity import Sensitivity
from search import services as search
from search.models import Collection, Source
from tests.chat.handbook import LEAVE, QUESTION, asked, read_all
from tests.search_quality import beir

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("_stores")]


def run():
    running.request_all()
    while running.run():
        pass
    return EvalCase.objects.get()


def test_one_click_keeps_a_question_and_a_run_finds_its_document(client, alice, document, shared):
    client.force_login(alice)
    reply = asked(alice)
    for _again in range(2):
        kept = client.post(reverse("chat:eval-keep", args=[reply.pk]))
        assert (kept.status_code, kept.url) == (302, reverse("chat:eval-cases", args=[shared.pk]))
    case = run()
    assert (case.question, case.documents, case.rank, case.change) == (QUESTION, {str(document.pk): "Leave"}, 1, "")
    page = " ".join(client.get(kept.url).text.split())
    assert QUESTION in page
    assert "Found: 1 of 1 case." in page


def test_its_question_has_the_label_that_the_conversation_has_by_now(alice, document, shared):
    reply = asked(alice)
    Conversation.objects.update(label=Sensitivity.CONFIDENTIAL)
    assert cases.keep(alice, reply.pk).label == Sensitivity.CONFIDENTIAL


@pytest.mark.parametrize("risen", [Collection, Source])
def test_a_run_sends_its_question_under_the_labels_of_that_moment(alice, document, shared, monkeypatch, risen):
    cases.keep(alice, asked(alice).pk)
    labels, refusals, real = [], [], search.find

    async def find(*args, label, read_present, **more):
        # The label rises once more between the start of the search and the moment of sending.
        await in_database_thread(lambda: risen.objects.update(sensitivity=Sensitivity.CONFIDENTIAL))
        labels.extend([label, (await in_database_thread(read_present)).label])
        for change in (lambda: User.objects.update(is_active=False), _reopened_without_cases):
            await in_database_thread(change)
            try:
                await in_database_thread(read_present)
            except (AccountClosedError, NotAdmittedError) as error:
                refusals.append(type(error))
        return await real(*args, label=label, read_present=read_present, **more)

    monkeypatch.setattr(search, "find", find)
    risen.objects.update(sensitivity=Sensitivity.INTERNAL)
    running.request_all()
    running.run()
    assert labels == [Sensitivity.INTERNAL, Sensitivity.CONFIDENTIAL]
    assert refusals == [AccountClosedError, NotAdmittedError]


def _reopened_without_cases():
    User.objects.update(is_active=True)
    EvalCase.objects.all().delete()


def test_what_got_worse_is_said(client, alice, document, shared):
    cases.keep(alice, asked(alice).pk)
    run()
    services.delete(document)
    case = run()
    assert (case.rank, case.rank_before, case.change) == (None, 1, "worse")
    client.force_login(alice)
    assert "1 got worse." in client.get(reverse("chat:eval-cases", args=[shared.pk])).text
    assert run().change == ""


def test_a_better_document_of_the_same_words_changes_the_place(alice, admin, document, shared):
    cases.keep(alice, asked(alice).pk)
    assert run().rank == 1
    text = "How many days of holiday do I get a year? Holiday days a year: see the other page for how many days I get."
    services.upload(collection=shared, file=ContentFile(text.encode(), "faq.txt"), user=admin, title=QUESTION)
    read_all()
    case = run()
    assert (case.rank, case.rank_before, case.change) == (2, 1, "worse")


def test_only_owners_keep_see_run_and_remove_them(client, alice, bob, document, shared):
    case = cases.keep(alice, asked(alice).pk)
    client.force_login(bob)
    assert client.post(reverse("chat:eval-keep", args=[asked(bob).pk])).status_code == 403
    assert client.get(reverse("chat:eval-cases", args=[shared.pk])).status_code == 404
    assert client.post(reverse("chat:eval-run", args=[shared.pk])).status_code == 404
    assert client.post(reverse("chat:eval-remove", args=[case.pk])).status_code == 404
    client.force_login(alice)
    assert client.post(reverse("chat:eval-run", args=[shared.pk])).status_code == 302
    assert client.post(reverse("chat:eval-remove", args=[case.pk])).status_code == 302
    assert not EvalCase.objects.exists()


def test_without_an_owner_it_is_searched_as_a_superuser(alice, admin, document, shared):
    cases.keep(alice, asked(alice).pk)
    Collection.objects.get(pk=shared.pk).owners.clear()
    assert run().rank == 1
    admin.is_active = False
    admin.save()
    assert run().rank is None


OTHER = "When do holiday days expire?"


def form(client, case, **values):
    fields = {"question": case.question, "documents": list(case.documents), "added": "", "must_contain": ""} | values
    return client.post(reverse("chat:eval-case", args=[case.pk]), fields)


def test_words_have_to_stand_in_what_is_found(client, alice, document, shared):
    case = cases.keep(alice, asked(alice).pk)
    client.force_login(alice)
    assert form(client, case, must_contain="25 DAYS\n 31  march\n5 days\n").status_code == 302
    case = run()
    assert (case.must_contain, case.missing, case.rank) == (["25 DAYS", "31 march", "5 days"], ["5 days"], None)
    assert "Missing: “5 days”" in client.get(reverse("chat:eval-cases", args=[shared.pk])).text
    form(client, case, must_contain="25 days", documents=[])
    case = run()
    assert (case.documents, case.missing, case.rank, case.change) == ({}, [], 1, "better")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"question": " "}, "Write a question"),
        ({"documents": [], "must_contain": " "}, "Name a document that should be found"),
        ({"added": "No such title"}, "is called “No such title”"),
        ({"must_contain": "\n".join(map(str, range(11)))}, "at most 10 lines"),
        ({"question": OTHER}, "already has a test case"),
    ],
)
def test_what_cannot_be_a_case_is_refused_and_nothing_typed_is_lost(client, alice, document, shared, values, said):
    case = cases.keep(alice, asked(alice).pk)
    cases.keep(alice, asked(alice, OTHER).pk)
    client.force_login(alice)
    refused = form(client, case, **{"added": "", "must_contain": "25 days"} | values)
    assert refused.status_code in {400, 409}
    page = " ".join(refused.text.split())
    assert said in page
    assert "25 days" in page or "must_contain" in values
    case.refresh_from_db()
    assert (case.question, case.must_contain) == (QUESTION, [])


def test_a_document_is_added_by_its_title_or_file_and_the_question_is_scanned(client, alice, admin, document, shared):
    case = cases.keep(alice, asked(alice).pk)
    services.upload(collection=shared, file=ContentFile(b"Tea is at four.", "tea.txt"), user=admin, title="Tea")
    read_all()
    client.force_login(alice)
    for name in ("Tea", "tea.txt"):
        form(client, case, added=name, question="Is DE89 3704 0044 0532 0130 00 our account?")
        case.refresh_from_db()
        assert sorted(case.documents.values()) == ["Leave", "Tea"]
    assert case.label == Sensitivity.CONFIDENTIAL


@pytest.mark.parametrize("good", [True, False])
def test_what_somebody_shared_with_an_owner_becomes_a_case(client, alice, bob, document, shared, good):
    reply = asked(bob)
    Feedback.objects.create(reply=reply, good=good, shared=True)
    client.force_login(alice)
    button = reverse("chat:eval-keep-shared", args=[reply.pk])
    assert button in client.get(reverse("chat:feedback-review")).text
    kept = client.post(button)
    case = EvalCase.objects.get()
    assert kept.url == reverse("chat:eval-case", args=[case.pk])
    assert case.documents == ({str(document.pk): "Leave"} if good else {})
    assert ("Say what should be found: a document, or words." in client.get(kept.url).text) is not good
    assert run().rank == (1 if good else None)


@pytest.mark.parametrize("lost", ["not shared", "deleted", "expired", "another document", "no owner"])
def test_nobody_keeps_what_is_not_shared_with_them(client, alice, bob, admin, document, shared, lost):
    reply = asked(bob)
    Feedback.objects.create(reply=reply, good=True, shared=lost != "not shared")
    conversation = Conversation.objects.filter(pk=reply.conversation_id)
    if lost == "deleted":
        conversation.update(deleted_at=timezone.now())
    if lost == "expired":
        conversation.update(expires_at=timezone.now() - timedelta(days=1))
    if lost == "another document":
        GivenDocument.objects.create(reply=reply, document=uuid4())
    client.force_login(admin if lost == "no owner" else alice)
    if lost == "no owner":
        shared.everyone = False
        shared.save()
    assert client.post(reverse("chat:eval-keep-shared", args=[reply.pk])).status_code == 404
    assert not EvalCase.objects.exists()


def test_another_persons_case_is_not_there(client, alice, bob, document, shared):
    case = cases.keep(alice, asked(alice).pk)
    client.force_login(bob)
    assert client.get(reverse("chat:eval-case", args=[case.pk])).status_code == 404
    assert form(client, case, must_contain="25 days").status_code == 404


def archive(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, text in files.items():
            file.writestr(
                {"corpus": "set/corpus.jsonl", "queries": "set/queries.jsonl"}.get(name, "set/qrels/dev.tsv"), text
            )
    return packed.getvalue()


def imported(client, collection, content):
    file = SimpleUploadedFile("set.zip", content)
    return client.post(reverse("chat:eval-import", args=[collection.pk]), {"file": file}, follow=True)


def test_an_exported_set_comes_back_whole_and_others_can_read_it(client, alice, document, shared, tmp_path):
    case = cases.keep(alice, asked(alice).pk)
    client.force_login(alice)
    form(client, case, must_contain="25 days")
    packed = client.get(reverse("chat:eval-export", args=[shared.pk]))
    assert packed["Content-Disposition"] == 'attachment; filename="Handbook.zip"'
    with zipfile.ZipFile(io.BytesIO(packed.content)) as file:
        file.extractall(tmp_path)
    [read] = beir.load(tmp_path).questions
    assert (read.text, read.relevant) == (QUESTION, {str(document.pk): 1})
    assert [(text.title, text.text) for text in beir.load(tmp_path).texts] == [("Leave", LEAVE)]
    EvalCase.objects.all().delete()
    assert "Imported: 1 new test cases, 0 changed." in imported(client, shared, packed.content).text
    case = run()
    assert (case.question, case.documents, case.must_contain) == (QUESTION, {str(document.pk): "Leave"}, ["25 days"])
    assert case.rank == 1
    short = client.get(reverse("chat:eval-export", args=[shared.pk]) + "?texts=no").content
    assert "Imported: 0 new test cases, 1 changed." in imported(client, shared, short).text


def test_a_set_from_elsewhere_is_matched_by_titles_and_says_what_it_left_out(client, alice, document, shared):
    rows = [
        {"_id": "q1", "text": " Is  DE89 3704 0044 0532 0130 00 ours?"},
        {"_id": "q2", "text": "What is not there?"},
        {"_id": "q3", "text": ""},
        {"_id": "q4", "text": "Which words?", "metadata": {"must_contain": ["25", 7], "label": "internal"}},
    ]
    content = archive(
        corpus=json.dumps({"_id": "d9", "title": "Leave", "text": "x"}),
        queries="\n".join([*map(json.dumps, rows), "{", "[]"]),
        qrels="query-id\tcorpus-id\tscore\nq1\td9\t2\nq1\td8\t1\nq2\td9\t0\n",
    )
    client.force_login(alice)
    page = imported(client, shared, content).text
    assert "2 new test cases, 0 changed. 1 name no document of this collection and no words. 2 are empty" in page
    first, second = EvalCase.objects.order_by("pk")
    assert (first.documents, first.label) == ({str(document.pk): "Leave"}, Sensitivity.CONFIDENTIAL)
    assert (second.must_contain, second.label) == (["25", "7"], Sensitivity.INTERNAL)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no archive", "not a whole ZIP file"),
        (archive(corpus="{}"), "no queries.jsonl"),
        (archive(queries='{"_id": "1", "text": "x", "metadata": {"must_contain": ["y"], "label": "secret"}}'), "label"),
    ],
)
def test_what_is_no_set_is_refused(client, alice, document, shared, content, said):
    client.force_login(alice)
    refused = imported(client, shared, content)
    assert refused.status_code == 400
    assert said in refused.text
    assert not EvalCase.objects.exists()


def test_a_question_that_comes_again_and_again_is_written_once(alice, document, shared, django_assert_max_num_queries):
    """A small archive can hold very many lines, and everybody's writes would wait for as many statements."""
    row = {"text": "How many days?", "metadata": {"must_contain": ["25"]}}
    lines = [json.dumps(row | {"metadata": row["metadata"] | {"label": "internal"}}), *[json.dumps(row)] * 500]
    with django_assert_max_num_queries(20):
        report = exchange.read(alice, shared.pk, io.BytesIO(archive(queries="\n".join(lines))))
    assert (report.added, report.changed, report.too_many) == (1, 0, 0)
    assert EvalCase.objects.get().label == Sensitivity.INTERNAL


def test_only_owners_export_and_import(client, bob, document, shared):
    client.force_login(bob)
    assert client.get(reverse("chat:eval-export", args=[shared.pk])).status_code == 404
    assert imported(client, shared, archive(queries="{}")).status_code == 404


def test_too_many_texts_are_exported_as_questions(client, alice, document, shared, monkeypatch):
    monkeypatch.setattr(exchange, "TEXTS_MAX", 10)
    client.force_login(alice)
    refused = client.get(reverse("chat:eval-export", args=[shared.pk]))
    assert refused.status_code == 409
    assert "Export the questions alone" in refused.text
    assert client.get(reverse("chat:eval-export", args=[shared.pk]) + "?texts=no").status_code == 200
