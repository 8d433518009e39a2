"""Makes a verified answer from an answer, changes it, and takes it back. Synchronous."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.conversations import access as conversations
from chat.markdown.quotations import CITATION
from chat.models import Citation, GivenDocument, Message, VerifiedAnswer, VerifiedCitation
from chat.verified import access
from chat.verified.same_question import LONGEST, asks_the_same
from langai_site import detectors
from langai_site.accounts.models import User
from langai_site.audit.recording import record
from langai_site.errors import ConflictError, ForbiddenError, InvalidError
from langai_site.numbers import grouped
from langai_site.sensitivity import Sensitivity, highest
from search import services as search
from search.models import Collection, Source
from search.services import present

# Characters of an answer, and other wordings of its question.
TEXT_MAX, VARIANTS_MAX = 10_000, 20
# Days until a new one is to be reviewed, unless its owner says otherwise, and the most that can be said.
REVIEW_DAYS, REVIEW_DAYS_MAX = 180, 3 * 366
State = VerifiedAnswer.State


@dataclass(frozen=True)
class VerifiedText:
    """What an owner writes: the question, its other wordings, the answer, and the day on which it is reviewed."""

    question: str
    variants: Sequence[str]
    text: str
    review_by: date | None


@dataclass(frozen=True)
class _CheckedText(VerifiedText):
    """The same after it was checked: it has a day."""

    review_by: date


def collection_for(user: User, reply: Message) -> Collection:
    """Return the collection in which an answer can be verified: that of all documents that it cites.

    Its readers may read these documents, so they may read what the answer says of them. Raises ConflictError and
    ForbiddenError with what to do.
    """
    if reply.status != Message.Status.COMPLETE:
        raise ConflictError(_("Only a complete answer can be verified. Ask again first."))
    cited = {citation.source: citation.title for citation in reply.citations.all()}
    if not cited:
        raise ConflictError(
            _("This answer cites no document, so nobody could check it. Ask again with documents, then verify that.")
        )
    live = dict(Source.objects.live().filter(pk__in=cited).values_list("pk", "collection"))
    if gone := [title for source, title in cited.items() if source not in live]:
        raise ConflictError(_("“%(title)s” has changed since. Ask again, then verify that.") % {"title": gone[0]})
    if len(set(live.values())) > 1:
        raise ConflictError(
            _("This answer cites documents of several collections, which others may read. Ask one collection alone.")
        )
    found = access.owned_collections(user).filter(pk__in=live.values()).first()
    if found is None:
        raise ForbiddenError(_("Only an owner of the collection that this answer cites can verify it."))
    return found


def offered(user: User, reply_id: UUID) -> tuple[Message, Collection]:
    """Return an answer of the person's own with the collection in which they can verify it."""
    reply = conversations.access_reply(user.id, reply_id)
    return reply, collection_for(user, reply)


@transaction.atomic
def create(user: User, reply_id: UUID, form: VerifiedText) -> VerifiedAnswer:
    """Verify an answer, with the citations that its text still has. The worker then makes it findable."""
    reply, collection = offered(user, reply_id)
    written = _checked(form)
    _refuse_second(collection.pk, written)
    cited = {citation.number: citation for citation in reply.citations.all()}
    numbers = _cited_numbers(written.text, cited)
    sources = Source.objects.select_related("collection").in_bulk([cited[number].source for number in numbers])
    answer = VerifiedAnswer.objects.create(
        collection=collection,
        question=written.question,
        variants=list(written.variants),
        text=written.text,
        label=_label(
            written, (*_labels_behind(reply), collection.sensitivity, *(source.label for source in sources.values()))
        ),
        author=user,
        review_by=written.review_by,
    )
    VerifiedCitation.objects.bulk_create(_copied(answer, cited[number]) for number in numbers)
    record("verified.add", "verified", answer.pk)
    return answer


def _labels_behind(reply: Message) -> Iterable[int]:
    """Return the labels of an answer, and those that the documents which it was made from have now, cited or not."""
    given = GivenDocument.objects.filter(reply=reply).values_list("document", flat=True)
    return (reply.label, *present.labels_of(set(given)).values())


_PLACE = ("number", "source", "version", "title", "page", "start", "end", "heading", "location", "dated")


def _copied(answer: VerifiedAnswer, cited: Citation) -> VerifiedCitation:
    return VerifiedCitation(answer=answer, **{name: getattr(cited, name) for name in _PLACE})


