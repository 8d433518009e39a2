"""People with keys, and a client that sends what programs send."""

import json

import pytest
from django.core.cache import caches
from django.test import AsyncClient

from langai_site.accounts import keys
from langai_site.accounts.models import User
from langai_site.accounts.scopes import Scope
from langai_site.database.writer import in_database_thread
from langai_site.outbound import door
from langai_site.outbound.models import Model

PASSWORD = "correct horse battery"


class Program:
    """A program with a key, or without one."""

    def __init__(self, key: str = "", **headers: str) -> None:
        self.client = AsyncClient()
        self.headers = headers | ({"Authorization": f"Bearer {key}"} if key else {})

    async def get(self, path, **query):
        return await self.client.get(path, query, headers=self.headers)

    async def delete(self, path):
        return await self.client.delete(path, headers=self.headers)

    async def post(self, path, body=None, *, headers=None, **fields):
        """POST `body`, or `fields`, as JSON."""
        data = json.dumps(fields if body is None else body)
        return await self.client.post(
            path, data, content_type="application/json", headers=self.headers | (headers or {})
        )


def made_key(user, *scopes, name="test", **options):
    return keys.make(user=user, name=name, scopes=scopes or tuple(Scope), **options)[1]


async def program_of(user, *scopes, **options):
    return Program(await in_database_thread(lambda: made_key(user, *scopes, **options)))


def error_of(answer):
    """Return the code of an error response, which always has the same shape."""
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "request_id"}
    assert error["message"].endswith(".")
    assert error["request_id"]
    return answer.status_code, error["code"]


@pytest.fixture
def alice(transactional_db):
    return User.objects.create_user("alice", "alice@example.org", PASSWORD)


@pytest.fixture
async def program(alice):
    """Alice's program, whose key has every scope."""
    return await program_of(alice)


@pytest.fixture
def bob(transactional_db):
    return User.objects.create_user("bob", password=PASSWORD)


@pytest.fixture(autouse=True)
def unhurried(settings):
    """Let tests send as many requests as they like; tests of the limits set their own."""
    caches["default"].clear()
    settings.RATE_LIMIT_PER_MINUTE = settings.RATE_LIMIT_CHAT = settings.RATE_LIMIT_STREAM = ""


@pytest.fixture
async def upstream(upstream_process, settings):
    """Return a local model server, which offers the models of `model_named`."""
    upstream_process.reset()
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = upstream_process.openai_url, "sk-test-1234567890"
    settings.ANSWER_START_TIMEOUT = settings.ANSWER_IDLE_TIMEOUT = 5
    caches["default"].clear()
    await door.warm()
    yield upstream_process
    await door.close()


def offer(name, **values):
    """Make the catalogue offer a model of the upstream; return its name."""
    full = f"hosted_vllm/{name}"
    Model.objects.create(name=full, display_name=name, provider="hosted_vllm", available=True, **values)
    return full


@pytest.fixture
def echo(transactional_db):
    return offer("echo")
