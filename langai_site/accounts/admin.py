from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from langai_site.accounts.forms import TeamForm
from langai_site.accounts.models import ApiKey, Invitation, Team, User


@admin.register(User)
class LangAIUserAdmin(UserAdmin):
    list_display = ("username", "email", "billing_team", "is_staff", "is_active", "last_login")
    list_filter = ("is_active", "is_staff", "teams")
    filter_horizontal = ("teams", "groups", "user_permissions")
    fieldsets = (*(UserAdmin.fieldsets or ()), ("Teams", {"fields": ("teams", "billing_team")}))


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    form = TeamForm
    list_display = ("name", "size")
    search_fields = ("name",)
    readonly_fields = ("people",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        return super().get_queryset(request).annotate(member_count=Count("members"))

    def get_fields(self, request: HttpRequest, obj: Team | None = None) -> tuple[str, ...]:
        may_change = self.has_change_permission(request, obj) if obj else True
        return ("name", "members" if may_change else "people")

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:  # noqa: ANN401
        super().save_related(request, form, formsets, change)
        form.instance.members.set(form.cleaned_data["members"])

    @admin.display(description="members", ordering="member_count")
    def size(self, team: Team) -> int:
        return getattr(team, "member_count", 0)

    @admin.display(description="members")
    def people(self, team: Team) -> str:
        """For who may look but not change."""
        return ", ".join(str(person) for person in team.members.order_by("username")) or "Nobody yet"


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin):
    list_display = ("__str__", "state", "invited_by", "created_at", "expires_at", "used_by")
    filter_horizontal = ("teams",)
    readonly_fields = ("state", "invited_by", "created_at", "expires_at", "used_at", "used_by")
    actions = ("renew_links",)

    def get_fields(self, request: HttpRequest, obj: Invitation | None = None) -> tuple[str, ...]:
        return ("email", "teams", *self.readonly_fields) if obj else ("email", "teams")

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        """A used invitation is history."""
        return super().has_change_permission(request, obj) and not (obj and obj.used_at)

    @admin.display
    def state(self, invitation: Invitation) -> str:
        if invitation.used_at:
            return "used"
        return "open" if invitation.expires_at > timezone.now() else "expired"

    def save_model(self, request: HttpRequest, obj: Invitation, form: ModelForm, change: bool) -> None:
        if change:
            return super().save_model(request, obj, form, change)
        obj.invited_by_id = request.user.pk
        token = obj.renew_token()
        super().save_model(request, obj, form, change)
        self._show_link(request, obj, token)

    @admin.action(description="Renew the links of the selected invitations", permissions=["change"])
    def renew_links(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """New links for those not used yet; the old ones stop working."""
        for invitation in queryset.filter(used_at=None):
            token = invitation.renew_token()
            # Conditional, so that a link used this very moment stays used.
            fields: dict[str, Any] = {"token_hash": invitation.token_hash, "expires_at": invitation.expires_at}
            if Invitation.objects.filter(pk=invitation.pk, used_at=None).update(**fields):
                self._show_link(request, invitation, token)

    def _show_link(self, request: HttpRequest, invitation: Invitation, token: str) -> None:
        link = request.build_absolute_uri(reverse("accounts:invitation", args=[token]))
        text = "Send this link to {}. It works once, until {}, and is not shown again: {}"
        until = timezone.localtime(invitation.expires_at).strftime("%d %B %Y")
        whom = invitation.email or "your teammate"
        self.message_user(
            request, format_html(text, whom, until, format_html("<code>{}</code>", link)), messages.WARNING
        )


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    """Everybody's keys, to be looked at and revoked: their people make them."""

    list_display = ("name", "user", "prefix", "scope_names", "state", "last_used_at", "expires_at")
    list_filter = ("revoked_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("name", "user__username", "prefix")
    exclude = ("key_hash", "scopes")
    readonly_fields = ("scope_names", "state")
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """The list offers the action; a key itself is not edited."""
        return obj is None and super().has_change_permission(request)

    @admin.action(description="Revoke the selected keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        count = queryset.filter(revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(request, f"{count} key{'' if count == 1 else 's'} revoked.")
