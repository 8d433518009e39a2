"""What readers of a link see: its messages, their files, and those passages that they may read themselves.

Rights and labels are read at each request, so a link that is revoked is gone in the same moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chat.conversations import branches
from chat.models import Citation, Message, Share
from chat.shares import links
from langai_site.accounts.models import User
from langai_site.attached_files import ServedFile, file_store
from langai_site.errors import NotFoundError
from langai_site.sensitivity import Sensitivity
from search.models import Collection, Source
from search.services import present

GONE = gettext_noop("This link does not exist, or it is not for you. Ask the person who sent it to you.")
LISTED = 100
# A page shows at most this many messages, or fewer if their texts together are longer than this many characters; but
# always at least a question and its answer.
PAGE_MESSAGES, PAGE_CHARS, LEAST = 100, 200_000, 2


@dataclass(frozen=True)
class SharedSource:
    """A passage that an answer cites. A reader without right to its document sees only whom to ask for it."""

    number: int
    title: str = ""
    place: str = ""
    citation: Citation | None = None
    ask: tuple[str, ...] = ()


@dataclass(frozen=True)
class SharedFile:
    """A file of a message; `key` is its attachment's id."""

    key: UUID
    name: str
    size: int


@dataclass(frozen=True)
class SharedMessage:
    """A message as readers see it."""

    row: Message
    text: str
    sources: tuple[SharedSource, ...] = ()
    files: tuple[SharedFile, ...] = ()


@dataclass(frozen=True)
class SharedConversation:
    """What a link shows to one reader: all its messages, or one page of them."""

    share: Share
    title: str
    label: Sensitivity
    messages: Sequence[SharedMessage] = field(default_factory=list)
    page: int = 1
    pages: int = 1


def access_link(user: User | None, token: str) -> tuple[Share, Sensitivity]:
    """Return what a link leads to, with its label now, to somebody who may read it. Raises NotFoundError.

    Without a person, only a public link opens.
    """
    rows = Share.objects.open().select_related("conversation__owner", "owner")
    if user is None:
        rows = rows.filter(is_public=True, withdrawn_at=None) if settings.PUBLIC_SHARES else rows.none()
    share = rows.filter(token=token).first()
    if share is None:
        raise NotFoundError(_(GONE))
    label = links.label_of(share)
    if not _may_read(user, share, label):
        raise NotFoundError(_(GONE))
    return share, label


def _may_read(user: User | None, share: Share, label: Sensitivity) -> bool:
    is_public = settings.PUBLIC_SHARES and share.is_public and label == Sensitivity.PUBLIC and not share.withdrawn_at
    if user is None or share.owner_id == user.pk:
        return user is not None or is_public
    if label == Sensitivity.CONFIDENTIAL:
        return share.withdrawn_at is None and share.users.filter(pk=user.pk).exists()
    return is_public or Share.objects.readable_by(user.pk).filter(pk=share.pk).exists()


def shared_with(user: User) -> list[Share]:
    """Return the links of others that name this person or one of their teams, newest first."""
    rows = Share.objects.open().readable_by(user.pk).exclude(owner=user.pk).filter(everyone=False)
    found = rows.select_related("conversation", "owner").defer("snapshot")[:LISTED]
    naming = Share.users.through.objects.filter(user=user.pk, share__in=[share.pk for share in found])
    by_name = set(naming.values_list("share", flat=True))
    return [share for share in found if share.conversation.label < Sensitivity.CONFIDENTIAL or share.pk in by_name]


def read_page(user: User | None, token: str, page: int = 1) -> SharedConversation:
    """Return a page of what a link shows to a person. Counts the view, unless it is the owner's. Raises NotFoundError.

    A page that there is not becomes the nearest one.
    """
    share, label = access_link(user, token)
    pages = _pages(share.snapshot)
    page = min(max(page, 1), len(pages))
    if page == 1 and (user is None or user.pk != share.owner_id):
        Share.objects.filter(pk=share.pk).update(views=F("views") + 1)
    shown = messages_of(user, share, pages[page - 1])
    return SharedConversation(share, share.conversation.title, label, shown, page, len(pages))


