"""From a number in a reply to the passage it stands for."""

from uuid import UUID

from chat.events import Snapshot
from chat.services import conversations
from langai_site.accounts.models import User
from langai_site.errors import NotFound
from search import services as search
from search.access import reader_of
from search.types import Excerpt


def excerpt(user: User, reply_id: UUID, number: int, snapshot: Snapshot | None) -> Excerpt:
    """The page with the cited span, checked twice: the conversation is the person's, the document theirs to read.

    `snapshot` serves while the reply is live and has no rows of citations yet. Raises NotFound.
    """
    reply = conversations.access_reply(user.id, reply_id)
    cited = reply.citations.filter(number=number).first()
    place = (cited.source, cited.page, cited.start, cited.end) if cited else _live_place(snapshot, number)
    source, page, start, end = place
    return search.excerpt(reader_of(user), source, page=page, start=start, end=end)


def _live_place(snapshot: Snapshot | None, number: int) -> tuple[UUID, int, int, int]:
    for source in snapshot["sources"] if snapshot else []:
        if source["number"] == number:
            return UUID(source["source"]), source["page"], source["start"], source["end"]
    raise NotFound("This answer cites no passage by that number.")
