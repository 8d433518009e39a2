"""Finds a person's messages and titles by their words. Synchronous."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.utils import timezone

from chat.history.rows import mark, quoted
from chat.models import Conversation, Message
from langai_site.sensitivity import Sensitivity
from search.keywords.analyser import Term, question
from search.keywords.languages import COMMON
from search.keywords.letters import CHUNK, folded, plain

# Conversations on a page of results, and the newest matches that are read for them.
SHOWN, READ = 30, 400
# Terms below this weight, such as articles, need not be there if others are.
TELLING = 0.25
QUERY_MAX_CHARS = 300
# Characters of a message that are searched for the words when a result is shown.
SNIPPET_CHARS = 20_000

_SQLITE = """
    SELECT message_id, conversation_id FROM chat_messagewords WHERE id IN (
        SELECT rowid FROM chat_messagetokens WHERE chat_messagetokens MATCH %s ORDER BY rowid DESC LIMIT %s)
"""
_POSTGRESQL = """
    SELECT message_id, conversation_id FROM chat_messagewords WHERE tokens @@ %s::tsquery ORDER BY id DESC LIMIT %s
"""


@dataclass(frozen=True)
class HistoryFilters:
    """What results are narrowed to: a label, and the last so many days."""

    label: Sensitivity | None = None
    days: int | None = None


@dataclass(frozen=True)
class FoundConversation:
    """A conversation that matches, with its newest matching message: None if only its title does.

    `count` is the number of its matching messages among those that were read.
    """

    conversation: Conversation
    message: Message | None
    count: int

    @property
    def at(self) -> datetime:
        return self.message.created_at if self.message else self.conversation.updated_at


@dataclass(frozen=True)
class HistoryFindings:
    """What was found, newest first. `is_partial`: nothing has all words, so these have some of them."""

    found: Sequence[FoundConversation] = ()
    is_partial: bool = False


def find(user_id: int, query: str, filters: HistoryFilters = HistoryFilters()) -> HistoryFindings:
    """Return the person's conversations with all words of the query, or else with some.

    The last word may be unfinished. Deleted conversations are never found.
    """
    groups = _groups(query[:QUERY_MAX_CHARS])
    if not groups:
        return HistoryFindings()
    found = _found(user_id, groups, filters, both=True)
    if found or len(groups) == 1:
        return HistoryFindings(found)
    return HistoryFindings(_found(user_id, groups, filters, both=False), is_partial=True)


def _groups(query: str) -> list[str]:
    """Return an expression for each word of the query that must be there: its forms, each of which will do."""
    terms = question(query, COMMON)
    telling = [term for term in terms if term.weight >= TELLING] or terms
    groups = [_expression(term) for term in telling]
    chunks = CHUNK.findall(plain(query))
    if chunks and not query[-1:].isspace() and (start := folded(chunks[-1])).isalnum():
        last = _prefix(start)
        if groups and telling[-1] is terms[-1]:
            groups[-1] = f"({groups[-1]} {_or()} {last})"
        else:
            groups.append(last)
    return groups


def _expression(term: Term) -> str:
    forms = (f" {_and()} ".join(map(quoted, form.tokens)) for form in term.forms)
    return f"({f' {_or()} '.join(f'({form})' for form in dict.fromkeys(forms))})"


def _prefix(start: str) -> str:
    return f"{quoted(start)}:*" if connection.vendor == "postgresql" else f"{quoted(start)} *"


def _or() -> str:
    return "|" if connection.vendor == "postgresql" else "OR"


def _and() -> str:
    return "&" if connection.vendor == "postgresql" else "AND"


def _found(user_id: int, groups: Iterable[str], filters: HistoryFilters, *, both: bool) -> list[FoundConversation]:
    words = f" {_and() if both else _or()} ".join(groups)
    expression = f"{quoted(mark(user_id))} {_and()} ({words})"
    with connection.cursor() as cursor:
        cursor.execute(_POSTGRESQL if connection.vendor == "postgresql" else _SQLITE, [expression, READ])
        rows = [(_uuid(message), _uuid(conversation)) for message, conversation in cursor.fetchall()]
    return _drawn(user_id, [(message, conversation) for message, conversation in rows if conversation], filters)


def _uuid(value: object) -> UUID | None:
    return value if value is None or isinstance(value, UUID) else UUID(str(value))


def _drawn(user_id: int, rows: Sequence[tuple[UUID | None, UUID]], filters: HistoryFilters) -> list[FoundConversation]:
    since = timezone.now() - timedelta(days=filters.days) if filters.days else None
    conversations = Conversation.objects.of(user_id).alive().filter(id__in={key for _, key in rows})
    if filters.label is not None:
        conversations = conversations.filter(label=filters.label)
    if since:
        conversations = conversations.filter(updated_at__gte=since)
    known = {conversation.id: conversation for conversation in conversations}
    messages = Message.objects.filter(id__in=[key for key, home in rows if key and home in known])
    if since:
        messages = messages.filter(created_at__gte=since)
    # Only their places: most of them are not shown, and texts can be long.
    places = messages.order_by("created_at").values_list("conversation_id", "id", "created_at")
    newest = {home: (at, key) for home, key, at in places}
    counts = Counter(home for home, _key, _at in places)
    titles = {home: known[home].updated_at for key, home in rows if key is None and home in known}
    times = titles | {home: at for home, (at, _key) in newest.items()}
    shown = sorted(times, key=lambda home: times[home], reverse=True)[:SHOWN]
    texts = Message.objects.in_bulk([newest[home][1] for home in shown if home in newest])
    return [
        FoundConversation(known[home], texts[newest[home][1]] if home in newest else None, counts[home])
        for home in shown
    ]
