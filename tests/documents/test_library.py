"""The Library: each person finds what they may read, and nothing tells them of the rest."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat.models import Conversation, Message
from documents import services, tasks
from documents.models import Document
from documents.services import library
from langai_site.accounts.models import Team, User
from langai_site.sensitivity import Sensitivity
from search.models import Collection, Source
from tests.documents import files

pytestmark = pytest.mark.django_db(transaction=True)

LIBRARY = "/library/"


@pytest.fixture
def bob(transactional_db):
    return User.objects.create_user("bob", first_name="Bob", last_name="Ndiaye")


@pytest.fixture
def browser(bob):
    browser = Client()
    browser.force_login(bob)
    return browser


@pytest.fixture
def private(transactional_db):
    return Collection.objects.create(name="Salaries", sensitivity=Sensitivity.CONFIDENTIAL)


def page_of(browser, collection, **query):
    return browser.get(reverse("documents:collection", args=[collection.pk]), query)


def titles(response):
    return [item.title for item in response.context["listing"].items]


def many(collection, *names, **values):
    """Rows alone: what the list shows does not need the files."""
    Document.objects.bulk_create(
        Document(
            collection=collection,
            title=name,
            file_name=f"{name}.txt",
            file="documents/none.txt",
            sha256=f"{collection.pk}-{name}"[:64],
            status="ready",
            **values,
        )
        for name in names
    )


def cite(collection, title, times):
    """Answers of somebody's conversation that cite a document."""
    document = Document.objects.get(collection=collection, title=title)
    source = Source.objects.create(document=document.pk, collection=collection, title=title, live=True)
    talk = Conversation.objects.create(owner=User.objects.create_user(f"reader of {title}"), title="A chat")
    for _ in range(times):
        reply = talk.messages.create(role=Message.Role.ASSISTANT)
        reply.citations.create(number=1, source=source.pk, version=1, title=title, page=1, start=0, end=5)


def test_strangers_are_asked_to_sign_in(policies):
    for url in (LIBRARY, reverse("documents:collection", args=[policies.pk])):
        response = Client().get(url)
        assert (response.status_code, response["Location"].startswith(reverse("account_login"))) == (302, True)


def test_people_find_the_collections_that_they_may_read(browser, bob, policies, private, upload):
    policies.description = "What holds for everyone."
    policies.save()
    policies.owners.add(bob)
    upload()
    upload(files.scanned_pdf(), "scan.pdf")
    Document.objects.filter(file_name="scan.pdf").update(status="failed", error="No text.")
    html = browser.get(LIBRARY).content.decode()
    for text in ("Policies", "What holds for everyone.", "Internal", "2 documents", "1 being read", "Ask Bob Ndiaye"):
        assert text in html
    assert "1 could not be read" in html
    assert "Salaries" not in html
    private.users.add(bob)
    assert "Salaries" in browser.get(LIBRARY).content.decode()


def test_who_may_read_nothing_is_told_what_to_do(browser):
    assert "An admin can add you" in browser.get(LIBRARY).content.decode()


def test_owners_who_have_left_are_not_named(browser, policies, alice):
    policies.owners.add(alice)
    assert "Ask alice" in browser.get(LIBRARY).content.decode()
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert "Ask alice" not in browser.get(LIBRARY).content.decode()


def test_a_document_is_listed_with_all_that_is_known_of_it(browser, policies, upload):
    upload(files.pdf("One.", "Two."), "plan.pdf", imported_from="2026/plan.pdf")
    tasks.work_once("test")
    html = page_of(browser, policies).content.decode()
    today = timezone.now()
    for text in ("plan", "PDF", "2026/plan.pdf", "Internal", "by alice", f"{today.day} {today:%b %Y}", "2<span"):
        assert text in html
    document = Document.objects.get()
    assert reverse("documents:original", args=[document.pk]) in html
    assert "/sources/" in html


def test_a_raised_label_is_shown_and_counts(browser, policies, upload):
    document = upload(sensitivity=Sensitivity.CONFIDENTIAL)
    assert document.label == Sensitivity.CONFIDENTIAL
    assert "Confidential" in page_of(browser, policies).content.decode()
    lowered = upload("Another.", "b.txt", sensitivity=Sensitivity.PUBLIC)
    assert lowered.label == Sensitivity.INTERNAL


