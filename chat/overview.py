"""What the admin's home says about answers: those that failed today."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from chat.models import Message
from langai_site import registry
from langai_site.accounts.models import User
from langai_site.registry import OverviewLine


def register() -> None:
    registry.overview("chat", lines)


def lines(person: User) -> Sequence[OverviewLine]:
    """Return how many answers there were today, and how many of them failed; for people who may see replies."""
    if not person.has_perm("chat.view_reply"):
        return ()
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    today = Message.objects.replies().filter(created_at__gte=midnight)
    failed = today.filter(status=Message.Status.FAILED).count()
    address = reverse("admin:chat_reply_changelist")
    if failed:
        only = urlencode({"status__exact": Message.Status.FAILED, "created_at__gte": midnight.isoformat()})
        words = f"{failed:,} answer{'' if failed == 1 else 's'} failed today."
        return [OverviewLine("Answers", "warn", words, f"{address}?{only}", "Show them")]
    total = today.count()
    words = f"{total:,} answer{'' if total == 1 else 's'} today, none failed." if total else "No questions yet today."
    return [OverviewLine("Answers", "ok", words, address, "All replies")]
