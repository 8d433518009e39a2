"""Finds a person's messages and titles by their words. Synchronous."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from chat.history.rows import mark, quoted
from chat.models import Attachment, Conversation, Folder, Message, MessageWords
from chat.models.keeping import Keeping
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
    False: """SELECT rowid FROM chat_messagetokens WHERE chat_messagetokens MATCH %s AND rowid < %s
        ORDER BY rowid DESC LIMIT %s""",
    True: "SELECT id FROM chat_messagewords WHERE tokens @@ %s::tsquery AND id < %s ORDER BY id DESC LIMIT %s",
}
# The newest matches are looked up this many at a time, until there are READ that may be shown: of words that are often
# said, most matches are never looked up.
BATCH = 500
NEWEST = 2**63 - 1
_Row = tuple[UUID | None, UUID]


@dataclass(frozen=True)
class HistoryFilters:
    """What results are narrowed to: a label, the last so many days, a folder with those in it, or a model's answers.

    `files`: to conversations with attached files.
    """

    label: Sensitivity | None = None
    days: int | None = None
    folder: UUID | None = None
    model: str = ""
    files: bool = False


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

    The last word may be unfinished. Without words, those with files if the filters ask for files, or else none.
    Deleted conversations are never found.
    """
    if filters.files and not query.strip():
        return HistoryFindings(_with_files(user_id, filters, most))
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
    rows: list[_Row] = []
    for ids in _matching(expression):
        rows += _shown(user_id, ids, filters)
        if len(rows) >= READ:
            break
    return sorted(_drawn(user_id, rows[:READ], most), key=lambda found: found.at, reverse=True)


def _matching(expression: str) -> Iterator[Sequence[int]]:
    """Yield the rows that match, the newest first, BATCH at a time and at most AMONG."""
    before = NEWEST
    for _ in range(AMONG // BATCH):
        with connection.cursor() as cursor:
            cursor.execute(_WORDS[connection.vendor == "postgresql"], [expression, before, BATCH])
            ids = [key for (key,) in cursor.fetchall()]
        if ids:
            yield ids
        if len(ids) < BATCH:
            return
        before = ids[-1]


def _shown(user_id: int, ids: Sequence[int], filters: HistoryFilters) -> list[_Row]:
    """Return the messages and conversations of these rows that the person may be shown and the filters let through.

    The newest come first. Each query finds its rows by their keys: a join would let SQLite begin with all conversations
    of the person.
    """
    words = MessageWords.objects.filter(id__in=ids).order_by("-id")
    rows: list[_Row] = list(words.values_list("message_id", "conversation_id"))
    talks = _talks(user_id, filters).filter(id__in={home for _, home in rows})
    known = dict(talks.values_list("id", "updated_at"))
    # Few: what was deleted in the last hour, by an index of its own.
    gone = set(Message.objects.filter(deleted_at__isnull=False).order_by().values_list("id", flat=True))
    rows = [(message, home) for message, home in rows if home in known and message not in gone]
    if filters.model:
        rows = _answered_by(filters.model, rows)
    if not filters.days:
        return rows
    since = timezone.now() - timedelta(days=filters.days)
    messages = Message.objects.filter(id__in=[message for message, _ in rows if message], created_at__gte=since)
    recent = set(messages.order_by().values_list("id", flat=True))
    return [(message, home) for message, home in rows if (message in recent if message else known[home] >= since)]


def _with_files(user_id: int, filters: HistoryFilters, most: int) -> list[FoundConversation]:
    """Return conversations with files, newest first."""
    talks = _talks(user_id, filters).filter(keeping=Keeping.KEPT)
    if filters.days:
        talks = talks.filter(updated_at__gte=timezone.now() - timedelta(days=filters.days))
    if filters.model:
        answers = Message.objects.kept().replies().filter(model=filters.model, conversation=OuterRef("pk"))
        talks = talks.filter(Exists(answers))
    return [FoundConversation(talk, None, 0) for talk in talks.order_by("-updated_at", "-id")[:most]]


def _talks(user_id: int, filters: HistoryFilters) -> QuerySet[Conversation]:
    """Return the person's conversations that the filters for conversations let through.

    A folder stands for those in it as well.
    """
    talks = Conversation.objects.of(user_id).alive().order_by()
    if filters.files:
        sent = Attachment.objects.filter(owner=user_id, message__deleted_at=None, message__isnull=False)
        talks = talks.filter(id__in=sent.order_by().values("message__conversation"))
    if filters.label is not None:
        talks = talks.filter(label=filters.label)
    if filters.folder:
        inner = Folder.objects.filter(parent_id=filters.folder, deleted_at=None).values("id")
        talks = talks.filter(Q(folder_id=filters.folder) | Q(folder_id__in=inner))
    return talks


def _answered_by(model: str, rows: Sequence[_Row]) -> list[_Row]:
    """Return the model's answers, the questions that it answered, and the titles of conversations in which it did."""
    answers = Message.objects.replies().filter(model=model).order_by()
    messages = [message for message, _ in rows if message]
    found = {*answers.filter(id__in=messages).values_list("id", flat=True)}
    found.update(answers.filter(parent_id__in=messages).values_list("parent_id", flat=True))
    titles = {home for message, home in rows if message is None}
    homes = {*answers.filter(conversation_id__in=titles).values_list("conversation_id", flat=True)}
    return [(message, home) for message, home in rows if (message in found if message else home in homes)]


def _drawn(user_id: int, rows: Sequence[_Row], most: int) -> list[FoundConversation]:
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
