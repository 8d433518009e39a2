"""Pages of people, teams, invitations and API keys."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from allauth.account.admin import EmailAddress
from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.db import transaction
from django.db.models import Count, Model, QuerySet
from django.forms import ModelForm, Script
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from langai_site.accounts import browser_sessions, invitation_mail, keys, rights, second_factor
from langai_site.accounts.forms import InvitationForm, PersonForm, TeamForm
from langai_site.accounts.group_admin import NamesRights, editor_of
from langai_site.accounts.models import ApiKey, Invitation, Team, User
from langai_site.audit.recording import record
from langai_site.web.seen_values import SeenValuesAdmin

# Addresses are edited with the accounts; factors are secrets.
admin.site.unregister((EmailAddress, Authenticator, SocialApp, SocialAccount, SocialToken))

M = TypeVar("M", bound=Model)


def _link(request: HttpRequest, token: str) -> str:
    return request.build_absolute_uri(reverse("accounts:invitation", args=[token]))


class KnowsEditor(SeenValuesAdmin[M]):
    """Sets `editor`, the person who fills in the form, on its form: an `Editing`."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: ANN401
        form = super().get_form(request, obj, change=change, **kwargs)
        form.editor = editor_of(request)  # type: ignore[attr-defined]
        return form


@admin.register(User)
class LangAIUserAdmin(KnowsEditor[User], NamesRights[User], UserAdmin[User]):
    """Staff who are not superusers edit only accounts that have no more rights than theirs, and give none."""

    form = PersonForm
    list_display = ("username", "email", "billing_team", "is_staff", "is_active", "last_login")
    list_filter = ("is_active", "is_staff", "second_factor_due", "teams")
    actions = ("sign_out", "reset_second_factor")
    filter_horizontal = ("teams", "groups", "user_permissions")
    fieldsets = (*(UserAdmin.fieldsets or ()), (gettext_lazy("Teams"), {"fields": ("teams", "billing_team")}))

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:  # noqa: ANN401
        """Make these fields read-only: the form then does not contain them, so values sent for them are ignored."""
        own = super().get_readonly_fields(request, obj)
        return own if editor_of(request).is_superuser else (*own, *rights.FIELDS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or rights.may_edit(editor_of(request), obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or rights.may_edit(editor_of(request), obj))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401
        self._refuse(request, object_id, rights.may_edit, _("This account has rights that you do not have."))
        return super().change_view(request, object_id, *args, **kwargs)

    def delete_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401
        self._refuse(request, object_id, rights.may_edit, _("This account has rights that you do not have."))
        return super().delete_view(request, object_id, *args, **kwargs)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:  # noqa: ANN401 - as Django's
        """Ask for the right to delete these people, and for none to what goes with them.

        Nobody deletes some of that by itself here. People with more rights than the editor stay out of reach, also
        when many are deleted at once.
        """
        found, counts, missing, protected = super().get_deleted_objects(objs, request)
        return found, counts, missing & {self.opts.verbose_name}, protected

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        what = _("With its password you could do and read more than you may yourself.")
        self._refuse(request, id, rights.may_set_password, what, looking=True)
        return super().user_change_password(request, id, form_url)

    @admin.action(description=gettext_lazy("Sign the selected people out everywhere"), permissions=["change"])
    def sign_out(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """End sessions, sockets and tokens; API keys stay, because programs would stop."""
        people = self._allowed(request, queryset, rights.may_edit)
        for person in people:
            browser_sessions.end_all(person)
        if people:
            self.message_user(request, _("Signed out everywhere: %(names)s.") % {"names": _usernames(people)})

    @admin.action(description=gettext_lazy("Remove the second factors of the selected people"), permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For people who lost their phone or key: a password alone opens the account then, so sessions end as well."""
        people = self._allowed(request, queryset, rights.may_set_password)
        for person in people:
            second_factor.reset(person)
        if people:
            text = _("These accounts now open with their password alone: %(names)s.")
            self.message_user(request, text % {"names": _usernames(people)}, messages.WARNING)

    def _allowed(
        self, request: HttpRequest, queryset: QuerySet[User], allowed: Callable[[User, User], bool]
    ) -> list[User]:
        """Return the people whom the editor may do this to; say whom they may not."""
        people = list(queryset)
        for person in people:
            if not allowed(editor_of(request), person):
                text = _("%(name)s has rights that you do not have.") % {"name": person.username}
                self.message_user(request, text, messages.ERROR)
        return [person for person in people if allowed(editor_of(request), person)]

    def _refuse(
        self,
        request: HttpRequest,
        object_id: str,
        allowed: Callable[[User, User], bool],
        what: str,
        looking: bool = False,
    ) -> None:
        """Raise ForbiddenError, saying why nothing is changed and whom to ask; with `looking`, for a GET as well."""
        person = self.get_object(request, unquote(object_id))
        if person and (looking or request.method == "POST") and not allowed(editor_of(request), person):
            raise rights.superusers_only(what)


def _usernames(people: Iterable[User]) -> str:
    return ", ".join(person.username for person in people)


@admin.register(Team)
class TeamAdmin(KnowsEditor[Team]):
    form = TeamForm
    list_display = ("name", "size", "second_factor_required")
    search_fields = ("name",)
    readonly_fields = ("people",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        return super().get_queryset(request).annotate(member_count=Count("members"))

    def get_fields(self, request: HttpRequest, obj: Team | None = None) -> tuple[str, ...]:
        may_change = self.has_change_permission(request, obj) if obj else True
        return ("name", "second_factor_required", "members" if may_change else "people")

    def save_related(self, request: HttpRequest, form: ModelForm[Team], formsets: Any, change: bool) -> None:  # noqa: ANN401
        super().save_related(request, form, formsets, change)
        form.instance.members.set(form.cleaned_data["members"])

    @admin.display(description=gettext_lazy("members"), ordering="member_count")
    def size(self, team: Team) -> int:
        return getattr(team, "member_count", 0)

    @admin.display(description=gettext_lazy("members"))
    def people(self, team: Team) -> str:
        """Return the members' names for people who may look but not change."""
        return ", ".join(str(person) for person in team.members.order_by("username")) or _("Nobody yet")


@admin.register(Invitation)
class InvitationAdmin(KnowsEditor[Invitation]):
    form = InvitationForm
    list_display = ("__str__", "state", "invited_by", "created_at", "expires_at", "used_by")
    filter_horizontal = ("teams",)
    readonly_fields = ("state", "invited_by", "created_at", "expires_at", "used_at", "used_by")
    actions = ("renew_links",)

    class Media:
        js = [Script("admin/copying.js", type="module")]

    def get_fields(self, request: HttpRequest, obj: Invitation | None = None) -> tuple[str, ...]:
        if obj:
            return ("email", "teams", *self.readonly_fields)
        return ("email", *(("send_mail",) if invitation_mail.is_set_up() else ()), "teams")

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        """Return whether the invitation may be changed.

        A used invitation is history. An invitation into teams to which the person may not add people is not theirs to
        send.
        """
        may = super().has_change_permission(request, obj)
        return may and (obj is None or not (obj.used_at or self._closed(request, obj)))

    def _closed(self, request: HttpRequest, invitation: Invitation) -> Mapping[Team, rights.UnmanagedAccess]:
        return rights.closed_teams(editor_of(request), invitation.teams.all())

    @admin.display(description=gettext_lazy("state"))
    def state(self, invitation: Invitation) -> str:
        if invitation.used_at:
            return pgettext("invitation", "used")
        over = invitation.expires_at <= timezone.now()
        return pgettext("invitation", "expired") if over else pgettext("invitation", "open")

    def save_model(self, request: HttpRequest, obj: Invitation, form: ModelForm[Invitation], change: bool) -> None:
        if change:
            return super().save_model(request, obj, form, change)
        obj.invited_by_id = request.user.pk
        token = obj.renew_token()
        super().save_model(request, obj, form, change)
        self._show_link(request, obj, token)
        if obj.email and form.cleaned_data.get("send_mail"):
            # After the transaction, which must not wait for a mail server.
            transaction.on_commit(partial(self._mail, request, obj, token))

    def _mail(self, request: HttpRequest, invitation: Invitation, token: str) -> None:
        if invitation_mail.send(invitation, _link(request, token)):
            text, level = _("The link is on its way to %(address)s."), messages.SUCCESS
        else:
            text = _("The mail server did not take the message to %(address)s. Pass the link on yourself.")
            level = messages.ERROR
        self.message_user(request, text % {"address": invitation.email}, level)

    @admin.action(description=gettext_lazy("Renew the links of the selected invitations"), permissions=["change"])
    def renew_links(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """Make new links for invitations that are not used yet; the old links stop working."""
        for invitation in queryset.filter(used_at=None):
            if closed := self._closed(request, invitation):
                self.message_user(request, f"{invitation}: {rights.refused_teams(closed)}", messages.ERROR)
                continue
            token = invitation.renew_token()
            # Conditional, so that a link that is used at this moment stays used.
            fields: dict[str, Any] = {"token_hash": invitation.token_hash, "expires_at": invitation.expires_at}
            if Invitation.objects.filter(pk=invitation.pk, used_at=None).update(**fields):
                record("invitation.renew", "invitation", invitation.pk)
                self._show_link(request, invitation, token)

    def _show_link(self, request: HttpRequest, invitation: Invitation, token: str) -> None:
        text = _("Send this link to {}. It works once, until {}, and is not shown again: {}")
        until = date_format(timezone.localtime(invitation.expires_at), _("d F Y"))
        link = format_html("<code data-copy>{}</code>", _link(request, token))
        whom = invitation.email or _("your teammate")
        self.message_user(request, format_html(text, whom, until, link), messages.WARNING)


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin[ApiKey]):
    """Everybody's keys, to view and revoke; people make their keys themselves."""

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
        """Return whether the list may offer its action; a single key cannot be edited."""
        return obj is None and super().has_change_permission(request)

    @admin.action(description=gettext_lazy("Revoke the selected keys"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        count = keys.revoke_all(queryset)
        text = ngettext("%(count)d key revoked.", "%(count)d keys revoked.", count)
        self.message_user(request, text % {"count": count})
