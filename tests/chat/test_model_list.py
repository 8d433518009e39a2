"""The list of models in the composer: only what a person may use, recently used ones first, in plain words."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from selectolax.lexbor import LexborHTMLParser

from chat.pages import model_words
from langai_site.accounts.models import Team
from langai_site.outbound.abilities import Ability
from langai_site.outbound.connections import reading
from langai_site.outbound.models import Connection, Model
from langai_site.outbound.types import ModelInfo
from langai_site.sensitivity import Sensitivity
from langai_site.usage import prices
from langai_site.usage.models import UsageEntry
from langai_site.usage.recent_models import CALLS, recent_models
from langai_site.usage.types import ModelPrice

URL = "/models/"
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _providers(settings):
    settings.OPENAI_BASE_URL, settings.OLLAMA_BASE_URL = "", "http://localhost:11434"
    settings.OPENAI_API_KEY, settings.ANTHROPIC_API_KEY = "sk-x", ""


def made(name, **values):
    values = {"display_name": name.partition("/")[2], "provider": name.partition("/")[0], "available": True} | values
    return Model.objects.create(name=name, **values)


def answered(user, model, *, minutes=0, **values):
    values = {"provider": "x", "label": 0, "status": "complete", "source": "page"} | values
    at = timezone.now() - timedelta(minutes=minutes)
    return UsageEntry.objects.create(user_id=user.pk, model=model, at=at, **values)


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


def shown(page, **headers):
    answer = page.get(URL, headers=headers or FRAGMENT)
    assert answer.status_code == 200
    return LexborHTMLParser(answer.text)


def names(fragment):
    return [option.attributes["data-model"] for option in fragment.css("[role=option]")]


def text_of(fragment, name):
    return " ".join(fragment.css_first(f'[data-model="{name}"]').text().split())


def groups(fragment):
    found = fragment.css("[role=group]")
    return [(one.css_first("h2").text(), len(one.css("[role=option]"))) for one in found]


@pytest.mark.django_db(transaction=True)
class TestAccess:
    def test_it_lists_what_a_person_may_use_and_never_another_teams_model(self, page, alice, bob):
        red, blue = (Team.objects.create(name=name) for name in ("Red", "Blue"))
        alice.teams.set([red])
        bob.teams.set([blue])
        made("openai/everybodys")
        made("openai/reds").teams.set([red])
        made("openai/blues").teams.set([blue])
        made("openai/switched-off", enabled=False)
        answered(alice, "openai/blues")
        assert names(shown(page)) == ["auto", "openai/everybodys", "openai/reds", "quotes"]
        assert "blues" not in page.get(URL).text
        page.force_login(bob)
        assert names(shown(page)) == ["auto", "openai/blues", "openai/everybodys", "quotes"]

    def test_strangers_are_asked_to_sign_in(self, client, db):
        assert client.get(URL).headers["Location"] == f"{reverse('account_login')}?next={URL}"

    def test_no_cache_keeps_it(self, page):
        assert page.get(URL, headers=FRAGMENT).headers["Cache-Control"] == "private, no-store"

    def test_it_only_reads(self, page):
        assert page.post(URL).status_code == 405


@pytest.mark.django_db(transaction=True)
class TestOrder:
    def test_recently_used_models_come_first_and_once(self, page, alice, bob):
        for name in ("a", "b", "c"):
            made(f"openai/{name}")
        made("ollama_chat/d")
        answered(alice, "openai/b", minutes=3)
        answered(alice, "ollama_chat/d", minutes=2)
        answered(alice, "openai/b", minutes=1)
        answered(bob, "openai/c")
        fragment = shown(page)
        assert names(fragment) == ["auto", "openai/b", "ollama_chat/d", "openai/a", "openai/c", "quotes"]
        assert groups(fragment) == [("Recently used", 2), ("Hosted", 2), ("Local", 1)]

    def test_only_the_last_few_count_as_recent(self, page, alice):
        for number in range(8):
            made(f"openai/{number}")
            answered(alice, f"openai/{number}", minutes=number)
        assert groups(shown(page)) == [("Recently used", 5), ("Hosted", 3), ("Local", 1)]

    def test_what_is_gone_leaves_its_place_to_the_next(self, page, alice):
        made("openai/here")
        for number in range(6):
            answered(alice, f"openai/gone-{number}", minutes=number)
        answered(alice, "openai/here", minutes=9)
        assert groups(shown(page)) == [("Recently used", 1), ("Local", 1)]


@pytest.mark.django_db
class TestRecentModels:
    def test_failures_other_doors_and_other_calls_do_not_count(self, alice):
        answered(alice, "stopped", status="stopped", minutes=1)
        answered(alice, "failed", status="unreachable")
        answered(alice, "by-a-program", source="api")
        answered(alice, "embedder", kind="embedding")
        assert recent_models(alice.pk, "page") == ["stopped"]

    def test_it_reads_so_many_calls_and_no_more_by_an_index(self, alice):
        answered(alice, "long-ago", minutes=CALLS + 1)
        for number in range(CALLS):
            answered(alice, "lately", minutes=number)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert recent_models(alice.pk, "page") == ["lately"]
        assert len(queries) == 1
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {queries[0]['sql']}")
                plan = " ".join(str(row) for row in cursor.fetchall())
            assert "entries_of_a_person" in plan
            assert "TEMP B-TREE" not in plan


@pytest.mark.django_db(transaction=True)
class TestWords:
    def test_a_row_says_what_a_model_can_do_may_see_and_costs(self, page):
        able = {"vision": True, "tools": True, "thinking": False}
        made("openai/able", context_window=128_000, abilities=able, ceiling=Sensitivity.PUBLIC)
        rates = {"input": Decimal(2), "output": Decimal(8), "cached": Decimal(1), "valid_from": prices.today()}
        prices.set_by_admin("openai/able", **rates)
        text = text_of(shown(page), "openai/able")
        assert text == "able $2 in, $8 out public only · hosted, OpenAI · 128k context · vision, tools"

    def test_a_model_in_the_building_is_free_and_sees_everything(self, page):
        made("ollama_chat/near", ceiling=Sensitivity.PUBLIC)
        fragment = shown(page)
        assert text_of(fragment, "ollama_chat/near") == "near free all labels · local, Ollama"
        assert text_of(fragment, "quotes") == "quotes free all labels · local, built-in"

    def test_a_connection_is_named_as_its_admin_named_it(self, page):
        Connection.objects.create(name="Office GPUs", slug="office", address="http://127.0.0.1:9/v1")
        reading.forget()
        made("office/qwen")
        assert text_of(shown(page), "office/qwen") == "qwen free all labels · local, Office GPUs"

    def test_what_a_server_calls_its_model_is_text(self, page):
        made("openai/<b>", display_name="<img src=x onerror=alert(1)>")
        fragment = shown(page)
        assert not fragment.css("img")
        assert "<img src=x" in text_of(fragment, "openai/<b>")

    def test_right_to_left_names_keep_their_direction(self, page):
        made("openai/rtl", display_name="מודל")
        assert shown(page).css_first('[data-model="openai/rtl"] bdi').text() == "מודל"


@pytest.mark.django_db(transaction=True)
class TestPage:
    def test_without_javascript_it_is_a_page_with_the_same_rows(self, page):
        made("openai/able")
        whole = shown(page, Accept="text/html")
        assert whole.css_first("h1").text() == "Models"
        assert "able" in whole.css_first("main").text()
        assert not whole.css("[role=option]")

    def test_the_composer_has_the_plain_field_and_says_where_the_list_is(self, page):
        made("openai/able")
        composer = shown_composer(page)
        assert composer.css_first("select#model").attributes["data-list"] == URL
        assert [option.attributes["value"] for option in composer.css("#model option")] == [
            "auto",
            "openai/able",
            "quotes",
        ]

    def test_130_models_make_the_page_little_heavier(self, page):
        made("openai/first")
        before = len(page.get("/").content)
        for number in range(129):
            made(f"openai/gpt-{number}", display_name=f"GPT {number}")
        assert len(page.get("/").content) - before < 129 * 70


def shown_composer(page):
    return LexborHTMLParser(page.get("/").text)


def priced(*rates, hosted=True, long_after=0):
    price = ModelPrice("1", *map(Decimal, rates), Decimal(0), long_after) if rates else None
    return ModelInfo("x/y", "y", "x", hosted, Sensitivity.INTERNAL, price=price)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (priced("2.000000", "8.000000"), "$2 in, $8 out"),
        (priced("0.15", "0.6"), "$0.15 in, $0.60 out"),
        (priced("0.075", "100"), "$0.075 in, $100 out"),
        (priced("0", "1"), "$0 in, $1 out"),
        (priced("0", "0"), "free"),
        (priced(), "unpriced"),
        (priced(hosted=False), "free"),
    ],
)
def test_prices_are_neither_rounded_nor_padded(model, words):
    assert model_words.price(model) == words


@pytest.mark.parametrize(
    ("tokens", "words"),
    [(900, "900"), (8192, "8k"), (131_072, "131k"), (1_000_000, "1M"), (1_048_576, "1M"), (1_500_000, "1.5M")],
)
def test_windows_are_short(tokens, words):
    assert model_words.count(tokens) == words


def test_a_price_that_rises_with_the_prompt_says_so():
    assert model_words.facts(priced("1", "2", long_after=200_000), "X") == [
        "up to internal",
        "hosted, X",
        "costs more above 200k",
    ]


def test_ceilings_are_words():
    local = ModelInfo("x/y", "y", "x", False, Sensitivity.CONFIDENTIAL, abilities={Ability.TOOLS: True})
    assert (model_words.ceiling(local), model_words.ceiling(priced())) == ("all labels", "up to internal")
