"""Assistants and prompts that people share: admins see whose they are, and withdraw one with a reason."""

from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.admin.metadata import MetadataAdmin
from chat.models import Assistant, Prompt
from langai_site.accounts.shared import Shared
from langai_site.accounts.sharing import words_of
from langai_site.audit.recording import record
from langai_site.sentences import sentence, to_text

S = TypeVar("S", bound=Shared)

# Entries of the history.
WITHDRAWN = sentence("history.withdrawn", "Withdrawn: %(why)s")
SHARED_AGAIN = sentence("history.shared_again", "Shared again")()

if TYPE_CHECKING:
    from django.contrib.admin.models import LogEntry


class SharedAdmin(MetadataAdmin[S]):
    """What is shared, without its text. With a reason it is withdrawn; without one again it is shared as before."""

    list_filter = ["everyone", ("withdrawn_at", admin.EmptyFieldListFilter)]
    list_select_related = ["owner"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401 - as Django's own
        return admin.ModelAdmin.has_change_permission(self, request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401 - as Django's own
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[S]:
        """Return what is shared: private things are their owners' alone."""
        shared: QuerySet[S] = self.model._default_manager.all().shared()  # type: ignore[attr-defined]
        return shared.prefetch_related("teams", "users", "editors").order_by(*self.get_ordering(request))

    def get_readonly_fields(self, request: HttpRequest, obj: S | None = None) -> list[str]:
        """Return all fields except the reason."""
        return [str(name) for name in self.get_fields(request, obj) if name != "withdrawn_why"]

    @admin.display(description=gettext_lazy("shared with"))
    def shared_with(self, thing: S) -> str:
        words = words_of(thing)
        return _("nobody") if words == _("only you") else words

    def save_model(self, request: HttpRequest, obj: S, form: ModelForm[S], change: bool) -> None:
        obj.withdrawn_at = (obj.withdrawn_at or timezone.now()) if obj.withdrawn_why else None
        obj.save(update_fields=["withdrawn_at", "withdrawn_why"])
        if form.has_changed():
            verb = "withdraw" if obj.withdrawn_why else "reinstate"
            record(f"{obj._meta.model_name}.{verb}", obj._meta.model_name or "", obj.pk)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> "LogEntry":  # noqa: ANN401 - as Django's own
        """Record the reason with the change."""
        words = WITHDRAWN(why=obj.withdrawn_why) if obj.withdrawn_why else SHARED_AGAIN
        return super().log_change(request, obj, to_text(words))


class AssistantAdmin(SharedAdmin[Assistant]):
    list_display = ["name", "owner", "shared_with", "version", "updated_at", "withdrawn_at"]
    search_fields = ["name", "owner__username"]
    fields = ["name", "purpose", "owner", "shared_with", "version", "updated_at", "withdrawn_at", "withdrawn_why"]


class PromptAdmin(SharedAdmin[Prompt]):
    list_display = ["title", "command", "owner", "shared_with", "updated_at", "withdrawn_at"]
    search_fields = ["command", "title", "owner__username"]
    fields = ["title", "command", "owner", "shared_with", "updated_at", "withdrawn_at", "withdrawn_why"]
