"""How much one person may have in collections of their own: files, megabytes and passages."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from documents.models import Document
from langai_site.errors import InvalidError
from search.models import Collection

MB = 1024 * 1024


class NoRoomError(InvalidError):
    """The owner of the collection has as much in collections of their own as one person may have."""

    code, status = "over_quota", 413


@dataclass(frozen=True)
class Quota:
    """What a person has in collections of their own, and the most that they may have; 0: no limit."""

    files: int
    size: int
    passages: int
    most_files: int
    most_size: int
    most_passages: int

    @property
    def files_left(self) -> int | None:
        """Return how many more files fit; None: any number."""
        return max(0, self.most_files - self.files) if self.most_files else None

    @property
    def size_left(self) -> int | None:
        """Return how many more bytes fit; None: any number."""
        return max(0, self.most_size - self.size) if self.most_size else None

    def refusal(self, files: int = 1, size: int = 0) -> str:
        """Return why so much more does not fit, as a person reads it; "" if it does."""
        if files and self.most_files and self.files + files > self.most_files:
            text = _(
                "You have %(files)s of the %(most)s files that one person may have. Delete files that you do not need "
                "any more, or ask an admin for more room."
            )
            return text % {"files": intcomma(self.files), "most": intcomma(self.most_files)}
        if self.most_size and size > 0 and self.size + size > self.most_size:
            text = _(
                "You have %(size)s of the %(most)s MB that one person may have, so this does not fit. Delete files "
                "that "
                "you do not need any more, or ask an admin for more room."
            )
            return text % {"size": intcomma(self.size // MB), "most": intcomma(self.most_size // MB)}
        if self.most_passages and self.passages >= self.most_passages:
            text = _(
                "Your files have %(passages)s passages, and %(most)s are the most that one person may have. Delete "
                "files "
                "that you do not need any more, or ask an admin for more room."
            )
            return text % {"passages": intcomma(self.passages), "most": intcomma(self.most_passages)}
        return ""


def quota_of(user_id: int | None) -> Quota:
    """Return what a person has. A file that was deleted does not count, even while it can come back."""
    theirs = Document.objects.filter(collection__kind=Collection.Kind.OWN, collection__holder=user_id).order_by()
    used = theirs.aggregate(files=Count("pk"), size=Coalesce(Sum("size"), 0), passages=Coalesce(Sum("passages"), 0))
    return Quota(
        **used,
        most_files=settings.OWN_COLLECTIONS_FILES,
        most_size=settings.OWN_COLLECTIONS_MB * MB,
        most_passages=settings.OWN_COLLECTIONS_PASSAGES,
    )


def require_room(collection: Collection, size: int, *, files: int = 1, lock: bool = False) -> None:
    """Raise NoRoomError if so much more does not fit into a person's own collection. Others have no limit.

    `lock` keeps others from adding files of the same person until the transaction ends.
    """
    if collection.kind != Collection.Kind.OWN:
        return
    if lock:
        theirs = Collection.objects.filter(kind=Collection.Kind.OWN, holder=collection.holder_id)
        list(theirs.select_for_update().order_by("pk").values_list("pk"))
    if reason := quota_of(collection.holder_id).refusal(files, size):
        raise NoRoomError(reason)


def require_room_again(holder_id: int, back: QuerySet[Document], since: datetime | None) -> None:
    """Raise NoRoomError if documents that were deleted do not fit any more, because others were added `since`.

    Without new ones they may always come back: they were there before.
    """
    theirs = Document.objects.filter(collection__kind=Collection.Kind.OWN, collection__holder=holder_id)
    if since is None or not theirs.filter(uploaded_at__gt=since).exists():
        return
    found = back.order_by().aggregate(files=Count("pk"), size=Coalesce(Sum("size"), 0))
    if reason := quota_of(holder_id).refusal(found["files"], found["size"]):
        raise NoRoomError(reason)
