"""Legal holds in admin: set, changed and lifted there, and never deleted."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from langai_site.accounts import holds
from langai_site.accounts.group_admin import editor_of
from langai_site.accounts.hold_models import LegalHold
from langai_site.errors import NotFoundError

SUBJECTS = ("person", "team", "collection")


class LegalHoldForm(forms.ModelForm[LegalHold]):
    conversation = forms.UUIDField(
        required=False,
        label=gettext_lazy("Conversation"),
        help_text=gettext_lazy("Its id. The hold is set on the person whose conversation it is."),
    )

    def clean_conversation(self) -> UUID | None:
        given: UUID | None = self.cleaned_data["conversation"]
        if given:
            try:
                owner = holds.owner_of_conversation[0](given)
            except NotFoundError as error:
                raise forms.ValidationError(error.message) from None
            if self.cleaned_data.get("person"):
                raise forms.ValidationError(_("Choose the person or a conversation, not both."))
            self.instance.person_id = owner
            # Otherwise the empty field of the form would be stored.
            self.cleaned_data["person"] = self.instance.person
        return given

    def clean_ends_at(self) -> Any:  # noqa: ANN401 - a time, or nothing
        ends_at = self.cleaned_data["ends_at"]
        if ends_at and ends_at <= timezone.now():
            raise forms.ValidationError(_("This time is over. Choose a later one, or lift the hold from the list."))
        return ends_at


@admin.register(LegalHold)
class LegalHoldAdmin(admin.ModelAdmin[LegalHold]):
    """What must not be removed. It shows nothing of what is kept."""

    form = LegalHoldForm
    list_display = ("reference", "covers", "created_at", "set_by", "state")
    list_select_related = SUBJECTS
    search_fields = ("reference", "reason")
    autocomplete_fields = ("person", "team")
    fields = (*SUBJECTS, "conversation", "reason", "reference", "contact", "ends_at")
    actions = ("lift",)

    def get_fields(self, request: HttpRequest, obj: LegalHold | None = None) -> Any:  # noqa: ANN401 - as Django's
        if obj is None:
            return self.fields
        return ("covers", "reason", "reference", "contact", "ends_at", "created_at", "set_by", "lifted_at")

    def get_readonly_fields(self, request: HttpRequest, obj: LegalHold | None = None) -> Any:  # noqa: ANN401 - as Django's
        return ("covers", "created_at", "set_by", "lifted_at") if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: LegalHold | None = None) -> bool:
        """Return whether it may be changed: one that is over stays as it is."""
        return super().has_change_permission(request, obj) and (obj is None or obj.is_active)

    def has_delete_permission(self, request: HttpRequest, obj: LegalHold | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: LegalHold, form: Any, change: bool) -> None:  # noqa: ANN401
        if change:
            super().save_model(request, obj, form, change)
        else:
            holds.set_hold(obj, editor_of(request))

    @admin.display(description=gettext_lazy("covers"))
    def covers(self, hold: LegalHold) -> str:
        found = next((getattr(hold, name) for name in SUBJECTS if getattr(hold, f"{name}_id")), None)
        return _("deleted meanwhile") if found is None else f"{found._meta.verbose_name}: {found}"

    @admin.display(description=gettext_lazy("state"))
    def state(self, hold: LegalHold) -> str:
        if hold.is_active:
            return _("in force")
        return _("lifted") if hold.lifted_at else _("ended")

    @admin.action(description=gettext_lazy("Lift the selected holds"), permissions=["change"])
    def lift(self, request: HttpRequest, queryset: QuerySet[LegalHold]) -> None:
        """End holds: what was deleted while they were in force goes for good within minutes."""
        count = sum(holds.lift(hold) for hold in queryset)
        text = ngettext("%(count)d hold lifted.", "%(count)d holds lifted.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)
