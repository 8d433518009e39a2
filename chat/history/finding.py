"""Finds a person's messages and titles by their words. Synchronous."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from chat.history.rows import mark, quoted
from chat.models import Conversation, Folder, Message
from langai_site.sensitivity import Sensitivity
from search.keywords.analyser import Term, question
from search.keywords.languages import COMMON
from search.keywords.letters import CHUNK, folded, plain

# Conversations on a page of results, the newest matches that are read for them, and those among which they are found.
SHOWN, READ, AMONG = 30, 400, 20_000
# Terms below this weight, such as articles, need not be there if others are.
TELLING = 0.25
QUERY_MAX_CHARS = 300
# Characters of a message that are searched for the words when a result is shown.
SNIPPET_CHARS = 20_000

_WORDS = {
    False: """SELECT rowid FROM chat_messagetokens WHERE chat_messagetokens MATCH %s ORDER BY rowid DESC LIMIT %s""",
    True: """SELECT id FROM chat_messagewords WHERE tokens @@ %s::tsquery ORDER BY id DESC LIMIT %s""",
}
# Deleted conversations and filters are applied before the newest are taken, so that none of them take their places.
_NEWEST = """
    SELECT words.message_id, words.conversation_id, COALESCE(message.created_at, conversation.updated_at) AS at
    FROM chat_messagewords words
    JOIN chat_conversation conversation ON conversation.id = words.conversation_id
    LEFT JOIN chat_message message ON message.id = words.message_id
    WHERE words.id IN ({words}) AND conversation.owner_id = %s AND conversation.deleted_at IS NULL
        AND message.deleted_at IS NULL {filters}
    ORDER BY at DESC LIMIT %s
"""
# A folder stands for those in it as well. Whose folder it is does not matter: the conversations are the person's own.
_IN_FOLDER = """
    AND (conversation.folder_id = %s
        OR conversation.folder_id IN (SELECT id FROM chat_folder WHERE parent_id = %s AND deleted_at IS NULL))
"""
# An answer of the model, a question that it answered, or the title of a conversation in which it answered. For messages
# this looks at one row for each, not at all of their conversation.
_ANSWERED_BY = """
    AND (message.model = %s
        OR EXISTS (SELECT 1 FROM chat_message reply WHERE reply.parent_id = message.id AND reply.model = %s)
        OR (message.id IS NULL AND EXISTS (SELECT 1 FROM chat_message reply
            WHERE reply.conversation_id = conversation.id AND reply.role = 'assistant' AND reply.model = %s)))
"""


@dataclass(frozen=True)
class HistoryFilters:
    """What results are narrowed to: a label, the last so many days, a folder with those in it, or a model's answers."""

    label: Sensitivity | None = None
    days: int | None = None
    folder: UUID | None = None
    model: str = ""


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


def find(user_id: int, query: str, filters: HistoryFilters = HistoryFilters(), *, most: int = SHOWN) -> HistoryFindings:
    """Return the person's conversations with all words of the query, at most `most`, or else with some.

    The last word may be unfinished. Deleted conversations are never found.
    """
    groups = _groups(query[:QUERY_MAX_CHARS])
    if not groups:
        return HistoryFindings()
    found = _found(user_id, groups, filters, most, both=True)
    if found or len(groups) == 1:
        return HistoryFindings(found)
    return HistoryFindings(_found(user_id, groups, filters, most, both=False), is_partial=True)


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


def _found(
    user_id: int, groups: Iterable[str], filters: HistoryFilters, most: int, *, both: bool
) -> list[FoundConversation]:
    words = f" {_and() if both else _or()} ".join(groups)
    expression = f"{quoted(mark(user_id))} {_and()} ({words})"
    wanted, values = _filters(filters)
    statement = _NEWEST.format(words=_WORDS[connection.vendor == "postgresql"], filters=wanted)
    with connection.cursor() as cursor:
        cursor.execute(statement, [expression, AMONG, user_id, *values, READ])
        rows = [(_uuid(message), _uuid(conversation)) for message, conversation, _at in cursor.fetchall()]
    return _drawn(user_id, [(message, conversation) for message, conversation in rows if conversation], most)


def _filters(filters: HistoryFilters) -> tuple[str, list[Any]]:
    """Return conditions of SQL for the filters, with their values."""
    wanted = ""
    values: list[Any] = []
    if filters.label is not None:
        wanted += " AND conversation.label = %s"
        values.append(filters.label.value)
    if filters.days:
        since = timezone.now() - timedelta(days=filters.days)
        wanted += " AND COALESCE(message.created_at, conversation.updated_at) >= %s"
        values.append(connection.ops.adapt_datetimefield_value(since))
    if filters.folder:
        wanted += _IN_FOLDER
        values += [_stored(filters.folder)] * 2
    if filters.model:
        wanted += _ANSWERED_BY
        values += [filters.model] * 3
    return wanted, values


def _stored(key: UUID) -> Any:  # noqa: ANN401 - as the database's driver takes it
    return Folder._meta.pk.get_db_prep_value(key, connection)


def _uuid(value: object) -> UUID | None:
    return value if value is None or isinstance(value, UUID) else UUID(str(value))


def _drawn(user_id: int, rows: Sequence[tuple[UUID | None, UUID]], most: int) -> list[FoundConversation]:
    """Return the conversations of these rows, newest first, each with its newest message and how many match."""
    newest: dict[UUID, UUID | None] = {}
    counts: Counter[UUID] = Counter()
    for message, home in rows:
        newest[home] = newest.get(home) or message
        counts[home] += message is not None
    known = Conversation.objects.of(user_id).alive().in_bulk(list(newest)[:most])
    texts = Message.objects.in_bulk([key for home, key in newest.items() if key and home in known])
    return [
        FoundConversation(known[home], texts.get(key) if key else None, counts[home])
        for home, key in newest.items()
        if home in known
    ]
