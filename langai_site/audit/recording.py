"""Writes events, with the person and the door of the request that is being answered. Synchronous."""

from collections.abc import Collection, Iterable
from typing import Protocol

from langai_site import request_id
from langai_site.audit.actions import ACTIONS
from langai_site.audit.models import AuditEvent
from langai_site.origin import Origin


class Person(Protocol):
    """A user, whose class belongs to another room."""

    pk: int

    def get_username(self) -> str: ...


def acts(user: Person) -> None:
    """Note that the current request is this person's."""
    origin = request_id.current().origin
    if origin is not None:
        origin.user_id, origin.username = user.pk, user.get_username()


def record(
    action: str, kind: str = "", object_id: object = "", *, fields: Collection[str] = (), by: Person | None = None
) -> None:
    """Write one event: `by`, or else the person of the request, did `action` to an object.

    Call it in the transaction of the act, so that neither is there without the other. `fields` are names; an event
    never holds what somebody wrote.
    """
    _event(action, kind, object_id, fields, by).save()


def record_each(action: str, kind: str, object_ids: Iterable[object]) -> None:
    """Write one event for each of the objects, in one statement."""
    AuditEvent.objects.bulk_create([_event(action, kind, one) for one in object_ids])


def _event(
    action: str, kind: str, object_id: object, fields: Collection[str] = (), by: Person | None = None
) -> AuditEvent:
    assert action in ACTIONS, action
    trail = request_id.current()
    origin = trail.origin or Origin()
    return AuditEvent(
        action=action,
        user_id=by.pk if by else origin.user_id,
        username=by.get_username() if by else origin.username,
        kind=kind,
        object_id=str(object_id)[:64],
        fields=", ".join(sorted(fields))[:400],
        door=origin.door,
        address=origin.address[:45],
        request=trail.request[:64],
    )
