"""Usage pages: no empty chart, one format of money, models by their names."""

from decimal import Decimal

import pytest
from django.test import Client

from langai_site.accounts.models import User
from langai_site.outbound.models import Model
from langai_site.usage.spending.standing import shown
from langai_site.usage.types import Usage
from tests.usage.test_pages import EVERYBODY, MINE, used

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return User.objects.create_superuser("admin")


@pytest.fixture
def page(admin):
    client = Client()
    client.force_login(admin)
    return lambda address=EVERYBODY: client.get(address)


def named(model, name):
    return Model.objects.create(name=model, display_name=name, provider=model.partition("/")[0])


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "$0"), ("0.0021", "$0.0021"), ("0.002149", "$0.0021"), ("0.3", "$0.30"), ("12.4", "$12.40"), ("1e-9", None)],
)
def test_small_amounts_can_be_read(amount, text):
    assert shown(Decimal(amount)) == (text or "$0.0000000010")


def test_a_chart_shows_tokens_where_nothing_has_a_cost(admin, page):
    used(admin, "0", usage=Usage(43, 107))
    section = page().context["section"]
    assert section.chart.title.startswith("Tokens by model")
    assert section.chart.bars
    assert "Nothing in this time has a cost, so the chart shows tokens." in page().text


def test_a_chart_shows_calls_where_not_even_tokens_were_used(admin, page):
    used(admin, "0", usage=Usage(0, 0))
    section = page().context["section"]
    assert section.chart.title.startswith("Calls by model")
    assert section.chart.bars


def test_a_chart_of_costs_stays_one(admin, page):
    used(admin, "0.5")
    section = page().context["section"]
    assert section.chart.title.startswith("Cost by model")
    assert section.note == ""


def test_a_model_without_a_price_costs_not_nothing(admin, page):
    used(admin, None, model="openai/new")
    assert page().context["total"].cost == "no price"
    assert page().context["section"].table.rows[0].cells[0] == "no price"


def test_models_are_called_as_people_know_them_with_the_id_at_hand(admin, page):
    named("openai/gpt-5", "GPT-5")
    used(admin, "1", model="openai/gpt-5")
    for address in (EVERYBODY, MINE):
        text = page(address).text
        assert ">GPT-5<" in text
        assert 'title="openai/gpt-5"' in text
    assert page().context["section"].chart.legend == ((1, "GPT-5"),)


def test_two_models_of_one_name_stay_two(admin, page):
    for provider in ("openai", "azure"):
        named(f"{provider}/gpt-5", "GPT-5")
        used(admin, "1", model=f"{provider}/gpt-5")
    names = {name for _, name in page().context["section"].chart.legend}
    assert names == {"GPT-5 (openai/gpt-5)", "GPT-5 (azure/gpt-5)"}


def test_a_time_without_use_says_so_in_words(page):
    assert "Nobody has used anything in this time" in page().text
