"""What people say about answers, for those who can improve them: counts, and what was shared with owners. Synchronous.

Owners see the counts of their collections, and the texts that people shared with them. Admins see counts only.
"""

from collections import defaultdict
from collections.abc import Collection as Some
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from chat.conversations import branches
from chat.models import Citation, GivenDocument, Message
from chat.models.feedback import Feedback, Reason
from langai_site import registry
from langai_site.accounts.models import User
from langai_site.numbers import grouped
from langai_site.sensitivity import Sensitivity
from search.access import readable_collections
from search.models import Collection, Source

# Shared answers on the page, newest first.
SHOWN = 50


@dataclass
class Count:
    """How often answers were called good and bad, and how often each reason was given."""

    name: str
    good: int = 0
    bad: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, feedback: Feedback) -> None:
        if feedback.good:
            self.good += 1
        else:
            self.bad += 1
        for reason in feedback.reasons:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1

    @property
    def words(self) -> str:
        """Return the reasons in words, the most frequent first."""
        ordered = sorted(self.reasons.items(), key=lambda pair: (-pair[1], pair[0]))
        return ", ".join(f"{Reason(reason).label} ({grouped(count)})" for reason, count in ordered)


@dataclass(frozen=True)
class SharedAnswer:
    """An answer that its person shared. Without texts, the reader may not read all that it was made from."""

    feedback: Feedback
    person: str
    collections: Sequence[str]
    question: str = ""
    answer: str = ""

    @property
    def label(self) -> str:
        return Sensitivity(self.feedback.reply.label).in_text

    @property
    def reasons(self) -> Sequence[str]:
        return [str(Reason(reason).label) for reason in self.feedback.reasons]


@dataclass(frozen=True)
class FeedbackReview:
    """What one person may see of what people say. Without counts of a kind, they may not see those."""

    collections: Sequence[Count] = ()
    models: Sequence[Count] = ()
    labels: Sequence[Count] = ()
    shared: Sequence[SharedAnswer] = ()
    owns: bool = False
    is_admin: bool = False


def review(user: User, days: int) -> FeedbackReview:
    """Return what the person may see of the last `days` days."""
    owned = dict(Collection.objects.filter(owners=user).values_list("pk", "name"))
    is_admin = user.has_perm("chat.view_reply")
    if not (owned or is_admin):
        return FeedbackReview()
    given = list(_given(days))
    by_reply = _collections_of(one.reply_id for one in given)
    library = Collection.objects.filter(kind=Collection.Kind.LIBRARY)
    names = dict(library.values_list("pk", "name")) if is_admin else owned
    return FeedbackReview(
        _by_collection(given, by_reply, names),
        _counts((registry.names_of_models().get(one.reply.model, one.reply.model), one) for one in given)
        if is_admin
        else (),
        _counts((Sensitivity(one.reply.label).label, one) for one in given) if is_admin else (),
        _shared(user, given, by_reply, owned),
        bool(owned),
        is_admin,
    )


def _given(days: int) -> QuerySet[Feedback]:
    """Return the feedback on answers that still exist, newest first, without their texts."""
    recent = _there().filter(at__gte=timezone.now() - timedelta(days=days))
    rows = recent.select_related("reply__conversation__owner").order_by("-at")
    reply, owner = ("id", "model", "label", "parent_id"), ("id", "username", "first_name", "last_name")
    return rows.only(
        *("good", "reasons", "comment", "shared", "at"),
        *(f"reply__{name}" for name in reply),
        "reply__conversation__id",
        *(f"reply__conversation__owner__{name}" for name in owner),
    )


def _there() -> QuerySet[Feedback]:
    """Return the feedback on answers that still exist."""
    kept = Feedback.objects.filter(reply__deleted_at=None, reply__conversation__deleted_at=None)
    return kept.exclude(reply__conversation__expires_at__lt=timezone.now())


def shared_feedback(user: User, reply_id: UUID) -> Feedback | None:
    """Return what was said of a shared answer, with its texts, if the person may read these; otherwise None."""
    shared = _there().select_related("reply__conversation", "reply__parent").filter(reply=reply_id, shared=True).first()
    return shared if shared and shared.pk in _readable(user, [shared]) else None


def _collections_of(replies: Iterable[UUID]) -> dict[UUID, set[int]]:
    """Return the collections whose documents these answers cite, as of now."""
    source = Source.objects.filter(pk=OuterRef("source")).values("collection")[:1]
    found: dict[UUID, set[int]] = defaultdict(set)
    for some in branches.chunks(list(replies), 500):
        cited = Citation.objects.filter(reply__in=some).order_by().annotate(collection=Subquery(source))
        for reply, collection in cited.values_list("reply", "collection").distinct():
            if collection is not None:
                found[reply].add(collection)
    return found


def _by_collection(given: Iterable[Feedback], by_reply: dict[UUID, set[int]], names: dict[int, str]) -> Sequence[Count]:
    cited = (
        (names[one], feedback) for feedback in given for one in by_reply.get(feedback.reply_id, ()) if one in names
    )
    return _counts(cited)


def _counts(named: Iterable[tuple[str, Feedback]]) -> Sequence[Count]:
    counts: dict[str, Count] = {}
    for name, feedback in named:
        counts.setdefault(name, Count(name)).add(feedback)
    return sorted(counts.values(), key=lambda count: (-count.bad, -count.good, count.name))


def _shared(
    user: User, given: Iterable[Feedback], by_reply: dict[UUID, set[int]], owned: dict[int, str]
) -> Sequence[SharedAnswer]:
    """Return what was shared with the owner of a collection that the answer cites."""
    theirs = [one for one in given if one.shared and by_reply.get(one.reply_id, set()) & owned.keys()][:SHOWN]
    readable = _readable(user, theirs)
    return [
        _shared_answer(one, sorted(owned[key] for key in by_reply[one.reply_id] & owned.keys()), one.pk in readable)
        for one in theirs
    ]


def _shared_answer(feedback: Feedback, collections: Sequence[str], is_readable: bool) -> SharedAnswer:
    person = str(feedback.reply.conversation.owner)
    if not is_readable:
        return SharedAnswer(feedback, person, collections)
    texts = Message.objects.in_bulk([key for key in (feedback.reply_id, feedback.reply.parent_id) if key])
    question = texts[feedback.reply.parent_id].text if feedback.reply.parent_id in texts else ""
    return SharedAnswer(feedback, person, collections, question, texts[feedback.reply_id].text)


def _readable(user: User, shared: Sequence[Feedback]) -> Some[UUID]:
    """Return the answers made only from documents that the person may read.

    Earlier answers of the conversation count as well: a later one can repeat what they say. A document that was
    removed is not readable, because nobody can tell who might read it.
    """
    made_from: dict[UUID, set[UUID]] = defaultdict(set)
    talks = {one.reply.conversation_id for one in shared}
    given = GivenDocument.objects.filter(reply__conversation__in=talks)
    for conversation, document in given.order_by().values_list("reply__conversation", "document").distinct():
        made_from[conversation].add(document)
    cited = Citation.objects.filter(reply__conversation__in=talks).order_by()
    sources = dict(Source.objects.filter(pk__in=cited.values("source")).values_list("pk", "document"))
    for conversation, source in cited.values_list("reply__conversation", "source").distinct():
        made_from[conversation].add(sources.get(source, source))
    wanted = set().union(*made_from.values()) if made_from else set()
    open_to = Source.objects.filter(document__in=wanted, collection__in=readable_collections(user))
    readable = set(open_to.quotable().values_list("document", flat=True))
    return {one.pk for one in shared if made_from[one.reply.conversation_id] <= readable}
