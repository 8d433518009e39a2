"""What the admin's home says about answers: those that failed today."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.models import Message
from langai_site import registry
from langai_site.accounts.models import User
from langai_site.numbers import grouped
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
        words = ngettext("%(count)s answer failed today.", "%(count)s answers failed today.", failed)
        words %= {"count": grouped(failed)}
        return [OverviewLine(_("Answers"), "warn", words, f"{address}?{only}", _("Show them"))]
    total = today.count()
    words = ngettext("%(count)s answer today, none failed.", "%(count)s answers today, none failed.", total)
    words = words % {"count": grouped(total)} if total else _("No questions yet today.")
    return [OverviewLine(_("Answers"), "ok", words, address, _("All replies"))]