def read_whole(user: User | None, token: str) -> SharedConversation:
    """Return all that a link shows to a person. Raises NotFoundError."""
    share, label = access_link(user, token)
    return SharedConversation(share, share.conversation.title, label, messages_of(user, share))


def _pages(snapshot: Sequence[Mapping[str, Any]]) -> list[Sequence[Mapping[str, Any]]]:
    """Split a snapshot into pages, of which there is at least one."""
    pages: list[Sequence[Mapping[str, Any]]] = []
    start = chars = 0
    for at, row in enumerate(snapshot):
        chars += len(row["text"])
        count = at - start
        if count >= PAGE_MESSAGES or (count >= LEAST and chars > PAGE_CHARS):
            pages.append(snapshot[start:at])
            start, chars = at, len(row["text"])
    return [*pages, snapshot[start:]]


def messages_of(
    user: User | None, share: Share, snapshot: Sequence[Mapping[str, Any]] | None = None
) -> list[SharedMessage]:
    """Return the messages of a link, or of a part of its snapshot, without those that were deleted since."""
    texts = {UUID(row["id"]): row["text"] for row in (share.snapshot if snapshot is None else snapshot)}
    rows = [row for some in branches.chunks([*texts]) for row in branches.read(some) if not row.deleted_at]
    cited = [cited for row in rows for cited in row.citations.all()] if share.includes_sources and user else []
    sources = _sources(user, share, cited) if user else {}
    return [
        SharedMessage(
            row,
            texts[row.id],
            tuple(sources[one.pk] for one in row.citations.all() if one.pk in sources),
            tuple(SharedFile(file.pk, file.name, file.size) for file in row.attachments.all())
            if share.includes_files
            else (),
        )
        for row in rows
    ]


def _sources(user: User, share: Share, cited: Sequence[Citation]) -> Mapping[int, SharedSource]:
    """Return the sources by the citations' keys: open ones for those that the reader may read."""
    readable = present.readable_sources(user.pk, {one.source for one in cited})
    owners = _owners({one.source for one in cited} - readable.keys(), share)
    return {
        one.pk: _open(one) if one.source in readable else SharedSource(one.number, ask=owners.get(one.source, ()))
        for one in cited
    }


def _open(cited: Citation) -> SharedSource:
    place = cited.location or (_("page %(number)s") % {"number": cited.page} if cited.page > 1 else "")
    return SharedSource(cited.number, cited.title, place, cited)


def _owners(sources: Iterable[UUID], share: Share) -> dict[UUID, tuple[str, ...]]:
    """Return whom to ask for each source: the owners of its collection, or whose attached file it is."""
    wanted = set(sources)
    if not wanted:
        return {}
    rows = Source.objects.filter(pk__in=wanted).order_by().values_list("pk", "collection", "collection__kind")
    collections = {key: (collection, kind) for key, collection, kind in rows}
    through = Collection.owners.through.objects.filter(
        collection__in={collection for collection, _kind in collections.values()}, user__is_active=True
    )
    names: dict[int, list[str]] = {}
    for row in through.select_related("user").order_by("user__username"):
        names.setdefault(row.collection_id, []).append(str(row.user))
    return {
        key: (str(share.owner),) if kind == Collection.Kind.ATTACHED else tuple(names.get(collection, ()))
        for key, (collection, kind) in collections.items()
    }


def served(user: User | None, token: str, file: UUID) -> tuple[ServedFile, bool]:
    """Return what the address of a shared file sends, and whether it is a picture. Raises NotFoundError."""
    share, _label = access_link(user, token)
    row = next((one for one in links.files_of(share) if one.pk == file), None) if share.includes_files else None
    picture = file_store().picture(row.document) if row else None
    found = picture or (file_store().original(row.document) if row else None)
    if found is None:
        raise NotFoundError(_("This file is not there any more, or the link does not show it."))
    return found, picture is not None
