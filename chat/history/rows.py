"""Writes the words of messages and titles. Synchronous; call it in the transaction that writes what it indexes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from chat.models import Conversation, Message, MessageWords
from chat.models.keeping import Keeping
from langai_site.processes import worker
from search.keywords.analyser import VERSION, analyse

# Characters of a message that are indexed: analysing more would take milliseconds that others wait for.
MOST_CHARS = 50_000
# Positions that a tsvector can hold.
MOST_TOKENS = 16_000
# When many are missing: how many are indexed in one run, and in one transaction.
AT_ONCE, BATCH = 20_000, 50


@dataclass(frozen=True)
class IndexedText:
    """A text to index: that of a message, or the title of a conversation if there is no message.

    `is_temporary`: the conversation is, so nothing of it is indexed.
    """

    owner: int
    conversation: UUID
    message: UUID | None
    text: str
    is_temporary: bool = False


_COPIED = {
    False: "INSERT INTO chat_messagetokens (rowid, words) SELECT %s, words FROM chat_messagetokens WHERE rowid = %s",
    True: """UPDATE chat_messagewords SET tokens = original.tokens FROM chat_messagewords original
        WHERE chat_messagewords.id = %s AND original.id = %s""",
}


def mark(owner: int) -> str:
    """Return the token that marks a person's rows; no token of the analyser begins like this."""
    return f"={owner}"


def quoted(token: str) -> str:
    """Return a token as both databases take it in an expression; tokens have no quotes and no backslashes."""
    return f"'{token}'" if connection.vendor == "postgresql" else f'"{token}"'


def replace(texts: Iterable[IndexedText]) -> None:
    """Index these texts in place of what was indexed of their messages and titles."""
    # Read before the transaction: it keeps other writers waiting.
    new = [(text, [] if text.is_temporary else tokens_of(text)) for text in texts]
    with transaction.atomic():
        if messages := [text.message for text, _tokens in new if text.message]:
            MessageWords.objects.filter(message__in=messages).delete()
        if titles := [text.conversation for text, _tokens in new if text.message is None]:
            MessageWords.objects.filter(conversation__in=titles, message=None).delete()
        for text, tokens in new:
            _add(text, tokens)


def add(text: IndexedText) -> None:
    """Index a text of which nothing is indexed yet."""
    if not text.is_temporary:
        _add(text, tokens_of(text))


def tokens_of(text: IndexedText) -> list[str]:
    """Return the words of a text with the mark of its owner."""
    return [mark(text.owner), *analyse(text.text[:MOST_CHARS]).tokens]


def _add(text: IndexedText, tokens: Sequence[str]) -> None:
    if text.is_temporary:
        return
    row = MessageWords(conversation_id=text.conversation, message_id=text.message, version=VERSION)
    row.save(force_insert=True)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            words = " ".join(quoted(token) for token in dict.fromkeys(tokens[:MOST_TOKENS]))
            cursor.execute("UPDATE chat_messagewords SET tokens = %s::tsvector WHERE id = %s", [words, row.pk])
        else:
            words = " ".join(dict.fromkeys(tokens))
            cursor.execute("INSERT INTO chat_messagetokens (rowid, words) VALUES (%s, %s)", [row.pk, words])


def copy(messages: Mapping[UUID, UUID], conversation: UUID) -> None:
    """Index copies of messages, given as original and copy, of the same owner, without reading their texts again."""
    for row in MessageWords.objects.filter(message__in=list(messages)):
        new = MessageWords(message_id=messages[row.message_id], conversation_id=conversation, version=row.version)  # type: ignore[index]
        new.save(force_insert=True)
        with connection.cursor() as cursor:
            cursor.execute(_COPIED[connection.vendor == "postgresql"], [new.pk, row.pk])


def of_message(message: Message, owner: int) -> IndexedText:
    return IndexedText(owner, message.conversation_id, message.id, message.text, message.conversation.is_temporary)


def of_title(conversation: Conversation) -> IndexedText:
    return IndexedText(conversation.owner_id, conversation.id, None, conversation.title, conversation.is_temporary)


def fill() -> None:
    """Index some messages and titles that are not, oldest first: from before there was an index, or this analyser."""
    ended = Message.objects.exclude(status=Message.Status.STREAMING).filter(conversation__keeping=Keeping.KEPT)
    missing = ended.exclude(indexed__version=VERSION).order_by("created_at").values_list("pk", flat=True)
    _fill(list(missing[:AT_ONCE]), _replace_messages)
    titled = MessageWords.objects.filter(message=None, version=VERSION).values("conversation")
    untitled = (
        Conversation.objects.filter(keeping=Keeping.KEPT)
        .exclude(pk__in=titled)
        .order_by("created_at")
        .values_list("pk", flat=True)
    )
    _fill(list(untitled[:AT_ONCE]), _replace_titles)


def _fill(ids: Sequence[UUID], replace_some: Callable[[Sequence[UUID]], None]) -> None:
    for first in range(0, len(ids), BATCH):
        if worker.stopping.is_set():
            return
        replace_some(ids[first : first + BATCH])


def _replace_messages(ids: Sequence[UUID]) -> None:
    some = Message.objects.filter(pk__in=ids).exclude(status=Message.Status.STREAMING)
    replace(of_message(message, message.conversation.owner_id) for message in some.select_related("conversation"))


def _replace_titles(ids: Sequence[UUID]) -> None:
    replace(map(of_title, Conversation.objects.filter(pk__in=ids)))
