"""What is done too often is refused, with when it may be done again; whoever keeps to the limit notices nothing."""

import logging
import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import AsyncClient
from django.urls import URLPattern, get_resolver, reverse
from django.utils.regex_helper import normalize

from langai_site.accounts import limits
from langai_site.accounts.models import User
from langai_site.database import caches
from langai_site.database.caches import Breaker
from langai_site.errors import TooManyError
from langai_site.processes import ports
from tests.servers import Redis

ROOT = Path(__file__).parent.parent.parent
# So long that no test sees the end of it.
TWICE, ONCE = "2/d", "1/d"


@pytest.fixture
def bob(transactional_db):
    return User.objects.create_user("bob")


@pytest.fixture
def signed_in(client, bob):
    client.force_login(bob)
    return client


@pytest.fixture
def address():
    """Where a signed-in person posts to: a conversation that is not there."""
    return reverse("chat:restore", args=[uuid4()])


def is_refused(group: str, rate: str, who: str) -> bool:
    try:
        limits.count(group, rate, who)
    except TooManyError:
        return True
    return False


def test_each_is_counted_alone_and_each_group_apart():
    assert [is_refused("a", TWICE, "bob") for _ in range(3)] == [False, False, True]
    assert not is_refused("a", TWICE, "alice")
    assert not is_refused("b", TWICE, "bob")


def test_without_a_rate_nothing_is_counted():
    assert not any(is_refused("a", "", "bob") for _ in range(100))


def test_who_is_refused_is_told_when_to_try_again():
    limits.count("a", ONCE, "bob")
    with pytest.raises(TooManyError, match=r"Wait \d+ (hour|minute|second)s?,") as refused:
        limits.count("a", ONCE, "bob")
    assert 1 <= refused.value.retry_after <= 24 * 60 * 60


@pytest.mark.parametrize(
    ("seconds", "spoken"),
    [(1, "1 second"), (60, "60 seconds"), (119, "119 seconds"), (121, "3 minutes"), (7200, "2 hours")],
)
def test_a_time_is_told_as_people_say_it(seconds, spoken):
    assert limits.spoken(seconds) == spoken


async def test_it_counts_the_same_from_the_event_loop():
    await limits.acount("a", ONCE, "bob")
    with pytest.raises(TooManyError):
        await limits.acount("a", ONCE, "bob")


def test_a_visitor_is_the_address_that_the_proxy_saw(rf, settings):
    forwarded = {"headers": {"X-Forwarded-For": "203.0.113.9, 203.0.113.7"}}
    assert limits.visitor(rf.get("/", **forwarded)) == "address 127.0.0.1"
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert limits.visitor(rf.get("/", **forwarded)) == "address 203.0.113.7"


