"""Groups in admin: who may change them, and the names of roles and rights, which Django stores in English."""

from typing import Any, TypeVar

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langai_site.accounts import rights, roles
from langai_site.accounts.models import User

# Groups give rights, so Django's admin for them is replaced below.
admin.site.unregister(Group)

M = TypeVar("M", bound=Model)


def editor_of(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


class NamesRights(admin.ModelAdmin[M]):
    """Offers groups and permissions by the names that pages call them."""

    @admin.display(description=gettext_lazy("name"), ordering="name")
    def role_name(self, group: Group) -> str:
        return roles.name_of(group.name)

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:  # noqa: ANN401 - as Django's own
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and field.queryset.model in (Group, Permission):
            field.label_from_instance = _label_of
        return field


def _label_of(row: Group | Permission) -> str:
    if isinstance(row, Group):
        return roles.name_of(row.name)
    return f"{row.content_type.app_label} | {roles.right_of(row)}"


@admin.register(Group)
class OwnGroupAdmin(NamesRights[Group], GroupAdmin):
    """Groups give rights: only superusers may change them."""

    list_display = ("role_name",)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.who_may)
        return [path("who-may/", page, name="auth_group_who_may"), *super().get_urls()]

    def who_may(self, request: HttpRequest) -> HttpResponse:
        """Show who may do what in admin, and through which group."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Who may do what"),
            "roles": roles.roles_shown(),
            "holders": roles.holders(),
        }
        return TemplateResponse(request, "admin/auth/group/who_may.html", context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return editor_of(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return editor_of(request).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return editor_of(request).is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Return whether the person sees groups: anybody with one of Django's permissions for them still does."""
        return any(request.user.has_perm(f"auth.{action}_group") for action in ("view", "change"))

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401
        if request.method == "POST" and not editor_of(request).is_superuser:
            raise rights.superusers_only(_("Groups give rights, so only superusers make and change them."))
        return super().changeform_view(request, *args, **kwargs)
