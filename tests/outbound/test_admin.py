import logging
from datetime import timedelta
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from langai_site.accounts.models import Team, User
from langai_site.outbound import catalogue, keeping
from langai_site.outbound.models import Model
from langai_site.outbound.types import ModelRole
from langai_site.sensitivity import Sensitivity
from langai_site.usage import prices
from langai_site.usage.models import Price, UsageEntry
from langai_site.usage.types import ModelPrice
from tests.upstream import free_port

pytestmark = pytest.mark.django_db

LIST, ADD = "admin:outbound_model_changelist", "admin:outbound_model_add"
MARKER = "sk-marker-5f0c2b7e91"


@pytest.fixture(autouse=True)
def _servers(settings):
    settings.OPENAI_BASE_URL, settings.OLLAMA_BASE_URL = "", "http://localhost:11434"
    settings.OPENAI_API_KEY, settings.ANTHROPIC_API_KEY = MARKER, ""


@pytest.fixture
def admin(client):
    client.force_login(User.objects.create_superuser("admin"))
    return client


def made(name, **values):
    values = {"display_name": name, "provider": name.partition("/")[0], "available": True} | values
    return Model.objects.create(name=name, **values)


def page_of(model):
    return reverse("admin:outbound_model_change", args=[model.pk])


def form(**changed):
    """Return what the page's form sends; `None` leaves a field out."""
    values = {"display_name": "Some", "ceiling": 10, "enabled": "on", "rank": 3, "parameters": "{}", "roles": []}
    return {name: value for name, value in (values | changed).items() if value is not None}


class TestDeleting:
    @pytest.mark.parametrize(
        ("name", "available", "is_deleted"),
        [
            ("openai/gpt-6-luna", True, False),
            ("openai/mistyped", True, True),
            ("anthropic/claude-haiku-5-5", False, True),
            ("ollama_chat/listed", True, False),
            ("ollama_chat/gone", False, True),
        ],
    )
    def test_what_would_come_back_for_everyone_is_switched_off_instead(self, admin, name, available, is_deleted):
        model = made(name, available=available, enabled=False)
        admin.post(reverse("admin:outbound_model_delete", args=[model.pk]), {"post": "yes"})
        chosen = {"action": "delete_selected", "_selected_action": [model.pk], "post": "yes"}
        admin.post(reverse(LIST), chosen)
        assert Model.objects.filter(pk=model.pk).exists() is not is_deleted


class TestTheList:
    def test_it_says_what_is_hosted_and_what_it_may_see(self, admin):
        for name in ("openai/some", "ollama_chat/other", "hosted_vllm/left-over"):
            made(name)
        page = admin.get(reverse(LIST)).text
        assert '<td class="field-where">hosted</td>' in page
        assert '<td class="field-ceiling_shown">Internal</td>' in page
        assert '<td class="field-where">local</td>' in page
        assert '<td class="field-ceiling_shown">all</td>' in page
        assert "not set up" in page

    def test_it_says_what_a_model_is_good_for_what_it_takes_and_what_it_costs(self, admin):
        made("openai/some", roles=["balanced", "long_context"], listed_window=128_000)
        made("openai/unknown", rank=200)
        made("ollama_chat/other", rank=300)
        prices.set_by_admin(
            "openai/some", input=Decimal("0.25"), output=Decimal(2), cached=Decimal(0), valid_from=prices.today()
        )
        page = admin.get(reverse(LIST)).text
        assert '<td class="field-roles_shown">balanced, long context</td>' in page
        assert '<td class="field-window_shown">128,000</td>' in page
        for column, shown in (("in", "$0.25"), ("out", "$2"), ("in", "unpriced"), ("out", "free")):
            assert f'<td class="field-price_{column}">{shown}</td>' in page

    def test_it_says_whom_a_model_is_for(self, admin):
        made("openai/some").teams.set([Team.objects.create(name="Red"), Team.objects.create(name="Blue")])
        made("openai/other")
        page = admin.get(reverse(LIST)).text
        assert '<td class="field-teams_shown">Blue, Red</td>' in page
        assert '<td class="field-teams_shown">everyone</td>' in page

    def test_it_takes_no_more_queries_for_more_models(self, admin):
        counts = []
        for more in (1, 30):
            for at in range(more):
                made(f"openai/some{more}-{at}").teams.set([Team.objects.create(name=f"{more}-{at}")])
            with CaptureQueriesContext(connection) as asked:
                admin.get(reverse(LIST))
            counts.append(len(asked))
        assert counts[0] == counts[1]


