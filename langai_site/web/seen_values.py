"""Forms of admin pages that are refused if something changed while they were open: langai_site/stale_forms.py."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from django import forms
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.http import HttpRequest

from langai_site import stale_forms
from langai_site.stale_forms import CHANGED, SEEN

M = TypeVar("M", bound=Model)


class SeenValuesForm(forms.ModelForm[M]):
    """A form that is refused if one of its GUARDED fields changed in the database after its page was shown.

    Programs that send no `seen` are not refused. Its page must contain the field `seen`: `with_seen` adds it.
    """

    GUARDED: ClassVar[tuple[str, ...]] = ()

    seen = forms.CharField(label="", required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as Django's own
        super().__init__(*args, **kwargs)
        self.note_seen()

    def note_seen(self) -> None:
        """Have the page send what it shows; a form that sets more initial values calls it again."""
        if self.instance.pk:
            self.initial[SEEN] = stale_forms.written(self._present())

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        known = stale_forms.read(cleaned.pop(SEEN, ""))
        if self.instance.pk and known:
            self._refuse_changed(known, cleaned)
        return cleaned

    def _guarded(self) -> list[str]:
        return [name for name in self.GUARDED if name in self.fields]

    def _present(self) -> dict[str, str]:
        return {name: _plain(self.initial.get(name)) for name in self._guarded()}

    def _refuse_changed(self, known: Mapping[str, Any], cleaned: Mapping[str, Any]) -> None:
        """Refuse what changed meanwhile, unless the form says the same, and show what it is now."""
        self._lock()
        present = self._present()
        wanted = {name: _plain(cleaned[name]) for name in present if name in cleaned}
        changed = stale_forms.changed(known, present, wanted)
        for name in changed:
            self.add_error(name, CHANGED)
        if changed:
            self._show_present(changed, present)

    def _lock(self) -> None:
        """Read the guarded values again, and keep others from changing them until the transaction ends."""
        rows = type(self.instance)._base_manager.filter(pk=self.instance.pk)
        row = (rows.select_for_update() if connection.in_atomic_block else rows).first()
        if row is not None:
            self.initial.update(forms.model_to_dict(row, fields=self._guarded()))

    def _show_present(self, changed: list[str], present: Mapping[str, str]) -> None:
        data = self.data.copy()  # type: ignore[attr-defined]
        for name in changed:
            now = [value for value in present[name].split(",") if value]
            data.setlist(self.add_prefix(name), now)
        data[self.add_prefix(SEEN)] = stale_forms.written(present)
        self.data = data


class ListRowForm(forms.ModelForm[M]):
    """A row that can be changed in an admin's list: what the person did not touch stays as it is by now."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as Django's own
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            # The page sends what it showed, and Django compares with that. Programs may leave it out.
            field.show_hidden_initial = not self.is_bound or self.add_initial_prefix(name) in self.data

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        untouched = [name for name in self._meta.fields or () if name in cleaned and name not in self.changed_data]
        return cleaned | {name: getattr(self.instance, name) for name in untouched}


class SeenValuesAdmin(admin.ModelAdmin[M]):
    """An admin page whose form is a SeenValuesForm."""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ANN401 - Django's nested lists
        fieldsets = super().get_fieldsets(request, obj)
        return with_seen(fieldsets) if obj and self.has_change_permission(request, obj) else fieldsets


def with_seen(fieldsets: Any) -> Any:  # noqa: ANN401 - Django's nested lists
    """Return an admin page's fieldsets with the hidden field of its form in the first."""
    (title, first), *others = fieldsets
    return [(title, {**first, "fields": (*first["fields"], SEEN)}), *others]


def _plain(value: Any) -> str:  # noqa: ANN401 - of any field
    """Write a value of a form as a page sends it: one number, or several ids."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "on" if value else ""
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, int | str):
        return str(int(value)) if isinstance(value, int) else value
    return ",".join(sorted(map(_plain, value)))
