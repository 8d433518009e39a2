"""The admin site: its home begins with an overview, and with the first steps until they are done or skipped."""

from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from langai_site.admin_home import first_steps, overview
from langai_site.admin_home.audited import audited
from langai_site.admin_home.groups import grouped


class LangAIAdminSite(AdminSite):
    site_header = site_title = "LangAI"
    index_title = gettext_lazy("Admin")
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:  # noqa: ANN401 - as Django's
        super().register(model_or_iterable, audited(admin_class or ModelAdmin), **options)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the groups of lists; for the page of one app, the groups that have a list of it."""
        groups = grouped(super().get_app_list(request))
        if app_label is None:
            return groups
        return [group for group in groups if any(m["model"]._meta.app_label == app_label for m in group["models"])]

    def get_urls(self) -> list[URLPattern | URLResolver]:
        own: list[URLPattern | URLResolver] = [
            path("first-steps/", self.admin_view(self.first_steps), name="first_steps"),
            path("first-steps/skip/", self.admin_view(require_POST(self.skip_steps)), name="skip_first_steps"),
        ]
        return own + super().get_urls()

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        steps = first_steps.steps_for(request.user)
        context = {
            "overview": overview.lines_for(request.user),
            "steps": steps if first_steps.are_offered(request.user, steps) else [],
            "has_steps": bool(steps),
        }
        return super().index(request, context | (extra_context or {}))

    def first_steps(self, request: HttpRequest) -> HttpResponse:
        """Show the first steps, also when they are done or were skipped."""
        steps = first_steps.steps_for(request.user)
        context = {**self.each_context(request), "title": gettext("First steps"), "steps": steps}
        return TemplateResponse(request, "admin/first_steps_page.html", context)

    def skip_steps(self, request: HttpRequest) -> HttpResponse:
        first_steps.skip(request.user)
        return redirect("admin:index")