class TestWhatAModelWaitsFor:
    @pytest.mark.parametrize(
        ("name", "setting", "words"),
        [
            ("openai/some", "OPENAI_API_KEY", "key missing: set OPENAI_API_KEY"),
            ("anthropic/some", "ANTHROPIC_API_KEY", "key missing: set ANTHROPIC_API_KEY"),
            ("hosted_vllm/some", "OPENAI_BASE_URL", "no server: set OPENAI_BASE_URL"),
            ("ollama_chat/some", "OLLAMA_BASE_URL", "no server: set OLLAMA_BASE_URL"),
        ],
    )
    def test_a_missing_key_or_server_is_named_with_what_to_set(self, admin, settings, name, setting, words):
        model = made(name)
        setattr(settings, setting, "")
        assert words in admin.get(reverse(LIST)).text
        assert words in admin.get(page_of(model)).text
        setattr(settings, setting, "http://localhost:1/v1")
        assert words not in admin.get(reverse(LIST)).text

    def test_openais_own_models_say_that_another_server_took_their_place(self, admin, settings):
        made("openai/some")
        settings.OPENAI_BASE_URL = "http://localhost:1/v1"
        assert "not asked: OPENAI_BASE_URL names another server" in admin.get(reverse(LIST)).text

    def test_a_model_that_its_server_lists_no_more_says_so(self, admin):
        made("ollama_chat/some", available=False)
        assert "its server no longer lists it" in admin.get(reverse(LIST)).text

    def test_a_server_that_does_not_answer_is_no_fault_of_the_model(self, admin, monkeypatch):
        made("ollama_chat/some", available=False)
        monkeypatch.setattr(catalogue, "_failing", {"ollama_chat": "ConnectError"})
        assert "its server does not answer" in admin.get(reverse(LIST)).text


class TestChanging:
    def test_an_admin_sets_what_a_model_may_see_is_good_for_and_takes(self, admin):
        model, team = made("openai/some"), Team.objects.create(name="Red")
        values = form(ceiling=Sensitivity.PUBLIC.value, roles=["simple", "strong"], teams=[team.pk])
        values |= {"context_window": 5000, "parameters": '{"temperature": 0.2}'}
        assert admin.post(page_of(model), values).status_code == 302
        model.refresh_from_db()
        assert (model.display_name, model.ceiling, model.rank) == ("Some", Sensitivity.PUBLIC, 3)
        assert (model.roles, model.window, model.parameters) == (["simple", "strong"], 5000, {"temperature": 0.2})
        assert list(model.teams.all()) == [team]
        assert model.name == "openai/some"

    def test_a_key_among_the_parameters_is_refused_in_words_and_not_kept(self, admin):
        model = made("openai/some")
        page = admin.post(page_of(model), form(parameters='{"api_key": "x"}')).text
        assert "“api_key” can&#x27;t be set here" in page
        model.refresh_from_db()
        assert model.parameters == {}

    def test_no_hosted_model_can_be_let_see_confidential_text(self, admin):
        model = made("openai/some")
        assert admin.post(page_of(model), form(ceiling=Sensitivity.CONFIDENTIAL.value)).status_code == 200
        model.refresh_from_db()
        assert model.ceiling == Sensitivity.INTERNAL

    def test_a_model_is_added_under_litellms_name_and_is_there_at_once_where_its_key_is(self, admin):
        values = form(name="openai/gpt-5.4", display_name="Older")
        assert admin.post(reverse(ADD), values).status_code == 302
        (info,) = catalogue.models()
        assert (info.name, info.display_name, info.provider) == ("openai/gpt-5.4", "Older", "openai")
        keeping.learn({"gpt-5.4": {"litellm_provider": "openai", "max_input_tokens": 200_000}})
        (info,) = catalogue.models()
        assert (set(info.roles), info.context_window) == ({ModelRole.BALANCED, ModelRole.LONG_CONTEXT}, 200_000)

    @pytest.mark.parametrize("name", ["gpt-5.4", "azure/gpt-5.4", "openai/"])
    def test_a_name_of_no_provider_here_is_refused_with_what_would_do(self, admin, name):
        page = admin.post(reverse(ADD), form(name=name)).text
        assert "The name must begin with openai/, anthropic/, hosted_vllm/, ollama_chat/." in page
        assert not Model.objects.exists()

    def test_who_may_only_look_sees_the_page_and_changes_nothing(self, client):
        looker = User.objects.create_user("looker", is_staff=True)
        looker.user_permissions.set(Permission.objects.filter(codename="view_model"))
        client.force_login(looker)
        model = made("openai/some")
        page = client.get(page_of(model))
        assert page.status_code == 200
        assert "price_input" not in page.text
        assert client.post(page_of(model), form()).status_code == 403
        assert client.post(reverse("admin:outbound_model_test", args=[model.pk])).status_code == 403