@pytest.mark.parametrize(
    ("proxies", "said", "counted"),
    [
        (1, "203.0.113.9, 203.0.113.7", "203.0.113.7"),
        (2, "203.0.113.9, 203.0.113.7", "203.0.113.9"),
        (1, "203.0.113.7:4711", "203.0.113.7"),
        (1, "::ffff:203.0.113.7", "203.0.113.7"),
        (1, "[2001:db8::7]:4711", "2001:db8::"),
        (1, "[2001:db8::7]", "2001:db8::"),
        (1, ",".join(["1.1.1.1"] * 5000) + ", 203.0.113.7", "203.0.113.7"),
        *((0, said, "127.0.0.1") for said in ("203.0.113.7", '"; DROP', "")),
        *(
            (1, said, "127.0.0.1")
            for said in ("", '"; DROP', " , ,", "fe80::1%x", "é", "\uff11.1.1.1", "1.1.1", "unknown")
        ),
        *((2, said, "127.0.0.1") for said in ("203.0.113.7", "x, 203.0.113.7", "")),
    ],
)
def test_nobody_chooses_the_address_that_they_are_counted_by(rf, settings, proxies, said, counted):
    """What is no address, and a list that the proxies cannot have made, counts as the other end of the connection."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    assert limits.visitor(rf.get("/", headers={"X-Forwarded-For": said})) == f"address {counted}"


def test_a_visitor_with_a_network_of_addresses_is_one_visitor(rf):
    first, second = (limits.visitor(rf.get("/", REMOTE_ADDR=f"2001:db8::{number}")) for number in (1, 2))
    assert first == second
    assert first != limits.visitor(rf.get("/", REMOTE_ADDR="2001:db8:1::1"))


def test_a_page_tells_a_person_to_wait(signed_in, address, settings):
    settings.RATE_LIMIT_PER_MINUTE = ONCE
    assert signed_in.post(address).status_code == 404
    refused = signed_in.post(address, headers={"Accept": "text/html"})
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert "You sent too much at once. Wait " in refused.text
    assert "<h1>One moment, please</h1>" in refused.text


def test_htmx_gets_a_notice(signed_in, address, settings):
    settings.RATE_LIMIT_PER_MINUTE = ONCE
    signed_in.post(address)
    refused = signed_in.post(address, headers={"HX-Request": "true"})
    assert (refused.status_code, refused["HX-Retarget"], refused["HX-Reswap"]) == (429, "#notices", "beforeend")
    assert int(refused["Retry-After"]) > 0
    assert refused.text.strip().startswith('<div class="toast error"')


def test_a_program_gets_json(signed_in, address, settings):
    settings.RATE_LIMIT_PER_MINUTE = ONCE
    signed_in.post(address)
    refused = signed_in.post(address, headers={"Accept": "application/json"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many")
    assert int(refused["Retry-After"]) > 0


def test_looking_is_not_counted(signed_in, address, settings):
    settings.RATE_LIMIT_PER_MINUTE = ONCE
    for _ in range(3):
        assert signed_in.get(reverse("chat:new")).status_code == 200
    assert signed_in.post(address).status_code == 404


@pytest.mark.parametrize("page", ["usage:mine", "search:search"])
def test_pages_that_take_work_are_counted_apart_from_posts(signed_in, address, settings, page):
    settings.RATE_LIMIT_PAGES = settings.RATE_LIMIT_PER_MINUTE = ONCE
    url = f"{reverse(page)}?q=refunds"
    assert signed_in.get(url).status_code == 200
    refused = signed_in.get(url, headers={"Accept": "text/html"})
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert "You opened too many pages in a short time. Wait " in refused.text
    assert signed_in.get(reverse("chat:new")).status_code == 200
    assert signed_in.post(address).status_code == 404
    settings.RATE_LIMIT_PAGES = ""
    assert signed_in.get(url).status_code == 200


def test_who_is_not_signed_in_is_counted_by_address(client, db, settings):
    settings.RATE_LIMIT_PER_MINUTE = ONCE
    link = reverse("accounts:invitation", args=["guess"])
    assert client.post(link).status_code == 404
    assert client.post(link).status_code == 429
    assert client.post(link, REMOTE_ADDR="198.51.100.1").status_code == 404


async def test_who_is_signed_out_is_counted_by_address_at_doors_that_ask_by_themselves_too(transactional_db, settings):
    settings.RATE_LIMIT_PER_MINUTE = ONCE
    delete = reverse("chat:delete", args=[uuid4()])
    answers = [(await AsyncClient().post(delete)).status_code for _ in range(2)]
    assert answers == [401, 429]


def test_who_waits_to_sign_in_is_told_so_without_a_session(client, db, settings):
    settings.RATE_LIMIT_PER_MINUTE = ONCE
    client.post(reverse("account_login"))
    assert client.post(reverse("account_login")).status_code == 429


def part_of(pattern) -> str:
    """One of the addresses that this part of a pattern matches."""
    form, names = normalize(pattern.pattern.regex.pattern)[0]
    converters = pattern.pattern.converters
    samples = {"UUIDConverter": str(uuid4()), "UUIDStrConverter": str(uuid4()), "IntConverter": "1"}
    return form % {name: samples.get(type(converters.get(name)).__name__, "x") for name in names}


def doors(patterns, before: str = "/"):
    """Every view with an address of it."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield before + part_of(pattern), pattern.callback
        else:
            yield from doors(pattern.url_patterns, before + part_of(pattern))


def test_no_door_that_takes_posts_is_forgotten(client, bob, settings):
    User.objects.filter(pk=bob.pk).update(is_staff=True, is_superuser=True)
    settings.RATE_LIMIT_PER_MINUTE = settings.RATE_LIMIT_CHAT = settings.RATE_LIMIT_STREAM = ONCE
    client.force_login(bob)
    # What may be done once is done: as a person, and as an address.
    client.post("/accounts/password/change/")
    client.post("/accounts/login/")
    settings.RATE_LIMIT_PAGES = ONCE
    client.post(reverse("chat:preview-new"))
    for door in ("/auth/token", "/search", "/chat", "/chat/stream"):
        client.post(door)
    found = dict(doors(get_resolver().url_patterns))
    exempt = {path: view.unlimited for path, view in found.items() if hasattr(view, "unlimited")}
    answers = {path: client.post(path).status_code for path in found.keys() - exempt.keys()}
    assert {path: status for path, status in answers.items() if status not in (405, 429)} == {}
    assert list(answers.values()).count(429) > 50
    assert sorted(path.split("/")[-2] for path in exempt) == ["logout", "stop", "stop"]
    assert all(exempt.values())


