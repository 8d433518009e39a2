import logging
from decimal import Decimal

import pytest

from langai_site.accounts.models import Team, User
from langai_site.database.writer import in_database_thread
from langai_site.outbound import catalogue, door
from langai_site.outbound.keeping import Changes
from langai_site.outbound.models import Model
from langai_site.outbound.types import ChatMessage, ModelRole
from langai_site.sensitivity import Sensitivity
from langai_site.usage import prices
from tests.outbound.conftest import KEY
from tests.upstream import free_port

pytestmark = pytest.mark.django_db(transaction=True)
OPUS = "anthropic/claude-opus-5-5"


@pytest.fixture(autouse=True)
def _only_what_a_test_sets(settings, monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "OLLAMA_BASE_URL"):
        setattr(settings, name, "")
    monkeypatch.setattr(catalogue, "PAUSE_BEFORE_SECOND_TRY", 0)


@pytest.fixture
def listing(upstream_process):
    upstream_process.reset()
    return upstream_process


async def refreshed():
    await catalogue.refresh()
    return await in_database_thread(catalogue.models)


def names(infos):
    return [info.name for info in infos]


async def test_with_nothing_configured_there_are_no_models_and_the_check_is_off():
    assert await refreshed() == []
    assert await catalogue.health() == "off"


async def test_a_key_alone_offers_a_few_current_models(settings):
    settings.OPENAI_API_KEY = settings.ANTHROPIC_API_KEY = KEY
    infos = await refreshed()
    assert {info.provider for info in infos} == {"openai", "anthropic"}
    assert names(infos)[0].startswith("openai/")
    assert all(info.hosted and info.ceiling == Sensitivity.INTERNAL for info in infos)
    assert await catalogue.health() == "ok"


async def test_the_models_that_a_key_offers_have_a_price(settings):
    settings.OPENAI_API_KEY = settings.ANTHROPIC_API_KEY = KEY
    infos = await refreshed()
    assert infos
    assert all(door.max_cost(info, (ChatMessage.of("user", "Hello"),), 1000) for info in infos)


async def test_a_key_alone_offers_a_model_for_every_role_with_its_window(settings):
    for key in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        setattr(settings, key, KEY)
        infos = await refreshed()
        assert {role for info in infos for role in info.roles} == set(ModelRole), key
        assert all(info.context_window >= 200_000 for info in infos)
        setattr(settings, key, "")


async def test_roles_and_windows_follow_from_what_a_server_tells(settings, listing):
    listing.list_models("small-3b", "some-c131072", "other-70b-c8192")
    settings.OPENAI_BASE_URL = listing.openai_url
    found = {info.display_name: (set(info.roles), info.context_window) for info in await refreshed()}
    assert found == {
        "small-3b": ({ModelRole.SIMPLE}, 0),
        "some-c131072": ({ModelRole.BALANCED, ModelRole.LONG_CONTEXT}, 131_072),
        "other-70b-c8192": ({ModelRole.STRONG}, 8192),
    }


async def test_ollama_is_asked_once_for_the_window_of_each_model(settings, listing):
    listing.list_models("some-p70-c32768:latest")
    settings.OLLAMA_BASE_URL = listing.url
    (info,) = await refreshed()
    assert (set(info.roles), info.context_window) == ({ModelRole.STRONG}, 32_768)
    await refreshed()
    assert len(listing.requests("/api/show")) == 1


async def test_a_compatible_server_offers_what_it_lists_and_is_asked_for_no_completion(settings, listing):
    listing.list_models("org/big-model", "small", "nomic-embed-text")
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = listing.openai_url, KEY
    infos = await refreshed()
    assert names(infos) == ["hosted_vllm/org/big-model", "hosted_vllm/small"]
    assert not any(info.hosted for info in infos)
    assert all(info.ceiling == Sensitivity.CONFIDENTIAL for info in infos)
    assert await catalogue.health() == "ok"
    assert {request["path"] for request in listing.requests()} == {"/v1/models"}


@pytest.mark.parametrize("name", ["a\0b", "a\ud800", "a\nb", "a" * 1_000])
async def test_a_name_that_no_database_or_page_can_hold_keeps_no_other_model_away(settings, listing, name):
    listing.list_models(name, "small")
    settings.OPENAI_BASE_URL = listing.openai_url
    assert names(await refreshed()) == ["hosted_vllm/small"]


