"""Changes test cases, and keeps questions of answers that people shared with an owner. Synchronous."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from chat.conversations import feedback_review, label_rises
from chat.evaluation.cases import MOST_DOCUMENTS, QUESTION_MAX, access_case, refuse_full, stored
from chat.models import EvalCase, Message
from chat.verified.access import owned_collections
from langai_site import detectors
from langai_site.accounts.models import User
from langai_site.audit.recording import record
from langai_site.errors import ConflictError, InvalidError, NotFoundError
from langai_site.sensitivity import highest
from search.models import Collection, Source

# Words that a case names, and characters of each.
WORDS_MAX, WORD_MAX = 10, 200
# Titles that the form offers for completion.
OFFERED = 200


@dataclass(frozen=True)
class CaseText:
    """What an owner writes: `kept` are the ids of documents that stay, `added` the title of one more, if any."""

    question: str
    kept: Sequence[str]
    added: str
    must_contain: Sequence[str]


@transaction.atomic
def change(user: User, case_id: int, written: CaseText) -> EvalCase:
    """Change a case; it runs again. Raises NotFoundError, InvalidError, and ConflictError for a question twice."""
    case = access_case(user, case_id, lock=True)
    question = _one_line(written.question)
    if not question or len(question) > QUESTION_MAX:
        raise InvalidError(_("Write a question of at most %(most)s characters.") % {"most": QUESTION_MAX})
    if EvalCase.objects.filter(collection=case.collection_id, question=question).exclude(pk=case.pk).exists():
        raise ConflictError(_("This collection already has a test case with this question."))
    documents = {pk: title for pk, title in case.documents.items() if pk in written.kept}
    documents |= _titled(case.collection_id, _one_line(written.added))
    if len(documents) > MOST_DOCUMENTS:
        raise InvalidError(_("A test case can name at most %(most)s documents.") % {"most": MOST_DOCUMENTS})
    words = _words(written.must_contain)
    if not (documents or words):
        raise InvalidError(_("Name a document that should be found, or words that should stand in what is found."))
    case.question, case.documents, case.must_contain = question, documents, words
    case.label = highest(case.label, *(found.label for found in detectors.scan(question)))
    case.run_requested = True
    case.save(update_fields=["question", "documents", "must_contain", "label", "run_requested"])
    record("case.change", "case", case.pk)
    return case


def _one_line(text: str) -> str:
    return " ".join(text.replace("\0", "").split())


def _titled(collection: int, title: str) -> Mapping[str, str]:
    """Return the documents of a collection with a title, or a file's name. Raises InvalidError if there is none."""
    if not title:
        return {}
    live = Source.objects.live().filter(collection=collection)
    found = live.filter(title=title) or live.filter(file_name=title)
    if not found:
        raise InvalidError(_("No document of this collection is called “%(title)s”.") % {"title": title})
    return {str(source.document): source.title for source in found[:MOST_DOCUMENTS]}


def _words(lines: Sequence[str]) -> list[str]:
    words = list(dict.fromkeys(filter(None, map(_one_line, lines))))
    if len(words) > WORDS_MAX or any(len(one) > WORD_MAX for one in words):
        raise InvalidError(
            _("Write at most %(lines)s lines of %(most)s characters.") % {"lines": WORDS_MAX, "most": WORD_MAX}
        )
    return words


def titles(collection: int) -> list[str]:
    """Return titles of documents that can be added to a case."""
    live = Source.objects.live().filter(collection=collection)
    return list(live.order_by("title").values_list("title", flat=True).distinct()[:OFFERED])


@transaction.atomic
def keep_shared(user: User, reply_id: UUID) -> EvalCase:
    """Keep the question of an answer that its person shared with the owners of a collection which it cites.

    What a good answer cites should be found; of a bad one, the owner still has to say what should be. Raises
    NotFoundError if the owner may not read the texts, and what `cases.refuse_full` raises.
    """
    given = feedback_review.shared_feedback(user, reply_id)
    if given is None:
        raise NotFoundError(_("This answer is not shared with you any more, or you may not read all its documents."))
    collection, documents = _cited(user, reply_id)
    question = _one_line(given.reply.parent.text if given.reply.parent else "")
    refuse_full(collection, question)
    label_rises.reach(given.reply.conversation_id)
    given.reply.refresh_from_db(fields=["label"])
    given.reply.conversation.refresh_from_db(fields=["label"])
    label = highest(collection.sensitivity, given.reply.conversation.label, given.reply.label)
    return stored(collection, question, documents if given.good else {}, label, user)


def _cited(user: User, reply: UUID) -> tuple[Collection, Mapping[str, str]]:
    """Return a collection of the owner that an answer cites, and those of its documents. Raises NotFoundError."""
    cited = Source.objects.filter(pk__in=Message.objects.filter(pk=reply).values("citations__source"))
    found = owned_collections(user).filter(pk__in=cited.values("collection")).order_by("pk").first()
    if found is None:
        raise NotFoundError(_("You own no collection that this answer cites any more."))
    rows = cited.filter(collection=found).values_list("document", "title")
    return found, {str(document): title for document, title in rows}