@transaction.atomic
def change(user: User, answer_id: UUID, form: VerifiedText, seen: int) -> VerifiedAnswer:
    """Change an answer and verify it again, with what its passages say now. `seen` is the version that was read.

    Raises ConflictError if somebody else has changed it since.
    """
    answer = access.access_owned(user, answer_id)
    if seen != answer.version:
        raise ConflictError(_("This answer has changed meanwhile. Reload the page and look at it again."))
    written = _checked(form)
    _refuse_second(answer.collection_id, written, answer)
    cited = {citation.number: citation for citation in answer.citations.all()}
    numbers = _cited_numbers(written.text, cited)
    sources = _renewed(answer, [cited[number] for number in numbers])
    answer.citations.exclude(number__in=numbers).delete()
    answer.question, answer.variants, answer.text = written.question, list(written.variants), written.text
    answer.label = _label(written, (answer.label, *(source.label for source in sources)))
    answer.review_by, answer.author, answer.verified_at = written.review_by, user, timezone.now()
    answer.state, answer.reason, answer.version = State.VERIFIED, "", answer.version + 1
    answer.save()
    answer.notices.all().delete()
    record("verified.change", "verified", answer.pk)
    return answer


@transaction.atomic
def retire(user: User, answer_id: UUID) -> VerifiedAnswer:
    """Take an answer back: nobody finds it any more. Its owners can verify it again."""
    answer = access.access_owned(user, answer_id)
    answer.state, answer.reason = State.RETIRED, ""
    answer.save(update_fields=["state", "reason"])
    answer.notices.all().delete()
    search.hide([answer.pk])
    record("verified.retire", "verified", answer.pk)
    return answer


def _checked(form: VerifiedText) -> _CheckedText:
    """Return what was written without blanks around it. Raises InvalidError."""
    question = " ".join(form.question.replace("\0", "").split())
    text = form.text.replace("\0", "").replace("\r\n", "\n").strip()
    lines = (" ".join(line.replace("\0", "").split()) for line in form.variants)
    variants = list(dict.fromkeys(line for line in lines if line and line != question))
    if not question or not text:
        raise InvalidError(_("Write the question and the answer."))
    if any(len(line) > LONGEST for line in (question, *variants)):
        raise InvalidError(_("A question can have at most %(most)s characters. Shorten it.") % {"most": LONGEST})
    if len(text) > TEXT_MAX:
        raise InvalidError(
            _("The answer has %(count)s characters, and %(most)s are allowed. Shorten it.")
            % {"count": grouped(len(text)), "most": grouped(TEXT_MAX)}
        )
    if len(variants) > VARIANTS_MAX:
        raise InvalidError(_("Write at most %(most)s other wordings, one on each line.") % {"most": VARIANTS_MAX})
    return _CheckedText(question, variants, text, _review_day(form.review_by))


def _review_day(day: date | None) -> date:
    today = timezone.localdate()
    if day is None or not today < day <= today + timedelta(days=REVIEW_DAYS_MAX):
        raise InvalidError(_("Choose a day for the next review: after today, and within three years."))
    return day


def _cited_numbers(text: str, known: Mapping[int, object]) -> list[int]:
    """Return the numbers that a text cites. Raises InvalidError if there are none, or one that is not known."""
    numbers = sorted({int(number) for found in CITATION.findall(text) for number in found.split(",")})
    if unknown := [number for number in numbers if number not in known]:
        raise InvalidError(
            _("[%(number)s] is not a source of this answer. Use its numbers, or remove it.") % {"number": unknown[0]}
        )
    if not numbers:
        raise InvalidError(_("Leave at least one source in the answer, such as [1], so that readers can check it."))
    return numbers


def _refuse_second(collection: int, written: VerifiedText, but: VerifiedAnswer | None = None) -> None:
    """Refuse a question that another verified answer of the collection answers: there would be two answers to it."""
    others = VerifiedAnswer.objects.filter(collection=collection).exclude(state=State.RETIRED)
    for other in others.exclude(pk=but.pk) if but else others:
        if any(asks_the_same(one, two) for one in (written.question, *written.variants) for two in other.phrasings):
            raise ConflictError(
                _("“%(question)s” has a verified answer in this collection. Change that one.")
                % {"question": other.question}
            )


def _label(written: VerifiedText, others: Iterable[int]) -> Sensitivity:
    found = detectors.scan("\n".join((written.question, *written.variants, written.text)))
    return highest(*others, *(one.label for one in found))


def _renewed(answer: VerifiedAnswer, cited: Sequence[VerifiedCitation]) -> list[Source]:
    """Point citations at what their passages became, and return their documents. Raises InvalidError if one is gone."""
    for citation in cited:
        for name, value in (citation.next or {}).items():
            setattr(citation, name, UUID(value) if name == "source" else value)
        citation.next = None
    live = Source.objects.live().filter(collection=answer.collection_id).select_related("collection")
    sources = live.in_bulk([citation.source for citation in cited])
    if gone := [citation for citation in cited if citation.source not in sources]:
        raise InvalidError(
            _("The passage [%(number)s] is not in “%(title)s” any more. Remove it from the answer, with what it said.")
            % {"number": gone[0].number, "title": gone[0].title}
        )
    for citation in cited:
        citation.dated = sources[citation.source].added_at.date()
        citation.save(update_fields=["source", "version", "page", "start", "end", "dated", "next"])
    return list(sources.values())
