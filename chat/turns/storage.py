"""Opens a turn's rows, in one transaction; chat.turns.closing writes what follows. Synchronous."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, cast
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.assistants import using
from chat.assistants.access import access_assistant
from chat.conversations import (
    access,
    attachments,
    branches,
    chosen_collections,
    drafts,
    folders,
    instructions,
    keeping,
    label_rises,
    labels,
    titles,
)
from chat.history import rows as history_rows
from chat.llm.built_in import BUILT_IN
from chat.models import AssistantUse, Conversation, Message
from chat.routing import policies
from chat.routing.route import AUTO
from chat.turns import attached_files, concurrency, folder_instructions, given_documents, turn_state
from chat.turns import cited_sources as sources
from chat.turns.earlier import history
from chat.turns.receipt import EMPTY, Receipt
from chat.turns.values import Cited, TurnRequest
from chat.values import ChosenAssistant, ThinkingText
from langai_site import detectors
from langai_site.accounts.models import User
from langai_site.errors import ConflictError
from langai_site.outbound import catalogue
from langai_site.sensitivity import Sensitivity
from langai_site.usage.spending import reservations as usage

# If a reply's lease runs out, its process is gone. Checkpoints renew it well before that.
LEASE = timedelta(seconds=20)


@dataclass(frozen=True)
class Started:
    """A reply that is ready to run: `request` is all that its turn needs.

    If the reply is continued, `before` is the receipt of its earlier part and `thinking` what was thought for that.
    """

    conversation: UUID
    reply: UUID
    question: UUID
    request: TurnRequest
    lease: UUID
    before: Receipt = EMPTY
    thinking: ThinkingText | None = None
    # The message that the question follows; None if it is the first.
    after: UUID | None = None
    # The reply is compared with others, and nobody is to see yet which model writes it.
    is_blind: bool = False


# What a new reply changes in its conversation.
WRITTEN = (
    "current_leaf",
    "updated_at",
    "archived_at",
    "model",
    "collections",
    "label",
    "label_cause",
    "uses_instructions",
    "expires_at",
    "assistant",
)


def text_part(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}] if text else []


@transaction.atomic
def post(
    user: User,
    conversation_id: UUID | None,
    text: str,
    model: str = AUTO,
    collections: Sequence[str] = (),
    *,
    label: Sensitivity | None = None,
    options: drafts.Options = drafts.AS_USUAL,
    source: str = access.PAGE,
    after: UUID | None = None,
    folder: UUID | None = None,
    uses_instructions: bool | None = None,
    keep: str = "",
    attached: Sequence[UUID] = (),
    assistant: ChosenAssistant = None,
    fresh: bool = False,
) -> Started:
    """Append a person's message and an empty reply; without `conversation_id`, to a new conversation.

    `after` is the last message that the page shows: the message follows it, also if another tab has chosen another
    branch meanwhile. `collections` are the form's values; if empty, the message uses the previous message's
    collections. `label` raises the conversation's label, as do detections in the text. `source` is how a new
    conversation came in, `folder` where it is put, and `keep` how long it stays, empty for the usual. `attached` are
    the person's uploaded files that go with the message. `uses_instructions` switches the person's own instructions on
    or off in the conversation, and `assistant` names who answers in it from now on: empty for nobody, None as before.
    `fresh` has a model asked: neither a verified answer nor a cached one is shown.
    """
    text, model = drafts.text(text), drafts.model(model)
    if conversation_id is None:
        conversation = _new(user, text, source, folder, keep)
    else:
        conversation = _existing(user, conversation_id, after)
    pick = drafts.Pick(model, fresh=fresh).named(conversation.model)
    conversation.model = model
    if uses_instructions is not None:
        conversation.uses_instructions = uses_instructions
    if assistant is not None:
        conversation.assistant = access_assistant(user.id, assistant) if assistant else None
    if collections:
        conversation.collections = chosen_collections.chosen(user.id, collections)
    return _ask(
        pick,
        Message(
            conversation=conversation,
            parent_id=conversation.current_leaf_id,
            parts=text_part(text),
            options=options.written(),
            collections=conversation.collections,
        ),
        label,
        partial(attachments.send, ids=attached),
    )


@transaction.atomic
def edit(user: User, question_id: UUID, text: str, model: str = "", *, label: Sensitivity | None = None) -> Started:
    """Ask a question in other words, beside the old ones, which stay with all that followed them.

    Answers that are being written on other branches go on. It asks the same collections, with the same options.
    """
    text = drafts.text(text)
    conversation = _locked(user, access.access_question(user.id, question_id).conversation_id)
    # Again: what was read before the lock may have been deleted or changed meanwhile. So it is below.
    old = access.access_question(user.id, question_id)
    concurrency.refuse_too_many(user.id)
    pick = drafts.Pick(drafts.model(model)).named(conversation.model)
    conversation.model = pick.model
    branches.leave(conversation)
    options, collections = old.options, old.collections
    return _ask(
        pick,
        Message(
            conversation=conversation,
            parent_id=old.parent_id,
            parts=text_part(text),
            options=options,
            collections=collections,
        ),
        label,
        lambda question: attachments.copy({old.id: question.id}),
    )


def _ask(
    pick: drafts.Pick, question: Message, label: Sensitivity | None, attach: Callable[[Message], object]
) -> Started:
    """Save a question with its files, which may raise the conversation's label, and open its reply."""
    conversation = question.conversation
    causes = labels.asked(Sensitivity(conversation.label), label, detectors.scan(question.text))
    access.raise_label(conversation, causes)
    question.role, question.label, question.causes = Message.Role.USER, conversation.label, labels.written(causes)
    question.save(force_insert=True)
    attach(question)
    history_rows.add(history_rows.of_message(question, conversation.owner_id))
    return open_reply(conversation, question, pick)


