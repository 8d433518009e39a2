import re

import pytest
from django.test import Client
from django.urls import reverse

from langai_site.models import SensitivePattern
from search.models import Collection, Source
from tests.detectors.made import card
from tests.search.conftest import HANDBOOK
from tests.servers import free_port

PAGE = reverse("search:search")


@pytest.fixture
def browser(alice):
    browser = Client()
    browser.force_login(alice)
    return browser


def typed(browser, **values):
    """As htmx asks while somebody types."""
    return browser.get(PAGE, values, headers={"HX-Request": "true"})


def text(response):
    return " ".join(response.content.decode().split())


def test_strangers_are_asked_to_sign_in_and_come_back_to_their_search(db):
    response = Client().get(PAGE, {"q": "two words"})
    assert response.status_code == 302
    assert response["Location"] == f"{reverse('account_login')}?next=%2Fsearch%2F%3Fq%3Dtwo%2Bwords"


def test_found_passages_are_shown_by_document_with_place_type_and_day(browser, handbook, embedder, store, add):
    source_id = add(handbook)
    Source.objects.update(added_at="2026-03-01T12:00Z")
    response = browser.get(PAGE, {"q": "How many days off do I get?"})
    (document,) = response.context["documents"]
    assert (document.hit.text, document.hit.source_id) == (HANDBOOK[0], source_id)
    html = text(response)
    assert "Handbook · Text · <time" in html
    assert ">1 Mar 2026</time>" in html
    assert "<b>page 1</b>" in html
    assert f"/sources/{source_id}/?page=1&amp;start=7&amp;end={7 + len(HANDBOOK[0])}#marked" in html


def test_text_runs_in_the_direction_of_its_own_language(browser, handbook, embedder, store, add):
    add(handbook, ["يحق للموظفين الحصول على إجازة سنوية."], title="دليل الموظف")
    html = text(browser.get(PAGE, {"q": "إجازة"}))
    assert '<h2 dir="auto"><a' in html
    assert '<span class="snippet" dir="auto" lang="ar">' in html


def test_the_menu_says_where_one_is(browser, handbook, embedder, store, add):
    source = add(handbook)
    places = {PAGE: "search/", f"/sources/{source}/": "library/", "/library/": "library/"}
    for path, here in places.items():
        assert re.findall(r'<a href="/(\w+/)" aria-current', text(browser.get(path))) == [here]


def test_matched_words_are_marked_in_any_form(browser, handbook, embedder, store, add):
    add(handbook)
    assert "<mark>Refunds</mark> are issued" in text(browser.get(PAGE, {"q": "refund"}))


def test_while_somebody_types_only_the_results_come_and_the_address_follows(browser, handbook, embedder, store, add):
    add(handbook)
    response = typed(browser, q=" vacation ", since="", until="", type="text/plain")
    html = text(response)
    assert "<html" not in html
    assert "twenty eight days" in html
    assert '<span id="chosen-types" hx-swap-oob="true" class="some">Text</span>' in html
    assert response["HX-Replace-Url"] == f"{PAGE}?q=vacation&type=text%2Fplain"
    assert "HX-Request" in response["Vary"]


def test_page_and_fragment_hold_the_same_results(browser, handbook, embedder, store, add):
    add(handbook)
    whole, part = text(browser.get(PAGE, {"q": "vacation"})), text(typed(browser, q="vacation"))
    section = part[part.index("<section") : part.index("</section>")]
    assert section in whole


def test_before_a_search_the_page_says_what_it_searches(browser, handbook, embedder, store, add):
    add(handbook)
    for values in ({}, {"q": "   "}):
        assert "Searches what you may read in 1 collection" in text(browser.get(PAGE, values))


def test_with_nothing_to_search_the_page_says_so(browser):
    assert "There is nothing to search yet" in text(browser.get(PAGE))
    assert "There is nothing to search yet" in text(typed(browser, q="vacation"))


def test_where_nothing_fits_the_page_says_so(browser, handbook, embedder, store, add):
    add(handbook)
    html = text(browser.get(PAGE, {"q": "quantum <b>chromodynamics</b>"}))
    assert "Nothing that you may read matches “quantum &lt;b&gt;chromodynamics&lt;/b&gt;”" in html


