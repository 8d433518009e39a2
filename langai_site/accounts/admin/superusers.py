"""Pages for superusers alone: who comes in, what they may do, and what they have to accept."""

from typing import Any, TypeVar

from allauth.socialaccount.admin import SocialApp
from django.contrib import admin, messages
from django.db.models import Count, Model, QuerySet
from django.forms import ModelForm, Script
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from langai_site.accounts import terms
from langai_site.accounts.group_admin import editor_of
from langai_site.accounts.models import GroupMapping, ScimDirectory, TermsOfUse
from langai_site.accounts.provider_form import ProviderForm
from langai_site.accounts.scim import tokens as scim_tokens
from langai_site.audit.recording import record

M = TypeVar("M", bound=Model)


class ForSuperusers(admin.ModelAdmin[M]):
    """Rows that decide who comes in and what they may do: only superusers change them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return editor_of(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return editor_of(request).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return editor_of(request).is_superuser


@admin.register(GroupMapping)
class GroupMappingAdmin(ForSuperusers[GroupMapping]):
    """Which groups of an identity provider are which teams."""

    list_display = ("provider", "group", "team")
    list_filter = ("provider",)
    list_select_related = ("team",)


@admin.register(SocialApp)
class ProviderAdmin(ForSuperusers[SocialApp]):
    """Identity providers, besides the one of the environment."""

    form = ProviderForm
    list_display = ("name", "provider_id", "server")
    fields = (
        *("name", "provider_id", "server_url", "client_id", "secret"),
        *("groups_claim", "sign_up", "link_by_email", "callback"),
    )
    readonly_fields = ("callback",)

    @admin.display(description=gettext_lazy("address"))
    def server(self, app: SocialApp) -> str:
        return str(app.settings.get("server_url", ""))

    @admin.display(description=gettext_lazy("Redirect address"))
    def callback(self, app: SocialApp) -> str:
        """Return the path that the provider must allow, below the address of this LangAI."""
        return reverse("openid_connect_callback", args=[app.provider_id]) if app.provider_id else _("Save first.")


@admin.register(ScimDirectory)
class ScimDirectoryAdmin(ForSuperusers[ScimDirectory]):
    """Directories that create accounts and fill teams by SCIM. Deleting one ends its token; accounts and teams stay."""

    list_display = ("name", "prefix", "people", "last_used_at")
    fields = ("name", "address", "prefix", "created_at", "last_used_at")
    readonly_fields = ("address", "prefix", "created_at", "last_used_at")
    actions = ("renew_tokens",)

    class Media:
        js = [Script("admin/copying.js", type="module")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScimDirectory]:
        return super().get_queryset(request).annotate(count=Count("people"))

    @admin.display(description=gettext_lazy("people"), ordering="count")
    def people(self, directory: ScimDirectory) -> int:
        return getattr(directory, "count", 0)

    @admin.display(description=gettext_lazy("address"))
    def address(self, _directory: ScimDirectory) -> str:
        """Return the path that the directory is given, below the address of this LangAI."""
        return format_html("<code>{}</code>", "/scim/v2")

    def save_model(self, request: HttpRequest, obj: ScimDirectory, form: Any, change: bool) -> None:  # noqa: ANN401
        token = "" if change else scim_tokens.renew(obj)
        super().save_model(request, obj, form, change)
        if token:
            self._show_token(request, obj, token)

    @admin.action(description=gettext_lazy("Renew the tokens of the selected directories"), permissions=["change"])
    def renew_tokens(self, request: HttpRequest, queryset: QuerySet[ScimDirectory]) -> None:
        """Make new tokens; the old ones stop working."""
        for directory in queryset:
            token = scim_tokens.renew(directory)
            directory.save(update_fields=["token_hash", "prefix"])
            record("scimdirectory.change", "scimdirectory", directory.pk, fields=["token"])
            self._show_token(request, directory, token)

    def _show_token(self, request: HttpRequest, directory: ScimDirectory, token: str) -> None:
        text = _("The token of {}, which is not shown again: {}")
        shown = format_html("<code data-copy>{}</code>", token)
        self.message_user(request, format_html(text, directory.name, shown), messages.WARNING)


@admin.register(TermsOfUse)
class TermsOfUseAdmin(ForSuperusers[TermsOfUse]):
    """Versions of the terms. Adding one publishes it: everybody has to accept it before they go on."""

    list_display = ("__str__", "created_at", "withdrawn_at", "accepted")
    fields = ("text", "created_at", "withdrawn_at")
    readonly_fields = ("created_at", "withdrawn_at")
    actions = ("withdraw",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TermsOfUse]:
        return super().get_queryset(request).annotate(count=Count("acceptances"))

    @admin.display(description=gettext_lazy("accepted by"), ordering="count")
    def accepted(self, version: TermsOfUse) -> int:
        return getattr(version, "count", 0)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the list may offer its action; a version that people accepted does not change."""
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return editor_of(request).is_superuser

    def save_model(self, request: HttpRequest, obj: TermsOfUse, form: ModelForm[TermsOfUse], change: bool) -> None:
        super().save_model(request, obj, form, change)
        record("terms.publish", "termsofuse", obj.pk)
        terms.refresh()

    @admin.action(description=gettext_lazy("Withdraw the selected versions"), permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[TermsOfUse]) -> None:
        """Take versions out of force; the newest of the others counts again, if there is one."""
        count = 0
        for version in queryset:
            if terms.withdraw(version):
                record("terms.withdraw", "termsofuse", version.pk)
                count += 1
        text = ngettext("%(count)d version withdrawn.", "%(count)d versions withdrawn.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)
