"""Operations on links to conversations. They call the same services as the pages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from ninja import Field, Router, Schema, Status
from ninja.params.functions import Query
from pydantic import ConfigDict

from chat.models import Share
from chat.shares import links
from chat.shares.links import ShareForm
from langai_site.accounts.doors import door, person_of
from langai_site.accounts.models import Team, User
from langai_site.accounts.scopes import Scope
from langai_site.accounts.sharing import PEOPLE_MAX, Audience
from langai_site.database.writer import in_database_thread
from langai_site.errors import InvalidError
from langai_site.web.api_errors import documented
from langai_site.web.api_lists import Listed

router = Router(tags=["Shares"])
Days = Literal[1, 7, 30, 90, 0]
TEAMS_MAX = 100


class ShareChange(Schema):
    """Who may open a link, and what it shows. Without `everyone`, `teams`, `people` and `public` only you may."""

    model_config = ConfigDict(extra="forbid")

    everyone: bool = Field(False, description="Everyone who is signed in and has the link.")
    teams: Listed[str] = Field([], max_length=TEAMS_MAX, description="Names of your teams.")
    people: Listed[str] = Field([], max_length=PEOPLE_MAX, description="User names or e-mail addresses.")
    public: bool = Field(False, description="Also without a sign-in, where that is allowed.")
    sources: bool = Field(True, description="Show the answers' sources, to those who may read the documents.")
    files: bool = Field(False, description="Show the files of the messages.")
    days: Days = Field(0, description="How long the link works from now on; 0: until it is revoked.")


class ShareIn(ShareChange):
    """A link to the branch of a conversation that its page shows, or to some of its `messages`."""

    conversation: UUID
    messages: Listed[UUID] | None = Field(None, max_length=links.CHOSEN_MAX, description="Null: the whole branch.")


class ShareOut(Schema):
    """A link. `messages` counts those that it shows; `chosen`: they were chosen one by one."""

    id: UUID
    conversation: UUID
    title: str
    url: str
    state: Literal["open", "revoked", "expired"]
    everyone: bool
    teams: list[str]
    people: list[str]
    public: bool
    sources: bool
    files: bool
    messages: int | None = Field(description="Null in lists.")
    chosen: bool | None = Field(description="Null in lists.")
    views: int
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None


class ShareList(Schema):
    shares: list[ShareOut]


@router.post("", auth=door(Scope.CHAT), response={201: ShareOut} | documented(403, 404, 409))
async def share_make(request: HttpRequest, body: ShareIn) -> Status[dict[str, Any]]:
    """Make a link to a conversation. It shows the messages as they are now."""
    return Status(201, await in_database_thread(_made, request, person_of(request), body))


def _made(request: HttpRequest, user: User, body: ShareIn) -> dict[str, Any]:
    return _out(request, links.create(user, body.conversation, _form(user, body, body.messages)))


@router.get("", auth=door(Scope.CHAT), response={200: ShareList} | documented(404))
async def shares_list(
    request: HttpRequest,
    conversation: UUID | None = Query(None, description="Only links to this conversation."),  # noqa: B008
) -> dict[str, Any]:
    """List your links, newest first, also those that are revoked or expired."""
    return await in_database_thread(_listed, request, person_of(request).pk, conversation)


def _listed(request: HttpRequest, user_id: int, conversation: UUID | None) -> dict[str, Any]:
    return {"shares": [_out(request, row, whole=False) for row in links.listed(user_id, conversation)]}


@router.get("/{uuid:share}", auth=door(Scope.CHAT), response={200: ShareOut} | documented(404))
async def share_read(request: HttpRequest, share: UUID) -> dict[str, Any]:
    """Read one of your links."""
    return await in_database_thread(lambda: _out(request, links.access_share(person_of(request).pk, share)))


@router.put("/{uuid:share}", auth=door(Scope.CHAT), response={200: ShareOut} | documented(403, 404, 409))
async def share_change(request: HttpRequest, share: UUID, body: ShareChange) -> dict[str, Any]:
    """Change who may open a link and what it shows; its messages stay. A link that was revoked works again."""
    return await in_database_thread(_changed, request, person_of(request), share, body)


def _changed(request: HttpRequest, user: User, share: UUID, body: ShareChange) -> dict[str, Any]:
    return _out(request, links.change(user, share, _form(user, body, None)))


@router.post("/{uuid:share}/update", auth=door(Scope.CHAT), response={200: ShareOut} | documented(403, 404, 409))
async def share_update(request: HttpRequest, share: UUID) -> dict[str, Any]:
    """Show the messages as they are now; the address stays."""
    return await in_database_thread(lambda: _out(request, links.update(person_of(request), share)))


@router.post("/{uuid:share}/revoke", auth=door(Scope.CHAT), response={200: ShareOut} | documented(404))
async def share_revoke(request: HttpRequest, share: UUID) -> dict[str, Any]:
    """Close a link at once: its page, its files and its export."""
    return await in_database_thread(_revoked, request, person_of(request), share)


def _revoked(request: HttpRequest, user: User, share: UUID) -> dict[str, Any]:
    links.revoke(user, share)
    return _out(request, links.access_share(user.pk, share))


@router.delete("/{uuid:share}", auth=door(Scope.CHAT), response={204: None} | documented(404))
async def share_delete(request: HttpRequest, share: UUID) -> Status[None]:
    """Delete a link for good."""
    await in_database_thread(links.delete, person_of(request), share)
    return Status(204, None)


def _form(user: User, body: ShareChange, messages: Sequence[UUID] | None) -> ShareForm:
    if body.public and (body.everyone or body.teams or body.people):
        raise InvalidError("A public link is open to everybody. Leave out “everyone”, “teams” and “people”.")
    if body.everyone and (body.teams or body.people):
        raise InvalidError("“everyone” includes all teams and people. Leave out “teams” and “people”.")
    audience = Audience(body.everyone, _teams(user, body.teams), tuple(body.people))
    return ShareForm(audience, messages, body.sources, body.files, body.public, body.days)


def _teams(user: User, names: Sequence[str]) -> tuple[int, ...]:
    """Return the ids of the person's teams with these names. Raises InvalidError."""
    found = dict(Team.objects.of(user.pk).filter(name__in=names).values_list("name", "id"))
    for name in names:
        if name not in found:
            raise InvalidError(f"You are in no team “{name}”. Check its name.")
    return tuple(found.values())


def _out(request: HttpRequest, row: Share, *, whole: bool = True) -> dict[str, Any]:
    """Return a link; without `whole`, leave out what only its snapshot tells, which can be large."""
    names = ("id", "everyone", "state", "views", "created_at", "updated_at", "expires_at")
    return {name: getattr(row, name) for name in names} | {
        "conversation": row.conversation_id,
        "title": row.conversation.title,
        "url": request.build_absolute_uri(reverse("chat:shared", args=[row.token])),
        "teams": [team.name for team in row.teams.all()],
        "people": [person.username for person in row.users.all()],
        "public": row.is_public,
        "sources": row.includes_sources,
        "files": row.includes_files,
        "messages": len(row.snapshot) if whole else None,
        "chosen": row.shows_chosen if whole else None,
    }
