from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import transaction
from django.db.models import BooleanField, Count, ExpressionWrapper, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import ModelForm, Script
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langai_site.accounts.models import User
from langai_site.sensitivity import Sensitivity
from langai_site.web.seen_values import with_seen
from search.access import UNREAD, administered_collections, nobody_reads, unread_collections
from search.admin_forms import CheckList, CollectionForm
from search.models import Collection, Passage, Source
from search.raising import outcome
from search.services.label_rises import RelabelTarget, raise_quoting
from search.upkeep.progress import progress_of

# At runtime Django's class takes no type parameter; only the type checker needs it.
if TYPE_CHECKING:
    CollectionModelAdmin = admin.ModelAdmin[Collection]
else:
    CollectionModelAdmin = admin.ModelAdmin

NAMES_SHOWN = 3


class ReadersFilter(admin.SimpleListFilter):
    """Collections that everyone may read, that some may, and that nobody may."""

    title = gettext_lazy("who may read it")
    parameter_name = "readers"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - as Django's
        return [
            ("everyone", _("Everyone signed in")),
            ("some", _("Teams, people or owners")),
            ("nobody", _("Nobody yet")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Collection]) -> QuerySet[Collection]:
        if self.value() == "everyone":
            return queryset.filter(everyone=True)
        if self.value() == "some":
            return queryset.filter(~nobody_reads(), everyone=False)
        return unread_collections(queryset) if self.value() == "nobody" else queryset