def test_filters_narrow_what_is_found_and_can_be_left_again(browser, handbook, embedder, store, add):
    add(handbook)
    more = Collection.objects.create(name="More", everyone=True)
    add(more, ["Each employee gets thirty days of vacation."], title="More")
    (document,) = browser.get(PAGE, {"q": "vacation", "collection": more.pk}).context["documents"]
    assert document.hit.collection == "More"
    for values in ({"type": "application/pdf"}, {"since": "2999-01-01"}, {"until": "1999-12-31"}):
        html = text(browser.get(PAGE, {"q": "vacation", **values}))
        assert "Nothing matches these filters" in html
        assert f'<a href="{PAGE}?q=vacation">Search without filters</a>' in html


def test_filters_offer_what_the_person_may_read(browser, handbook, embedder, store, add):
    add(handbook)
    add(Collection.objects.create(name="Secrets"))
    html = text(browser.get(PAGE))
    assert f'<input type="checkbox" name="collection" value="{handbook.pk}"> <span>Handbook</span>' in html
    assert '<input type="checkbox" name="type" value="text/plain"> <span>Text</span>' in html
    assert "Secrets" not in html


def test_naming_a_collection_that_one_may_not_read_opens_nothing(browser, handbook, embedder, store, add):
    secret = Collection.objects.create(name="Secrets")
    add(secret, ["The secret vacation of the board is in May."])
    add(handbook)
    for values in ({"collection": secret.pk}, {"collection": [secret.pk, handbook.pk]}):
        for response in (browser.get(PAGE, {"q": "vacation", **values}), typed(browser, q="vacation", **values)):
            assert "secret vacation" not in text(response)
            assert "Secrets" not in text(response)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"q": "x" * 1001}, "at most 1,000 characters"),
        ({"q": "x", "since": "soon"}, "year, month and day"),
        ({"q": "x", "since": "2026-02-02", "until": "2026-02-01"}, "after the last"),
    ],
)
def test_what_cannot_be_searched_for_is_told_in_words(browser, values, problem):
    for response in (browser.get(PAGE, values), typed(browser, **values)):
        assert response.status_code == 200
        assert problem in text(response)


def test_a_store_that_is_down_is_told_beside_what_was_found(browser, handbook, embedder, settings, add):
    settings.CHROMA_URL = f"http://127.0.0.1:{free_port()}"
    add(handbook)
    html = text(browser.get(PAGE, {"q": "vacation"}))
    assert "by meaning is not answering" in html


def test_markup_in_documents_titles_headings_and_queries_stays_text(browser, handbook, embedder, store, add):
    attack = "<script>alert(1)</script><img src=x onerror=alert(1)> about vacation days"
    add(handbook, [attack], title=attack)
    for response in (browser.get(PAGE, {"q": attack}), typed(browser, q=attack)):
        html = response.content.decode()
        assert "<script>alert" not in html
        assert "<img" not in html
        assert "&lt;img src=x" in html.replace("<mark>", "").replace("</mark>", "")


def test_a_search_is_only_read(browser):
    assert browser.post(PAGE, {"q": "x"}).status_code == 405


def embedded(upstream):
    """What the embedder on another server was sent."""
    return " ".join(request["body"] for request in upstream.requests("/v1/embeddings"))


@pytest.fixture
def elsewhere(handbook, embedder, store, served, upstream, add):
    """The handbook is embedded on another server, which has forgotten by now what it was sent."""
    served("e64")
    add(handbook)
    upstream.reset()
    return upstream


def test_what_is_searched_for_goes_to_an_embedder_elsewhere(browser, elsewhere):
    browser.get(PAGE, {"q": "vacation days"})
    assert "vacation days" in embedded(elsewhere)


@pytest.mark.parametrize("query", [f"vacation {card('4')}", "vacation of project heron"])
def test_a_query_in_which_something_confidential_is_seen_stays_here(browser, elsewhere, query):
    SensitivePattern.objects.create(name="Projects", pattern="project heron")
    browser.get(PAGE, {"q": query})
    html = text(typed(browser, q=query))
    assert elsewhere.requests() == []
    assert "twenty eight days" in html
    assert "may not see such sensitive text" in html


def test_where_conversations_start_confidential_no_query_leaves(browser, elsewhere, settings):
    settings.DEFAULT_SENSITIVITY = "confidential"
    assert "twenty eight days" in text(browser.get(PAGE, {"q": "vacation"}))
    assert "twenty eight days" in asked_by_program(browser, "vacation days").text
    assert elsewhere.requests() == []


def test_what_a_program_searches_for_goes_to_an_embedder_elsewhere(browser, elsewhere):
    asked_by_program(browser, "vacation days")
    assert "vacation days" in embedded(elsewhere)


def asked_by_program(browser, query):
    return browser.post("/search", {"query": query}, content_type="application/json")