class TestPrices:
    def test_a_price_is_added_and_shown_with_its_day(self, admin):
        model = made("openai/some")
        admin.post(page_of(model), form(price_input="0.5", price_output="2"))
        price = prices.current_of("openai/some")
        assert (price.input, price.output, price.cached) == (Decimal("0.5"), 2, Decimal("0.5"))
        page = admin.get(page_of(model)).text
        assert "<strong>current</strong>" in page
        assert 'name="price_input" value="0.5"' in page

    def test_saving_a_model_whose_price_stays_adds_none(self, admin):
        model = made("openai/some")
        prices.take_listed({"openai/some": ModelPrice("", Decimal(1), Decimal(2), Decimal("0.1"))})
        admin.post(page_of(model), form(price_input="1", price_output="2.0", price_cached="0.100"))
        assert Price.objects.count() == 1

    def test_a_price_for_a_later_day_waits_for_it(self, admin):
        model, tomorrow = made("openai/some"), prices.today() + timedelta(days=1)
        admin.post(page_of(model), form(price_input="1", price_output="2"))
        admin.post(page_of(model), form(price_input="3", price_output="4", price_from=tomorrow.isoformat()))
        assert prices.current_of("openai/some").input == 1
        assert Price.objects.latest("valid_from").input == 3

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"price_input": "1"}, "Give a price for both directions, or for none."),
            ({"price_input": "-1", "price_output": "1"}, "greater than or equal to 0"),
            (
                {"price_input": "1", "price_output": "1", "price_from": "2020-01-01"},
                "can start today or later",
            ),
        ],
    )
    def test_half_a_price_or_one_of_the_past_is_refused(self, admin, values, words):
        assert words in admin.post(page_of(made("openai/some")), form(**values)).text
        assert not Price.objects.exists()

    def test_prices_are_read_and_never_changed(self, admin):
        price = prices.set_by_admin(
            "openai/some", input=Decimal(1), output=Decimal(2), cached=Decimal(1), valid_from=prices.today()
        )
        assert "openai/some" in admin.get(reverse("admin:usage_price_changelist")).text
        change = reverse("admin:usage_price_change", args=[price.version])
        assert admin.post(change, {"input": 0}).status_code == 403
        assert admin.get(reverse("admin:usage_price_add")).status_code == 403
        assert admin.post(reverse("admin:usage_price_delete", args=[price.version])).status_code == 403