async def test_a_compatible_server_elsewhere_is_hosted(settings, listing):
    settings.LOCAL_HOSTS = []
    settings.OPENAI_BASE_URL = listing.openai_url
    infos = await refreshed()
    assert all(info.hosted and info.ceiling == Sensitivity.INTERNAL for info in infos)


async def test_ollama_offers_what_it_lists_and_its_cloud_models_are_hosted(settings, listing):
    listing.list_models("llama3.2:3b", "gpt-oss:120b-cloud", "mine-remote")
    settings.OLLAMA_BASE_URL = listing.url
    hosted = {info.name: info.hosted for info in await refreshed()}
    assert hosted == {
        "ollama_chat/gpt-oss:120b-cloud": True,
        "ollama_chat/mine-remote": True,
        "ollama_chat/llama3.2:3b": False,
    }


async def test_hosted_models_come_before_local_ones(settings, listing):
    listing.list_models("local")
    settings.ANTHROPIC_API_KEY, settings.OLLAMA_BASE_URL = KEY, listing.url
    infos = await refreshed()
    assert [info.hosted for info in infos] == [True, True, True, False]


async def test_what_an_admin_set_stays(settings, listing):
    listing.list_models("a", "b")
    settings.OLLAMA_BASE_URL = listing.url
    await refreshed()
    set_by_admin = {"display_name": "Best", "rank": 999, "roles": ["strong"], "context_window": 4096}
    await Model.objects.filter(name="ollama_chat/a").aupdate(**set_by_admin, parameters={"top_p": 0.5})
    await Model.objects.filter(name="ollama_chat/b").aupdate(enabled=False)
    (info,) = await refreshed()
    assert (info.display_name, info.rank, info.roles, info.context_window) == ("Best", 999, {ModelRole.STRONG}, 4096)
    assert info.parameters == {"top_p": 0.5}


async def test_a_model_that_an_admin_wants_for_nothing_gets_no_role_again(settings, listing):
    listing.list_models("a")
    settings.OLLAMA_BASE_URL = listing.url
    await refreshed()
    await Model.objects.aupdate(roles=[])
    (info,) = await refreshed()
    assert info.roles == frozenset()


async def test_a_catalogue_from_before_there_were_roles_gets_them(settings):
    settings.ANTHROPIC_API_KEY = KEY
    await Model.objects.acreate(name=OPUS, provider="anthropic", display_name="Mine")
    infos = {info.display_name: info for info in await refreshed()}
    assert infos["Mine"].roles == {ModelRole.STRONG}
    assert infos["Mine"].context_window > 0


async def test_a_model_that_an_admin_added_is_there_while_its_key_is(settings):
    settings.ANTHROPIC_API_KEY = KEY
    await Model.objects.acreate(name="anthropic/claude-haiku-4-5", provider="anthropic", display_name="Older")
    older = next(info for info in await refreshed() if info.display_name == "Older")
    assert (older.price.input, older.price.output) == (1, 5)
    settings.ANTHROPIC_API_KEY = ""
    assert await refreshed() == []


async def test_the_configured_embedder_gets_its_price_as_well(settings):
    settings.EMBEDDER = "openai/text-embedding-3-small"
    await catalogue.refresh()
    price = await in_database_thread(prices.current_of, "openai/text-embedding-3-small")
    assert price.input == Decimal("0.02")


async def test_a_model_of_some_teams_is_offered_to_their_people_only(settings):
    settings.ANTHROPIC_API_KEY = KEY
    await catalogue.refresh()
    await in_database_thread(_give_opus_to_alices_team)
    ids = {user.username: user.pk async for user in User.objects.all()}
    everything = names(await in_database_thread(catalogue.models))
    assert OPUS in everything
    assert names(await in_database_thread(catalogue.models, ids["alice"])) == everything
    for other in ("bob", "admin"):
        assert names(await in_database_thread(catalogue.models, ids[other])) == [m for m in everything if m != OPUS]