@admin.register(Collection)
class CollectionAdmin(CollectionModelAdmin):
    """Superusers manage every collection, other staff the ones they own. That alone does not let them read it."""

    form = CollectionForm
    list_display = ("name", "sensitivity", "readers", "ask", "documents_in_search", "passages", "created_at")
    list_filter = ("sensitivity", ReadersFilter)
    search_fields = ("name", "description")
    readonly_fields = ("documents", "documents_in_search", "passages", "search_index", "created_at")
    fieldsets = (
        (None, {"fields": ("name", "description", "sensitivity")}),
        (
            gettext_lazy("Who may read it"),
            {
                "fields": ("readers", "teams", "users"),
                "classes": ("readers-question",),
                "description": gettext_lazy(
                    "Applies from the next question on. Admins, too, find only what they may read here."
                ),
            },
        ),
        (gettext_lazy("Who looks after it"), {"fields": ("owners",)}),
        (
            gettext_lazy("Contents"),
            {"fields": ("documents", "documents_in_search", "passages", "search_index", "created_at")},
        ),
    )

    class Media:
        css = {"all": ["admin/collections.css"]}
        js = [Script("admin/collections.js", type="module")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Collection]:
        live = Source.objects.live().filter(collection=OuterRef("pk"))
        passages = Passage.objects.live().filter(source__collection=OuterRef("pk"))
        managed = administered_collections(request.user).values("pk")
        return (
            super()
            .get_queryset(request)
            .filter(pk__in=managed)
            .annotate(is_unread=ExpressionWrapper(nobody_reads(), BooleanField()))
            .annotate(document_count=_count(live, "collection"), passage_count=_count(passages, "source__collection"))
            .prefetch_related("teams", "users", "owners")
        )

    def _manages(self, request: HttpRequest, collection: Collection | None) -> bool:
        managed = administered_collections(request.user)
        return (managed.filter(pk=collection.pk) if collection else managed).exists()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._manages(request, None) or self.has_add_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Collection | None = None) -> bool:
        return self._manages(request, obj) or (obj is None and self.has_add_permission(request))

    def has_change_permission(self, request: HttpRequest, obj: Collection | None = None) -> bool:
        return self.has_view_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Collection | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._manages(request, obj)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:  # noqa: ANN401 - as Django's
        """List people by name, as boxes that can be ticked; Django's help text is about another kind of list."""
        field = super().formfield_for_manytomany(db_field, request, widget=CheckList(), **kwargs)
        if field is not None and field.queryset is not None and db_field.name in ("users", "owners"):
            field.queryset = field.queryset.order_by("username")
        return field

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:  # noqa: ANN401 - as Django's
        """Offer no button that adds teams or people: it would put them into another kind of list."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def get_fieldsets(self, request: HttpRequest, obj: Collection | None = None) -> Any:  # noqa: ANN401 - as Django's
        """Leave the offer to raise conversations out of the form of a new collection: nothing quotes it yet."""
        named, *others = super().get_fieldsets(request, obj)
        if obj is None or not self.has_change_permission(request, obj):
            return [named, *others]
        return with_seen([(named[0], {"fields": (*named[1]["fields"], "raise_quoting")}), *others])

    def save_model(self, request: HttpRequest, obj: Collection, form: ModelForm[Collection], change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if change and obj.sensitivity > form.initial["sensitivity"]:
                self._raise_quoting(request, obj, asked_for=form.cleaned_data["raise_quoting"])
        if change and obj.sensitivity < form.initial["sensitivity"]:
            text = _(
                "The label of “%(name)s” was lowered: every model that may see %(label)s text may now see its "
                "documents."
            )
            messages.warning(request, text % {"name": obj, "label": Sensitivity(obj.sensitivity).in_text})

    def _raise_quoting(self, request: HttpRequest, collection: Collection, *, asked_for: bool) -> None:
        if asked_for:
            raise_quoting(RelabelTarget(collection=collection.pk), by=request.user.get_username())
        self.log_change(request, collection, outcome(asked_for=asked_for))

    def save_related(self, request: HttpRequest, form: ModelForm[Collection], formsets: Any, change: bool) -> None:  # noqa: ANN401
        """Make the person who creates a collection one of its owners, so that it is not lost to everybody.

        A superuser's program that sends no answer names the owners itself.
        """
        super().save_related(request, form, formsets, change)
        if not change and (form.cleaned_data.get("readers") or not getattr(request.user, "is_superuser", False)):
            assert isinstance(request.user, User)
            form.instance.owners.add(request.user)

    @admin.display(description=gettext_lazy("who may read it"))
    def readers(self, collection: Collection) -> SafeString | str:
        if collection.everyone:
            return _("Everyone signed in")
        if getattr(collection, "is_unread", False):
            return format_html('<span class="unread">{}</span>', UNREAD)
        return _names(collection.teams.all(), collection.users.all()) or _("Only its owners")

    @admin.display(description=gettext_lazy("owners"))
    def ask(self, collection: Collection) -> str:
        return _names(collection.owners.all()) or "-"

    @admin.display(description=gettext_lazy("documents"))
    def documents(self, collection: Collection) -> SafeString | str:
        """Return links to the collection's documents.

        They belong to another app, so only the names of its pages are used.
        """
        if collection.pk is None:
            return _("Save the collection first; then upload documents into it.")
        listed, added = (reverse(f"admin:documents_document_{page}") for page in ("changelist", "add"))
        return format_html(
            '<a href="{}?collection__id__exact={}">{}</a> · <a href="{}?collection={}">{}</a>',
            *(listed, collection.pk, _("All documents"), added, collection.pk, _("Upload documents")),
        )

    @admin.display(description=gettext_lazy("documents in search"), ordering="document_count")
    def documents_in_search(self, collection: Collection) -> int:
        return getattr(collection, "document_count", 0)

    @admin.display(description=gettext_lazy("passages"), ordering="passage_count")
    def passages(self, collection: Collection) -> int:
        return getattr(collection, "passage_count", 0)

    @admin.display(description=gettext_lazy("index for search by meaning"))
    def search_index(self, collection: Collection) -> str:
        return "-" if collection.pk is None else str(progress_of(collection))


def _names(*named: QuerySet[Any]) -> str:
    names = [str(each) for some in named for each in some]
    shown = ", ".join(names[:NAMES_SHOWN])
    if not names[NAMES_SHOWN:]:
        return shown
    return _("%(names)s and %(count)s more") % {"names": shown, "count": len(names) - NAMES_SHOWN}


def _count(rows: QuerySet[Any], by: str) -> Coalesce:
    return Coalesce(Subquery(rows.order_by().values(by).annotate(n=Count("pk")).values("n")), 0)