def test_what_is_being_read_says_so_and_the_list_keeps_itself_up_to_date(browser, policies, upload):
    upload()
    waiting = page_of(browser, policies).content.decode()
    assert "waiting to be read" in waiting
    assert 'hx-trigger="every 3s"' in waiting
    Document.objects.update(status="working", stage="embedding", progress=42)
    assert '<progress max="100" value="42"' in page_of(browser, policies).content.decode()
    Document.objects.update(status="failed", error="It is protected by a password.")
    failed = page_of(browser, policies).content.decode()
    assert "Could not be read: It is protected by a password." in failed
    assert "every 3s" not in failed
    assert "/original" not in failed


def test_while_a_newer_version_is_on_its_way_the_searched_one_is_shown(browser, policies, upload, alice):
    document = upload("Old.", "plan.txt")
    tasks.work_once("test")
    document.refresh_from_db()
    services.replace(document, file=ContentFile(files.scanned_pdf(), "plan.pdf"), user=alice)
    (item,) = page_of(browser, policies).context["listing"].items
    assert (item.file_name, item.version, item.pages, item.is_busy) == ("plan.txt", 1, 1, True)
    assert "Newer version: waiting to be read" in page_of(browser, policies).content.decode()
    tasks.work_once("test")
    html = page_of(browser, policies).content.decode()
    assert "A newer version could not be read; this is version 1." in html
    assert f"/documents/{document.pk}/original" in html


def test_an_empty_collection_says_so(browser, policies):
    assert "No documents yet." in page_of(browser, policies).content.decode()


def test_a_collection_is_not_there_for_those_who_may_not_read_it(browser, private, client, alice):
    many(private, "Bands")
    assert page_of(browser, private).status_code == 404
    assert browser.get("/library/999999/").status_code == 404
    client.force_login(alice)
    assert alice.is_superuser
    assert page_of(client, private).status_code == 404


def test_readers_who_leave_lose_it_at_the_next_click(browser, bob, private):
    team = Team.objects.create(name="Payroll")
    private.teams.add(team)
    bob.teams.add(team)
    assert page_of(browser, private).status_code == 200
    bob.teams.clear()
    assert page_of(browser, private).status_code == 404


def test_the_filter_knows_words_in_any_case_with_and_without_accents(browser, policies):
    many(policies, "Überstunden 2026", "overtime 2026", "ÉTÉ", "Straße")
    for words, found in {
        "überstunden": ["Überstunden 2026"],
        "2026 UBER": ["Überstunden 2026"],
        "ete": ["ÉTÉ"],
        "STRASSE": ["Straße"],
        "2026": ["Überstunden 2026", "overtime 2026"],
    }.items():
        assert sorted(titles(page_of(browser, policies, q=words))) == sorted(found)
    nothing = page_of(browser, policies, q="<b>nothing</b>").content.decode()
    assert "No document here has “&lt;b&gt;nothing&lt;/b&gt;”" in nothing
    assert "Show all 4" in nothing


def test_the_filter_finds_folders_and_file_names(browser, policies):
    many(policies, "One", imported_from="contracts/2026/a.txt")
    many(policies, "Two", imported_from="letters/b.txt")
    assert titles(page_of(browser, policies, q="contracts")) == ["One"]
    assert titles(page_of(browser, policies, q="two.txt")) == ["Two"]