async def test_models_are_unreachable_while_their_server_does_not_answer(settings, listing):
    settings.OPENAI_BASE_URL = listing.openai_url
    listing.list_models("kept", "off")
    await catalogue.refresh()
    await Model.objects.filter(name="hosted_vllm/off").aupdate(enabled=False)
    reader = (await User.objects.acreate(username="reader")).pk
    assert await in_database_thread(catalogue.unreachable, reader) == []
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{free_port()}/v1"
    await catalogue.refresh()
    assert names(await in_database_thread(catalogue.unreachable, reader)) == ["hosted_vllm/kept"]


def _give_opus_to_alices_team():
    alice, bob = (User.objects.create_user(name) for name in ("alice", "bob"))
    User.objects.create_superuser("admin")
    red, blue = (Team.objects.create(name=name) for name in ("Red", "Blue"))
    alice.teams.set([red, blue])
    bob.teams.set([blue])
    Model.objects.get(name=OPUS).teams.set([red, Team.objects.create(name="Green")])


async def test_an_admins_price_counts_at_once_and_hosted_models_without_one_are_unpriced(settings, listing):
    settings.LOCAL_HOSTS = []
    settings.OPENAI_BASE_URL = listing.openai_url
    listing.list_models("some")
    (info,) = await refreshed()
    assert info.price is None
    rates = {"input": Decimal(1), "output": Decimal(2), "cached": Decimal(1), "valid_from": prices.today()}
    price = await in_database_thread(lambda: prices.set_by_admin(info.name, **rates))
    (info,) = await in_database_thread(catalogue.models)
    assert info.price == price


async def test_a_refresh_says_what_it_changed(settings, listing):
    settings.OPENAI_BASE_URL = listing.openai_url
    listing.list_models("a", "b")
    assert (await catalogue.refresh()).added == ("hosted_vllm/a", "hosted_vllm/b")
    listing.list_models("b")
    assert await catalogue.refresh() == Changes(gone=("hosted_vllm/a",))
    listing.list_models("a", "b")
    assert await catalogue.refresh() == Changes(back=("hosted_vllm/a",))
    assert await catalogue.refresh() == Changes()


async def test_a_model_that_is_gone_leaves_and_may_come_back(settings, listing):
    settings.OPENAI_BASE_URL = listing.openai_url
    listing.list_models("a", "b")
    await refreshed()
    listing.list_models("b")
    assert names(await refreshed()) == ["hosted_vllm/b"]
    listing.list_models("a", "b")
    assert names(await refreshed()) == ["hosted_vllm/a", "hosted_vllm/b"]
    assert await Model.objects.acount() == 2


async def test_a_server_that_is_gone_takes_its_models_along_and_fails_the_check(settings, listing, caplog):
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = listing.openai_url, KEY
    settings.ANTHROPIC_API_KEY = KEY
    await refreshed()
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{free_port()}/v1"
    caplog.set_level(logging.DEBUG)
    infos = await refreshed()
    assert {info.provider for info in infos} == {"anthropic"}
    assert await catalogue.health() == "fail"
    assert "hosted_vllm offers no models" in caplog.text
    assert KEY not in caplog.text


async def test_a_server_that_lists_nothing_fails_the_check(settings, listing):
    listing.list_models()
    settings.OLLAMA_BASE_URL = listing.url
    assert await catalogue.health() == "fail"


async def test_models_of_a_server_that_settings_no_longer_name_are_not_offered(settings, listing):
    settings.OLLAMA_BASE_URL = listing.url
    await refreshed()
    settings.OLLAMA_BASE_URL = ""
    assert await in_database_thread(catalogue.models) == []


async def test_the_key_is_sent_to_its_own_server_only(settings, listing):
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = listing.openai_url, KEY
    settings.OLLAMA_BASE_URL = listing.url
    await refreshed()
    assert all(KEY in request["raw"] for request in listing.requests("/v1/models"))
    assert not any(KEY in request["raw"] for request in listing.requests("/api"))


async def test_no_setting_lets_a_hosted_model_see_confidential_text(settings):
    settings.ANTHROPIC_API_KEY = KEY
    await refreshed()
    await in_database_thread(lambda: Model.objects.update(ceiling=Sensitivity.CONFIDENTIAL))
    assert {info.ceiling for info in await refreshed()} == {Sensitivity.INTERNAL}
