from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from langai_site.accounts.models import User
from search.access import reader_of
from search.models import Collection, Source
from tests.search.conftest import HANDBOOK


@pytest.fixture
def browser(alice):
    browser = Client()
    browser.force_login(alice)
    return browser


def search(browser, query):
    return browser.get(reverse("search:search"), {"q": query})


def test_strangers_are_asked_to_sign_in(db):
    for url in (reverse("search:search"), reverse("search:source", args=[uuid4()])):
        response = Client().get(url)
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login"))


def test_a_result_leads_to_its_passage_marked_in_its_page(browser, handbook, embedder, store, add):
    add(handbook)
    url = search(browser, "refund").context["documents"][0].passages[0].url
    html = browser.get(url.partition("#")[0]).content.decode()
    assert f'Intro. <mark id="marked">{HANDBOOK[1]}</mark> Outro.' in html
    assert 'name="page" value="2"' in html
    assert "?page=1" in html
    assert "?page=3" in html


def test_the_first_and_the_last_page_lead_only_inwards(browser, handbook, add):
    url = reverse("search:source", args=[add(handbook)])
    first, last = (browser.get(url, {"page": page}).content.decode() for page in (1, 3))
    assert ('rel="prev"' in first, 'rel="next"' in first) == (False, True)
    assert ('rel="prev"' in last, 'rel="next"' in last) == (True, False)
    assert "<mark" not in first


def test_markup_in_documents_titles_and_queries_stays_text(browser, handbook, embedder, store, add):
    attack = "<script>alert(1)</script><img src=x onerror=alert(1)> about vacation days"
    source_id = add(handbook, [attack], title=attack)
    pages = [search(browser, attack), browser.get(reverse("search:source", args=[source_id]), {"start": 9, "end": 30})]
    for response in pages:
        html = response.content.decode()
        assert "<script>alert" not in html
        assert "<img" not in html
        assert "&lt;img src=x" in html


def test_a_markdown_document_is_drawn_with_its_passage_marked_and_found_without_signs(
    browser, handbook, embedder, store, add
):
    text = "Refunds are **issued** within `30` days of [purchase](terms.md). <script>alert(1)</script>"
    source_id = add(handbook, [text])
    Source.objects.filter(pk=source_id).update(media_type="text/markdown")
    passage = search(browser, "refunds").context["documents"][0].passages[0]
    shown = "".join(piece.text for piece in passage.pieces)
    assert shown.startswith("Refunds are issued within 30 days of purchase.")
    html = browser.get(passage.url.partition("#")[0]).content.decode()
    assert '<mark id="marked">Refunds are </mark><strong><mark>issued</mark></strong>' in html
    assert "<code><mark>30</mark></code>" in html
    assert "<script>alert" not in html
    assert "**" not in html.partition("<main")[2]


def test_a_document_is_not_there_for_those_who_may_not_read_it(browser, embedder, store, add):
    source_id = add(Collection.objects.create(name="Private"))
    assert browser.get(reverse("search:source", args=[source_id])).status_code == 404
    response = search(browser, "vacation days")
    assert response.context["documents"] == []
    assert HANDBOOK[0] not in response.content.decode()


@pytest.mark.parametrize(
    "values", [{"page": "x"}, {"page": "-1"}, {"start": "1e9"}, {"end": "9" * 5000}, {"page": "²"}]
)
def test_an_address_that_is_not_right_is_refused(browser, handbook, add, values):
    assert browser.get(reverse("search:source", args=[add(handbook)]), values).status_code == 400


@pytest.mark.parametrize("page", ["0", "4", "999999999"])
def test_a_page_that_does_not_exist_is_not_found(browser, handbook, add, page):
    assert browser.get(reverse("search:source", args=[add(handbook)]), {"page": page}).status_code == 404


def test_an_admin_manages_collections_without_reading_them(transactional_db, embedder, store, add):
    admin = User.objects.create_superuser("admin")
    private = Collection.objects.create(name="Private")
    add(private)
    browser = Client()
    browser.force_login(admin)
    assert "Private" in browser.get(reverse("admin:search_collection_changelist")).content.decode()
    assert browser.get(reverse("admin:search_collection_change", args=[private.pk])).status_code == 200
    assert browser.get(reverse("admin:search_collection_add")).status_code == 200
    assert reader_of(admin).collections == ()
    assert search(browser, "vacation days").context["documents"] == []
