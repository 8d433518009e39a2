"""Test cases of search: who keeps them, what a run notes, and what owners see."""

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from chat.evaluation import cases, running
from chat.models import Conversation, EvalCase
from documents import services
from langai_site.sensitivity import Sensitivity
from search.models import Collection
from tests.chat.handbook import QUESTION, asked, read_all

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