def _new(user: User, text: str, source: str, folder_id: UUID | None = None, keep: str = "") -> Conversation:
    folder = folders.access_folder(user.id, folder_id, lock=True) if folder_id else None
    began, title = access.began(), titles.title_of(text, detectors.scan)
    conversation = Conversation(owner=user, title=title, source=source, label=began.label, label_cause=began.words)
    conversation.keeping = keeping.chosen(user.id, keep)
    conversation.expires_at = keeping.end_of(conversation.keeping, conversation.created_at)
    if folder:
        conversation.folder, conversation.collections = folder, folders.collections_for(user.id, folder.id)
    concurrency.refuse_while_live(conversation)
    conversation.save(force_insert=True)
    history_rows.add(history_rows.of_title(conversation))
    return conversation


def _existing(user: User, conversation_id: UUID, after: UUID | None = None) -> Conversation:
    """Return a conversation that can take a message now, after its reply `after`, locked until the transaction ends."""
    conversation = _locked(user, conversation_id)
    if (
        after
        and after != conversation.current_leaf_id
        and conversation.messages.replies().kept().filter(id=after).exists()
    ):
        branches.leave(conversation)
        conversation.current_leaf_id = after
    concurrency.refuse_while_live(conversation)
    return conversation


def _locked(user: User, conversation_id: UUID) -> Conversation:
    """Return a conversation with the label that it has now, locked until the transaction ends."""
    conversation = access.access_conversation(user.id, conversation_id, lock=True)
    conversation.owner = user
    if label_rises.reach(conversation.id):
        conversation.refresh_from_db(fields=["label", "label_cause"])
    return conversation


@transaction.atomic
def retry(user: User, reply_id: UUID, pick: drafts.Pick = drafts.AS_BEFORE) -> Started:
    """Answer the same question again, beside the reply, overwriting nothing. If it is complete, skip the cache."""
    conversation = _existing(user, access.access_reply(user.id, reply_id).conversation_id)
    reply = access.access_reply(user.id, reply_id)
    question = reply.parent
    if question is None:
        raise ConflictError(_("This answer has no question, so it cannot be asked again."))
    fresh = pick.fresh or reply.status == Message.Status.COMPLETE
    branches.leave(conversation)
    return open_reply(conversation, question, replace(pick.named(conversation.model), fresh=fresh))