def test_previews_are_counted_apart_from_what_is_sent(signed_in, address, settings):
    settings.RATE_LIMIT_PER_MINUTE, settings.RATE_LIMIT_PAGES = ONCE, TWICE
    previews = [signed_in.post(reverse("chat:preview-new"), {"text": "x"}).status_code for _ in range(3)]
    assert previews == [200, 200, 429]
    assert signed_in.post(address).status_code == 404


def test_signing_out_is_always_possible(signed_in, settings):
    settings.RATE_LIMIT_PER_MINUTE = ONCE
    signed_in.post("/accounts/password/change/")
    assert signed_in.post("/accounts/password/change/").status_code == 429
    assert signed_in.post(reverse("account_logout")).status_code == 302
    assert "_auth_user_id" not in signed_in.session


@pytest.fixture
def away(settings):
    """The settings of a deployment whose Redis does not answer."""
    settings.REDIS_URL = f"redis://127.0.0.1:{ports.free()}/0"
    redis = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": settings.REDIS_URL}
    settings.CACHES = {**settings.CACHES, "limits": redis}


async def test_while_redis_is_away_everything_is_let_through_and_the_log_says_so_once(
    bob, away, settings, address, caplog, monkeypatch
):
    monkeypatch.setattr(limits, "breaker", Breaker("nothing is limited: the cache that counts is away"))
    settings.RATE_LIMIT_PER_MINUTE = ONCE
    client = AsyncClient()
    await client.aforce_login(bob)
    delete = reverse("chat:delete", args=[uuid4()])
    with caplog.at_level(logging.WARNING, caches.__name__):
        for path in (address, delete, address, delete):
            assert (await client.post(path)).status_code == 404
    told = [record.getMessage() for record in caplog.records if record.name == caches.__name__]
    assert len(told) == 1
    assert told[0].startswith("nothing is limited: the cache that counts is away")


@pytest.fixture
def silent(settings, monkeypatch):
    """The socket of a Redis that takes connections and never says a word."""
    monkeypatch.setattr(limits, "breaker", Breaker())
    monkeypatch.setattr(caches, "PAUSE", 600.0)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        redis = {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": f"redis://127.0.0.1:{listening.getsockname()[1]}/0",
            "OPTIONS": {"SOCKET_TIMEOUT": 0.1},
        }
        settings.CACHES = {**settings.CACHES, "limits": redis}
        yield listening


def test_of_many_who_come_while_redis_is_silent_one_alone_waits_for_it(silent):
    for _ in range(50):
        limits.count("a", ONCE, "bob")
    assert not limits.breaker.lets_through()
    connections = 0
    with suppress(BlockingIOError):
        while True:
            silent.accept()[0].close()
            connections += 1
    # The client tries a command twice.
    assert 1 <= connections <= 2


@pytest.fixture
def redis():
    server = Redis()
    try:
        yield server.start()
    finally:
        server.stop()


COUNTS = """
import django
django.setup()
from langai_site.accounts import limits
from langai_site.errors import TooManyError
for _ in range(2):
    try:
        limits.count("a", "3/d", "bob")
        print("taken")
    except TooManyError:
        print("refused")
"""


@pytest.mark.needs("redis")
def test_processes_that_share_a_redis_share_the_limit(redis, tmp_path):
    settings = {"DJANGO_SETTINGS_MODULE": "langai_site.settings", "DATA_DIR": str(tmp_path), "REDIS_URL": redis.url}

    def counted() -> list[str]:
        line = [sys.executable, "-c", COUNTS]
        environment = {**os.environ, **settings}
        done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
        return done.stdout.split() or [done.stderr]

    assert (counted(), counted()) == (["taken", "taken"], ["taken", "refused"])


@pytest.mark.needs("redis")
async def test_posts_are_counted_in_redis_and_again_when_it_is_back(bob, redis, settings, monkeypatch):
    monkeypatch.setattr(caches, "PAUSE", 0.0)
    settings.REDIS_URL, settings.RATE_LIMIT_PER_MINUTE = redis.url, ONCE
    settings.CACHES = {
        **settings.CACHES,
        "limits": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": redis.url},
    }
    client = AsyncClient()
    await client.aforce_login(bob)
    address = reverse("chat:delete", args=[uuid4()])
    assert [(await client.post(address)).status_code for _ in range(2)] == [404, 429]
    redis.stop()
    assert (await client.post(address)).status_code == 404
    redis.start()
    assert [(await client.post(address)).status_code for _ in range(2)] == [404, 429]