def test_documents_can_be_sorted_in_every_way(browser, policies):
    now = timezone.now()
    for days, (name, size, pages) in enumerate([("Chapter 10", 5, 1), ("chapter 9", 50, None), ("Ärger", 500, 30)]):
        many(policies, name, size=size, pages=pages, uploaded_at=now - timedelta(days=days))
    expected = {
        "newest": ["Chapter 10", "chapter 9", "Ärger"],
        "oldest": ["Ärger", "chapter 9", "Chapter 10"],
        "title": ["Ärger", "chapter 9", "Chapter 10"],
        "-title": ["Chapter 10", "chapter 9", "Ärger"],
        "largest": ["Ärger", "chapter 9", "Chapter 10"],
        "smallest": ["Chapter 10", "chapter 9", "Ärger"],
        "longest": ["Ärger", "Chapter 10", "chapter 9"],
        "shortest": ["Chapter 10", "Ärger", "chapter 9"],
        "cited": ["chapter 9", "Ärger", "Chapter 10"],
        "-cited": ["Chapter 10", "Ärger", "chapter 9"],
    }
    assert expected.keys() == library.ORDERS.keys()
    cite(policies, "chapter 9", times=2)
    cite(policies, "Ärger", times=1)
    for order, names in expected.items():
        assert titles(page_of(browser, policies, sort=order)) == names, order
    assert titles(page_of(browser, policies, sort="nonsense")) == expected["newest"]


def test_a_columns_heading_says_how_it_is_sorted_and_turns_it_round(browser, policies):
    many(policies, "One")
    title, pages, *_ = page_of(browser, policies, sort="title", q="one").context["columns"]
    assert (title.sorted, title.url.endswith("?q=one&sort=-title")) == ("ascending", True)
    assert (pages.sorted, pages.url.endswith("?q=one&sort=longest")) == ("", True)


def test_long_lists_are_cut_into_pages(browser, policies):
    many(policies, *(f"Note {number}" for number in range(120)))
    first = page_of(browser, policies, sort="title")
    assert titles(first)[::49] == ["Note 0", "Note 49"]
    assert (first.context["previous_url"], "page=2" in first.context["next_url"]) == ("", True)
    last = page_of(browser, policies, sort="title", page=3)
    assert (titles(last)[-1], last.context["next_url"]) == ("Note 119", "")
    assert "120 documents, page 3 of 3" in last.content.decode()


@pytest.mark.parametrize(("page", "shown"), [("0", 1), ("-1", 1), ("x", 1), ("²", 1), ("9" * 5000, 1), ("99", 3)])
def test_a_page_that_is_not_there_leads_to_one_that_is(browser, policies, page, shown):
    many(policies, *(f"Note {number}" for number in range(120)))
    assert page_of(browser, policies, page=page).context["listing"].page == shown


def test_htmx_gets_the_list_alone_and_no_cache_confuses_the_two(browser, policies):
    many(policies, "One")
    part = browser.get(reverse("documents:collection", args=[policies.pk]), headers={"HX-Target": "documents"})
    assert part.content.decode().strip().startswith('<section id="documents"')
    assert "<html" not in part.content.decode()
    assert "HX-Target" in part["Vary"]
    assert "<html" in page_of(browser, policies).content.decode()


def test_ten_thousand_documents_take_as_many_queries_as_ten(browser, policies, django_assert_max_num_queries):
    many(policies, *(f"Note {number} über alles" for number in range(10_000)))
    for query in ({}, {"sort": "title"}, {"q": "ÜBER 99"}, {"page": "200"}):
        with django_assert_max_num_queries(14):
            assert len(titles(page_of(browser, policies, **query))) == 50


def test_only_who_manages_a_collection_can_upload_and_change_it(browser, bob, policies):
    many(policies, "One")
    addresses = [reverse(f"documents:{name}", args=[policies.pk]) for name in ("upload", "settings", "change")]
    html = page_of(browser, policies).content.decode()
    assert [address for address in addresses if address in html] == []
    policies.owners.add(bob)
    html = page_of(browser, policies).content.decode()
    assert [address for address in addresses if address not in html] == []
    assert "/admin/" not in html


def test_markup_in_names_stays_text(browser, policies):
    attack = "<img src=x onerror=alert(1)>"
    policies.description = attack
    policies.save()
    many(policies, attack, imported_from=f"{attack}/a.txt", error=attack)
    for html in (page_of(browser, policies).content.decode(), browser.get(LIBRARY).content.decode()):
        assert "<img" not in html


def test_chat_and_search_lead_to_the_library(browser, policies):
    for path in ("/", "/search/"):
        assert f'href="{LIBRARY}"' in browser.get(path).content.decode()
