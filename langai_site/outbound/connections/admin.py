from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext
from django.views.decorators.http import require_POST

from langai_site.audit.recording import record
from langai_site.local_model import PREFIX
from langai_site.outbound import admin_trials, catalogue, endpoints, keeping, listings
from langai_site.outbound.connections import addresses, choosing, listing, reading
from langai_site.outbound.connections.forms import ConnectionForm
from langai_site.outbound.connections.known import Known
from langai_site.outbound.connections.problems import ListingError, short_text
from langai_site.outbound.diagnosis import PROVIDERS
from langai_site.outbound.listings import OfferedModel
from langai_site.outbound.models import Connection, Model
from langai_site.web.seen_values import with_seen

Listed = list[OfferedModel] | ListingError


@dataclass(frozen=True)
class SettingsRow:
    """A connection from the environment, which the page shows but cannot change."""

    name: str
    settings: str
    address: str
    where: str
    state: str


@admin.register(Connection)
class ConnectionAdmin(admin.ModelAdmin[Connection]):
    """Servers that are asked for models, and the keys to them."""

    form = ConnectionForm
    list_display = ("name", "state", "where", "kind", "address_shown", "enabled")
    search_fields = ("name", "slug", "address")

    class Media:
        css = {"all": ["admin/models.css", "admin/connections.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        reading.renew()
        on = Model.objects.filter(provider=OuterRef("slug"), enabled=True).order_by().values("provider")
        return super().get_queryset(request).annotate(models_on=Subquery(on.annotate(many=Count("pk")).values("many")))

    def get_readonly_fields(self, request: HttpRequest, obj: Connection | None = None) -> tuple[str, ...]:
        """Let only superusers name variables: the variable's value is sent to the address in the form."""
        variable = () if request.user.is_superuser else ("key_variable",)
        return ("state", "where", *(("slug",) if obj else ()), *variable)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Connection | None = None) -> dict[str, Any]:
        return {} if obj else {"slug": ("name",)}

    def get_fieldsets(self, request: HttpRequest, obj: Connection | None = None) -> Any:  # noqa: ANN401 - Django's nested lists
        may_change = self.has_change_permission(request, obj) if obj else True
        found = _found(request)
        is_failing = isinstance(found, ListingError) and not found.problem.is_final
        key = ("key", *(("forget_key",) if obj and obj.sealed_key else ())) if may_change else ()
        fieldsets = [
            (None, {"fields": ("name", "slug", "kind", "provider", "address")}),
            (_("Key"), {"fields": (*key, "key_variable")}),
            (None, {"fields": ("enabled", *(("state", "where") if obj else ()))}),
            (_("Search"), {"fields": ("embedder", "embedder_ceiling"), "classes": ("collapse",)}),
            (_("Headers"), {"fields": ("extra_headers",), "classes": ("collapse",)}),
            *([(_("The server does not list its models"), {"fields": ("save_anyway",)})] if is_failing else []),
        ]
        return with_seen(fieldsets) if obj and may_change else fieldsets

    def get_form(self, request: HttpRequest, obj: Connection | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: ANN401
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        found = _found(request)
        form.problem = found.problem if isinstance(found, ListingError) else None
        form.may_name_variables = bool(request.user.is_superuser)
        return form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Ask the server before Django opens its transaction, so that no transaction waits for a network."""
        if request.method == "POST":
            request.connection_found = self._listed_by_form(request, object_id)  # type: ignore[attr-defined]
        response = super().changeform_view(request, object_id, form_url, extra_context)
        if connection := getattr(request, "connection_embeds", None):
            # The transaction is over, so its server may be waited for.
            self._try_embedder(request, connection)
        return response

    def _listed_by_form(self, request: HttpRequest, object_id: str | None) -> Listed | None:
        """Return what the server in the form lists, or its error; None if it is not asked."""
        found = self.get_object(request, unquote(object_id)) if object_id else None
        may = self.has_change_permission(request, found) if found else self.has_add_permission(request)
        if not may or (object_id and not found):
            return None
        form = self.get_form(request, found, change=found is not None)(request.POST, instance=found)
        if not form.is_valid() or not form.instance.enabled:
            return None
        return _ask(reading.of_row(form.instance))

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:  # noqa: ANN401 - our form, or the list's
        found = _found(request)
        if isinstance(found, ListingError):
            obj.problem = found.problem.short
        elif found is not None:
            obj.listed, obj.problem = listing.names(found), ""
        if obj.embedder and "embedder" in form.changed_data:
            Connection.objects.exclude(pk=obj.pk).exclude(embedder="").update(embedder="")
            request.connection_embeds = obj  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def _try_embedder(self, request: HttpRequest, connection: Connection) -> None:
        """Embed a word for the admin, and say what comes of it."""
        reading.read()
        result = admin_trials.embedded(connection, request.user)
        messages.add_message(request, messages.SUCCESS if result.ok else messages.ERROR, result.words)

    def response_add(self, request: HttpRequest, obj: Connection, post_url_continue: str | None = None) -> HttpResponse:
        return self._to_models(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Connection) -> HttpResponse:
        return self._to_models(request, obj) or super().response_change(request, obj)

    def _to_models(self, request: HttpRequest, obj: Connection) -> HttpResponse | None:
        """Redirect to the choice of models if the server lists any and none has been chosen; otherwise return None."""
        if not obj.listed or obj.problem or Model.objects.filter(provider=obj.slug).exists():
            return None
        text = _("“%(name)s” is connected and lists %(models)s. Switch on the ones you want.")
        words = text % {"name": obj.name, "models": _counted(len(obj.listed))}
        messages.success(request, words)
        return redirect("admin:outbound_connection_models", obj.pk)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(
            request, {"title": _("Connections"), "of_settings": [*_of_settings()], **(extra_context or {})}
        )

    @admin.display(description=gettext_lazy("State"))
    def state(self, connection: Connection) -> SafeString:
        one = reading.of_row(connection)
        words = short_text(one.key_problem or connection.problem)
        if not connection.enabled:
            words = _("switched off")
        if words:
            return format_html('<span class="model-state waits">{}</span>', words)
        on = getattr(connection, "models_on", None) or 0
        values = {"models": _counted(len(connection.listed)), "count": on}
        if one.embedder:
            words = _("%(models)s, %(count)s switched on, embeds for search")
        else:
            words = _("%(models)s, %(count)s switched on")
        return format_html('<span class="model-state">{}</span>', words % values)

    @admin.display(description=gettext_lazy("Runs"))
    def where(self, connection: Connection) -> str:
        return _("local") if endpoints.is_local(reading.of_row(connection).address) else _("hosted")

    @admin.display(description=gettext_lazy("Address"), ordering="address")
    def address_shown(self, connection: Connection) -> str:
        return reading.of_row(connection).address or _("as LiteLLM knows it")

    def get_urls(self) -> list[URLPattern]:
        def view(name: str, function: Any) -> URLPattern:  # noqa: ANN401
            view = self.admin_site.admin_view(function)
            pattern: URLPattern = path(f"<int:pk>/{name}/", view, name=f"outbound_connection_{name}")
            return pattern

        return [view("test", self.test), view("models", self.models), *super().get_urls()]

    def _get(self, request: HttpRequest, pk: int) -> Connection:
        connection = get_object_or_404(Connection, pk=pk)
        if not self.has_change_permission(request, connection):
            raise PermissionDenied
        return connection

    @method_decorator(require_POST)
    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for the list, and ask one model a short question, because some servers list to anybody."""
        connection = self._get(request, pk)
        if not connection.enabled:
            messages.error(request, _("“%(name)s” was not asked: it is switched off.") % {"name": connection.name})
            return redirect("admin:outbound_connection_change", pk)
        found = _ask(reading.of_row(connection))
        if isinstance(found, ListingError):
            keeping.note(connection.slug, (), found.problem.short)
            messages.error(request, found.problem.words)
        else:
            keeping.note(connection.slug, found, "")
            messages.success(
                request, _("“%(name)s” lists %(models)s.") % {"name": connection.name, "models": _counted(len(found))}
            )
        reading.renew()
        model = Model.objects.filter(provider=connection.slug, enabled=True).first()
        if model is not None:
            result = admin_trials.tried(model, request.user)
            messages.add_message(request, messages.SUCCESS if result.ok else messages.ERROR, result.words)
        if connection.embedder:
            self._try_embedder(request, connection)
        return redirect("admin:outbound_connection_change", pk)

    def models(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the choice of models and save it. A button asks the server again."""
        connection = self._get(request, pk)
        if not self.has_model_permission(request):
            raise PermissionDenied
        if request.method == "POST" and "ask" in request.POST:
            found = _ask(reading.of_row(connection))
            problem = found.problem if isinstance(found, ListingError) else None
            keeping.note(
                connection.slug, () if isinstance(found, ListingError) else found, problem.short if problem else ""
            )
            if problem:
                messages.error(request, problem.words)
            return redirect("admin:outbound_connection_models", pk)
        if request.method == "POST":
            on = choosing.choose(connection, request.POST.getlist("models"), request.POST.getlist("on"))
            record("connection.change", "connection", connection.pk, fields=["models"])
            self.log_change(request, connection, gettext_noop("Switched models on."))
            text = ngettext(
                "%(count)s model of “%(name)s” can be asked now.",
                "%(count)s models of “%(name)s” can be asked now.",
                on,
            )
            messages.success(request, text % {"count": intcomma(on), "name": connection.name})
            return redirect("admin:outbound_connection_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Models of %(name)s") % {"name": connection.name},
            "opts": self.opts,
            "connection": connection,
            "choices": choosing.choices(connection),
            "is_local": endpoints.is_local(reading.of_row(connection).address),
        }
        return TemplateResponse(request, "admin/outbound/connection/models.html", context)

    def has_model_permission(self, request: HttpRequest) -> bool:
        """Return whether this admin may also switch models on."""
        return request.user.has_perms(["outbound.add_model", "outbound.change_model"])


def _found(request: HttpRequest) -> Listed | None:
    return cast("Listed | None", getattr(request, "connection_found", None))


def _ask(connection: Known) -> Listed:
    try:
        return async_to_sync(listing.offers)(connection)
    except ListingError as error:
        return error


def _counted(many: int) -> str:
    return ngettext("%(count)s model", "%(count)s models", many) % {"count": intcomma(many)}


def _of_settings() -> Iterator[SettingsRow]:
    """Yield the connections that environment variables define."""
    on = dict(
        Model.objects.filter(enabled=True, available=True).order_by().values_list("provider").annotate(Count("pk"))
    )
    for provider in listings.of_settings():
        name, variables = PROVIDERS[provider]
        url = endpoints.endpoint_of(f"{provider}/").url
        problem = catalogue.problem_of(provider)
        models = _("%(models)s switched on") % {"models": _counted(on.get(provider, 0))}
        state = _("does not answer") if problem else models
        where = _("local") if endpoints.is_local(url) else _("hosted")
        yield SettingsRow(name, variables, addresses.shown(url), where, state)
    if problem := settings.LOCAL_MODEL_SERVER.problem:
        name, variables = PROVIDERS[PREFIX]
        yield SettingsRow(name, variables, "", "local", problem)
