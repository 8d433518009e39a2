"""The audit log: filtered, searched, exported. Nobody changes it here or anywhere else."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langai_site.audit.actions import ACTIONS, THINGS
from langai_site.audit.models import AuditEvent
from langai_site.audit.recording import record
from langai_site.usage.audit_pages import exporting, verify
from langai_site.usage.models import EventSeal
from langai_site.usage.read_only import ReadOnly

MONTHS = 12


def _thing(kind: str) -> str:
    return _(THINGS[kind]) if kind in THINGS else kind


class ThingFilter(admin.AllValuesFieldListFilter):
    """The kinds of things that events are about, by their names."""

    def choices(self, changelist: Any) -> Iterator[Any]:  # noqa: ANN401 - as Django's own
        for choice in super().choices(changelist):
            yield {**choice, "display": self.name_of(str(choice["display"]))}

    def name_of(self, value: str) -> str:
        return _thing(value)


class ActionFilter(ThingFilter):
    """The actions that events are about, in words."""

    def name_of(self, value: str) -> str:
        return _(ACTIONS[value]) if value in ACTIONS else value


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly, admin.ModelAdmin[AuditEvent]):
    list_display = ("when", "who", "what", "object_shown", "fields", "door", "address")
    list_filter = ("at", ("action", ActionFilter), ("kind", ThingFilter), "door")
    search_fields = ("username", "object_id", "address", "request")
    date_hierarchy = "at"
    fields = ("when", "who", "action", "object_shown", "fields", "door", "address", "request", "seal")
    readonly_fields = ("when", "who", "object_shown", "seal")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("export.<str:form>", wrap(self.export), name="audit_auditevent_export"),
            path("<int:year>-<int:month>.jsonl", wrap(self.month), name="audit_auditevent_month"),
            path("verify.py", wrap(self.verifier), name="audit_auditevent_verifier"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        months = EventSeal.objects.order_by("-month").values_list("month", flat=True).distinct()[:MONTHS]
        context = {"months": months, "query": request.GET.urlencode(), **(extra_context or {})}
        return super().changelist_view(request, context)

    @admin.display(description=gettext_lazy("when"), ordering="id")
    def when(self, event: AuditEvent) -> str:
        return f"{timezone.localtime(event.at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description=gettext_lazy("who"), ordering="username")
    def who(self, event: AuditEvent) -> str:
        return event.username or (_("LangAI or an operator") if event.door == "server" else _("nobody signed in"))

    @admin.display(description=gettext_lazy("what"), ordering="action")
    def what(self, event: AuditEvent) -> str:
        return event.words

    @admin.display(description=gettext_lazy("object"))
    def object_shown(self, event: AuditEvent) -> SafeString | str:
        """Return a link to all that was done to the object."""
        if not event.object_id:
            return "-"
        address = reverse("admin:audit_auditevent_changelist")
        words = f"{_thing(event.kind)} {event.object_id}"
        return format_html('<a href="{}?kind={}&amp;object_id={}">{}</a>', address, event.kind, event.object_id, words)

    @admin.display(description=gettext_lazy("place in the chain"))
    def seal(self, event: AuditEvent) -> str:
        found = EventSeal.objects.filter(event=event.pk).first()
        return f"{found.sequence}: {found.hash}" if found else _("not sealed yet")

    def export(self, request: HttpRequest, form: str) -> StreamingHttpResponse:
        """Download what the list shows with its filters."""
        self._require(request)
        if form not in exporting.FORMATS:
            raise Http404
        events = self.get_changelist_instance(request).get_queryset(request)
        record("audit.export", fields=[form])
        return self._file(exporting.written(events, form), f"audit.{form}", exporting.FORMATS[form])

    def month(self, request: HttpRequest, year: int, month: int) -> StreamingHttpResponse:
        """Download a month as it stands in the chain."""
        self._require(request)
        try:
            first = date(year, month, 1)
        except ValueError:
            raise Http404 from None
        record("audit.export", fields=["month"])
        return self._file(exporting.month(first), f"audit-{first:%Y-%m}.jsonl", exporting.FORMATS["json"])

    def verifier(self, request: HttpRequest) -> FileResponse:
        """Download the program that checks a month."""
        self._require(request)
        return FileResponse(
            Path(verify.__file__).open("rb"), as_attachment=True, filename="verify.py", content_type="text/x-python"
        )

    def _require(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _file(self, pieces: Iterator[str], name: str, media_type: str) -> StreamingHttpResponse:
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(exporting.streamed(pieces), content_type=media_type, headers=headers)
