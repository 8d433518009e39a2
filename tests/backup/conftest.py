import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialApp

from chat.models import Assistant, AssistantUse, AssistantVersion, Conversation, Message, Prompt, Share, Transfer
from documents.models import ShareProposal
from langai_site.accounts.models import AccountDeletion, Team, User
from langai_site.audit.recording import record
from langai_site.usage.ledger import sealing
from langai_site.usage.reports import rollup
from langai_site.usage.types import Caller
from search.models import Collection
from tests.chat.factories import long_conversation
from tests.usage.conftest import entered

MARCH = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture
def data(settings, tmp_path):
    """A data folder with its own secret and two uploaded files."""
    settings.DATA_DIR = tmp_path / "data"
    settings.MEDIA_ROOT = settings.DATA_DIR / "files"
    settings.FILE_UPLOAD_TEMP_DIR = settings.DATA_DIR / "temp"
    for folder in (settings.MEDIA_ROOT / "2026", settings.FILE_UPLOAD_TEMP_DIR):
        folder.mkdir(parents=True)
    (settings.DATA_DIR / "secret_key").write_text(settings.SECRET_KEY)
    (settings.MEDIA_ROOT / "2026" / "a.pdf").write_bytes(b"%PDF" + bytes(range(256)) * 500)
    (settings.MEDIA_ROOT / "ünïcode name.txt").write_text("holiday")
    return settings.DATA_DIR


def _make_others(alice, conversation, messages):
    """Make rows of what people have besides: second factors, shares, exports, assistants, prompts, own collections."""
    Authenticator.objects.create(user=alice, type="totp", data={"secret": "sealed"})
    provider = {"provider": "openid_connect", "provider_id": "company", "name": "Company", "client_id": "langai"}
    SocialApp.objects.create(**provider, settings={"server_url": "https://id.example.org", "sign_up": True})
    law = alice.teams.get()
    share = Share.objects.create(owner=alice, conversation=conversation, snapshot=[{"id": "x", "text": "日本"}])
    share.teams.add(law)
    Transfer.objects.create(owner=alice, kind="export", chosen=[str(conversation.pk)], report={"exported": 1})
    assistant = Assistant.objects.create(owner=alice, name="Helper", options={"temperature": 1.0})
    assistant.editors.add(alice)
    AssistantVersion.objects.create(assistant=assistant, number=1, values={"name": "Helper"}, by=alice)
    AssistantUse.objects.create(assistant=assistant, version=1, reply=messages[1].pk, user_id=alice.pk)
    Prompt.objects.create(owner=alice, command="sum", title="Sum up", text="Sum up {{x}}").teams.add(law)
    own = Collection.objects.create(name="Notes", kind="own", holder=alice)
    own.owners.add(alice)
    ShareProposal.objects.create(collection=own, proposed_by=alice).teams.add(law)
    AccountDeletion.objects.create(token_hash="x", pseudonym="former-1", receipt={"account": 1})


# Tables of these that must not be empty in what is copied.
OTHERS = {
    *("mfa_authenticator", "socialaccount_socialapp", "chat_share", "chat_share_teams", "chat_transfer"),
    *("chat_assistant", "chat_assistant_editors", "chat_assistantversion", "chat_assistantuse", "chat_prompt"),
    *("chat_prompt_teams", "search_collection", "search_collection_owners", "documents_shareproposal"),
    *("documents_shareproposal_teams", "accounts_accountdeletion", "audit_auditevent", "usage_eventseal"),
}


@pytest.fixture
def used(transactional_db, data):
    """A LangAI that somebody has used: a conversation with answers, teams, a sealed ledger and its reports."""
    alice = User.objects.create_user("alice", "alice@example.org", "pass word 1")
    alice.teams.add(Team.objects.create(name="Law"))
    conversation, messages = long_conversation(alice, 6, text="Answer {}: „ünïcode“ 日本")
    Message.objects.filter(pk=messages[1].pk).update(receipt={"model": "m", "cost": 0.5, "tokens": 1000.0})
    _make_others(alice, conversation, messages)
    caller = Caller(user_id=alice.pk, username="alice", team="Law", conversation=conversation.pk)
    for at in (MARCH, None, None, None):
        entered(at=at, caller=caller)
    sealing.seal()
    record("team.change", "team", 1)
    sealing.seal_events()
    while rollup.roll():
        pass
    assert Conversation.objects.get().current_leaf_id == messages[-1].pk
    return alice


def rows_of(path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all ordinary tables of an SQLite file, in an order that does not depend on where they lie.

    How a search index has laid itself out depends on all that was ever written into it.
    """
    with closing(sqlite3.connect(path)) as database:
        tables = dict(database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
        indexes = tuple(f"{name}_" for name, made in tables.items() if "VIRTUAL" in made)
        names = [name for name in tables if f"{name}_" not in indexes and not name.startswith(("sqlite_", *indexes))]
        return {
            name: sorted(map(_readable, database.execute(f'SELECT * FROM "{name}"')), key=lambda row: repr(row[:3]))
            for name in names
        }


def _readable(row):
    """The row with its JSON as values: PostgreSQL keeps neither the order of keys nor how a number was written."""
    return tuple(json.loads(value) if isinstance(value, str) and value[:1] in ("{", "[") else value for value in row)