@pytest.mark.django_db(transaction=True)
class TestTheTest:
    @pytest.fixture
    async def signed_in(self, async_client, upstream):
        person = await User.objects.acreate_superuser("admin")
        await async_client.aforce_login(person)
        return async_client

    @staticmethod
    async def outcome(client, name):
        """Press Test and return what the page says."""
        model = await sync_to_async(made)(name)
        answer = await client.post(reverse("admin:outbound_model_test", args=[model.pk]))
        return (await client.get(answer.url)).text

    async def test_a_model_that_answers_is_told_with_its_time_and_entered_as_a_test(self, signed_in, upstream):
        assert "“hosted_vllm/t3” answered in" in await self.outcome(signed_in, "hosted_vllm/t3")
        (request,) = upstream.requests("/v1/chat")
        assert '"content":"Sayhello."' in request["body"].replace(" ", "")
        entry = await UsageEntry.objects.aget()
        assert (entry.kind, entry.source, entry.username, entry.status) == ("test", "admin", "admin", "complete")
        assert entry.label == Sensitivity.PUBLIC

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("hosted_vllm/fail-unauthorized", "refused the key that is set up here"),
            ("hosted_vllm/fail-missing", "is no longer offered by its server"),
            ("ollama_chat/fail-broken", "failed on its side"),
        ],
    )
    async def test_a_failure_is_told_in_our_words_and_entered(self, signed_in, name, words):
        page = await self.outcome(signed_in, name)
        assert f"“{name}” failed the test." in page
        assert words in page
        assert "sk-upstream-saw-this" not in page
        assert (await UsageEntry.objects.aget()).kind == "test"

    async def test_a_server_that_is_away_is_told(self, signed_in, settings):
        settings.OPENAI_BASE_URL = f"http://127.0.0.1:{free_port()}/v1"
        assert "could not be reached" in await self.outcome(signed_in, "hosted_vllm/t3")

    async def test_without_a_key_nothing_is_asked(self, signed_in, settings, upstream):
        settings.ANTHROPIC_API_KEY = ""
        page = await self.outcome(signed_in, "anthropic/t3")
        assert "“anthropic/t3” was not asked: key missing: set ANTHROPIC_API_KEY." in page
        assert upstream.requests() == []

    async def test_it_takes_a_deliberate_click(self, signed_in, upstream):
        model = await sync_to_async(made)("hosted_vllm/t3")
        assert (await signed_in.get(reverse("admin:outbound_model_test", args=[model.pk]))).status_code == 405
        assert upstream.requests() == []

    async def test_several_are_tested_from_the_list(self, signed_in):
        models = [await sync_to_async(made)(f"hosted_vllm/{name}") for name in ("t3", "fail-busy")]
        values = {"action": "test_selected", "_selected_action": [model.pk for model in models]}
        await signed_in.post(reverse(LIST), values)
        page = (await signed_in.get(reverse(LIST))).text
        assert "“hosted_vllm/t3” answered in" in page
        assert "“hosted_vllm/fail-busy” failed the test." in page

    async def test_no_key_is_on_a_page_in_the_database_or_in_a_log(
        self, signed_in, settings, upstream, caplog, monkeypatch, tmp_path
    ):
        settings.OPENAI_API_KEY = settings.ANTHROPIC_API_KEY = MARKER
        monkeypatch.setattr(catalogue, "PAUSE_BEFORE_SECOND_TRY", 0)
        caplog.set_level(logging.DEBUG)
        await catalogue.refresh()
        pages = [await self.outcome(signed_in, f"hosted_vllm/{name}-x") for name in ("t3", "fail-unauthorized")]
        settings.OPENAI_BASE_URL = f"http://127.0.0.1:{free_port()}/v1"
        await catalogue.refresh()
        addresses = [page_of(model) async for model in Model.objects.all()]
        addresses += map(reverse, (LIST, "admin:usage_usageentry_changelist", "chat:new"))
        pages += [(await signed_in.get(address)).text for address in addresses]
        dump = tmp_path / "dump.json"
        await sync_to_async(call_command)("dumpdata", output=str(dump))
        assert any(MARKER in request["raw"] for request in upstream.requests())
        assert MARKER not in "".join(pages)
        assert MARKER not in dump.read_text()
        assert MARKER not in caplog.text
