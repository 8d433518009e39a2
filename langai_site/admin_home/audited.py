"""What people do in admin leaves an event: every admin page of the site is one of these, without knowing of it."""

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.admin import ModelAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext

from langai_site import stored_data
from langai_site.audit.actions import ACTIONS, KINDS
from langai_site.audit.recording import record
from langai_site.sentences import Sentence, drawn, from_text

# A change of one of these fields is an action of its own, the first that fits.
NAMED: dict[str, tuple[tuple[str, frozenset[str]], ...]] = {
    "user": (
        ("user.rights", frozenset({"is_staff", "is_superuser", "groups", "user_permissions", "teams", "billing_team"})),
        ("user.switch", frozenset({"is_active"})),
        ("password.change", frozenset({"password"})),
    ),
    "collection": (
        ("collection.label", frozenset({"sensitivity"})),
        ("collection.readers", frozenset({"readers", "teams", "users", "owners"})),
    ),
}

BESIDES = {("conversation", "delete"), ("legalhold", "add"), ("legalhold", "change")}


class Audited(ModelAdmin):  # type: ignore[type-arg]
    """Records additions, changes and deletions of the kinds in KINDS, where Django writes its own log."""

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:  # noqa: ANN401 - as Django's
        changed = [f"{formset.prefix}" for formset in formsets or () if formset.has_changed()]
        request.audited_fields = [*form.changed_data, *changed]  # type: ignore[attr-defined]
        return super().construct_change_message(request, form, formsets, add)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:  # noqa: ANN401 - as Django's
        self._record("add", obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:  # noqa: ANN401 - as Django's
        """Record a change by a form. Pages that write a sentence of their own record what they do themselves."""
        if not isinstance(message, str):
            self._record("change", obj, getattr(request, "audited_fields", ()))
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Model]) -> Any:  # noqa: ANN401 - as Django's
        rows = list(queryset)
        for row in rows:
            self._record("delete", row)
        return super().log_deletions(request, rows)  # type: ignore[arg-type]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:  # noqa: ANN401 - as Django's
        """Name what must stay, such as by a legal hold, as protected: then Django's pages delete nothing."""
        found, counts, missing, protected = super().get_deleted_objects(objs, request)
        reasons = [(row, refusal(row)) for row in objs for refusal in stored_data.refusals]
        return found, counts, missing, [*protected, *(f"{row}: {words}" for row, words in reasons if words)]

    def _record(self, verb: str, obj: Model, fields: Collection[str] = ()) -> None:
        kind = obj._meta.model_name or ""
        if kind not in KINDS and (kind, verb) not in BESIDES:
            return
        named = NAMED.get(kind, ()) if verb == "change" else ()
        action = next((name for name, some in named if some & set(fields)), f"{kind}.{verb}")
        record(action, kind, obj.pk, fields=fields)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:  # noqa: ANN401
        """Link from the object's history to its events, for people who may read the audit log."""
        kind = self.opts.model_name or ""
        context = dict(extra_context or {})
        if request.user.has_perm("audit.view_auditevent") and self._is_audited(kind):
            query = urlencode({"kind": kind, "object_id": object_id})
            context["audit_events"] = f"{reverse('admin:audit_auditevent_changelist')}?{query}"
        response = super().history_view(request, object_id, context)
        if isinstance(response, TemplateResponse):
            for entry in (response.context_data or {})["action_list"]:
                entry.change_message = _drawn(entry.change_message)
        return response

    def _is_audited(self, kind: str) -> bool:
        return any(action.startswith(f"{kind}.") for action in ACTIONS)


def _drawn(message: str) -> str:
    """Return an entry in the reader's language. Django does so itself with what its forms wrote, which is JSON."""
    if not message or message.startswith("["):
        return message
    words = from_text(message)
    return drawn(words) if isinstance(words, Sentence) else gettext(words)


def audited(admin_class: type[Any]) -> type[Any]:
    """Return the class of an admin page, as one whose acts are recorded."""
    return type(admin_class.__name__, (Audited, admin_class), {"__module__": admin_class.__module__})
