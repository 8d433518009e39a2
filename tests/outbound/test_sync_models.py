from io import StringIO

import pytest
from django.core.management import call_command

from langai_site.outbound import catalogue
from langai_site.outbound.models import Connection
from tests.outbound.conftest import KEY
from tests.upstream import free_port

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _only_what_a_test_sets(settings, monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "OLLAMA_BASE_URL"):
        setattr(settings, name, "")
    monkeypatch.setattr(catalogue, "PAUSE_BEFORE_SECOND_TRY", 0)


def synced():
    """Return the command's output and exit code."""
    out = StringIO()
    try:
        call_command("sync_models", stdout=out, stderr=out)
    except SystemExit as exit:
        return out.getvalue(), exit.code
    return out.getvalue(), 0


def test_it_says_what_is_new_and_what_it_costs(settings):
    settings.ANTHROPIC_API_KEY = KEY
    said, code = synced()
    assert code == 0
    assert "added     anthropic/claude-opus-5-5" in said
    assert "repriced  anthropic/claude-opus-5-5: $4 in, $20 out, $0.2 cached, for a million tokens" in said
    assert KEY not in said
    assert synced() == ("Nothing has changed.\n", 0)


def test_it_says_what_is_gone_and_what_is_back(settings, upstream_process):
    upstream_process.reset()
    settings.OLLAMA_BASE_URL = upstream_process.url
    upstream_process.list_models("a", "b")
    assert synced() == ("added     ollama_chat/a\nadded     ollama_chat/b\n", 0)
    upstream_process.list_models("b")
    assert synced() == ("gone      ollama_chat/a\n", 0)
    upstream_process.list_models("a", "b")
    assert synced() == ("back      ollama_chat/a\n", 0)


def test_a_server_that_does_not_answer_is_named_and_fails_the_command(settings):
    settings.OPENAI_API_KEY, settings.ANTHROPIC_API_KEY = KEY, KEY
    settings.OPENAI_BASE_URL = f"http://somebody:{KEY}@127.0.0.1:{free_port()}/v1"
    said, code = synced()
    assert code == 1
    assert "The server at OPENAI_BASE_URL lists no models: ConnectError at GET /v1/models." in said
    assert "added     anthropic/claude-opus-5-5" in said
    assert KEY not in said


def test_with_nothing_to_ask_it_says_what_to_do():
    said, code = synced()
    assert (code, said) == (
        0,
        "No key and no server is set, so there are no models. README.md says how to connect one.\n",
    )


def test_a_connection_that_does_not_answer_is_named_too():
    Connection.objects.create(slug="office", name="Office", address=f"http://127.0.0.1:{free_port()}/v1")
    said, code = synced()
    assert code == 1
    assert "The server at office lists no models: cannot be reached." in said