@transaction.atomic
def resume(user: User, reply_id: UUID, pick: drafts.Pick = drafts.AS_BEFORE) -> Started:
    """Continue a reply that was cut short, after the text it has."""
    conversation = _existing(user, access.access_reply(user.id, reply_id).conversation_id)
    reply = access.access_reply(user.id, reply_id)
    if reply.status in (Message.Status.STREAMING, Message.Status.COMPLETE) or reply.parent is None:
        raise ConflictError(_("This answer is complete; ask again instead."))
    if reply.original is not None:
        raise ConflictError(_("You have edited this answer, so the model cannot continue it. Ask again instead."))
    if reply.children.filter(deleted_at=None).exists():
        raise ConflictError(
            _("You have already continued the conversation from this answer. Ask again instead: nothing is lost.")
        )
    cited = sources.cited(reply, user)
    # If there is no text, nothing it was given goes out again unless a search finds it again.
    given = given_documents.of_reply(reply.id) if reply.text else ()
    # The documents behind its text may have a higher label now than when it was written.
    access.raise_label(conversation, turn_state.earlier_causes(cited, given))
    pick = pick.named(conversation.model).as_requested(reply.options)
    conversation.model = pick.model
    reply.status, reply.error, reply.error_code = Message.Status.STREAMING, "", ""
    reply.lease, reply.lease_until = uuid4(), timezone.now() + LEASE
    reply.save(update_fields=["status", "error", "error_code", "lease", "lease_until"])
    _point_at(conversation, reply)
    return _started(conversation, reply.parent, reply, pick, cited, given)


def open_reply(conversation: Conversation, question: Message, pick: drafts.Pick) -> Started:
    """Open an empty reply to a question, at the end of the branch that is shown. The conversation is locked."""
    reply = Message(
        conversation=conversation,
        parent=question,
        role=Message.Role.ASSISTANT,
        status=Message.Status.STREAMING,
        label=conversation.label,
        model=pick.model,
        options=pick.written(),
        lease=uuid4(),
        lease_until=timezone.now() + LEASE,
    )
    reply.save(force_insert=True)
    _point_at(conversation, reply)
    started = _started(conversation, question, reply, pick)
    if used := started.request.assistant:
        AssistantUse.objects.create(
            assistant_id=used.id, version=used.version, reply=reply.id, user_id=conversation.owner_id
        )
    return started


def _point_at(conversation: Conversation, reply: Message) -> None:
    conversation.current_leaf = reply
    # What goes on is not put aside any more.
    conversation.updated_at, conversation.archived_at = timezone.now(), None
    keeping.renew(conversation)
    conversation.save(update_fields=WRITTEN)


def _started(
    conversation: Conversation,
    question: Message,
    reply: Message,
    pick: drafts.Pick,
    cited: Sequence[Cited] = (),
    given: Sequence[UUID] = (),
) -> Started:
    caller = access.caller_of(conversation, reply.id)
    usage.reserve(reply=reply.id, user_id=conversation.owner_id, team=caller.team)
    models = catalogue.models(conversation.owner_id)
    names = {AUTO, *(model.name for model in (*models, *BUILT_IN))}
    options = drafts.Options.read(question.options).limited(pick.max_tokens)
    applied = using.applied(conversation.owner_id, conversation.assistant_id, pick.among(names), options, names)
    searched = applied.searched(question.collections, pick.documents)
    reader, asked = chosen_collections.scope(conversation.owner, searched)
    folder = folder_instructions.of_conversation(conversation.owner_id, conversation.folder_id)
    own = (*labels.read(question.causes), *folder_instructions.causes(folder), *applied.causes)
    request = TurnRequest(
        question=question.text,
        history=history(question.parent_id),
        causes=labels.turn(access.so_far(conversation), own),
        folder=folder,
        pick=applied.pick,
        options=applied.options,
        catalogue=tuple(models),
        policy=policies.active(),
        reader=replace(reader, is_remembered=not conversation.is_temporary),
        caller=caller,
        written=reply.text,
        cited=tuple(cited),
        given=tuple(given),
        asked=asked,
        is_temporary=conversation.is_temporary,
        personal=instructions.in_conversation(conversation),
        instructions=drafts.LENGTHS.get(pick.length, ""),
        attached=attached_files.of_branch(conversation, question.id, question.parent_id),
        assistant=applied.assistant,
        notice=applied.notice,
        patterns=detectors.patterns.current(),
    )
    before = Receipt.from_json(reply.receipt)
    lease = cast(UUID, reply.lease)
    thinking, after = reply.thinking, question.parent_id
    return Started(conversation.id, reply.id, question.id, request, lease, before, thinking, after)
