"""Lets base classes of Django be written with their model, as in `ModelAdmin[Team]`, which type checkers require.

Django allows this for query sets and managers, but not for these. `langai_site.apps` imports this module before any
app's admin or forms are loaded.
"""

from typing import Any

from django.contrib.admin.options import BaseModelAdmin
from django.db.models import TextField
from django.forms.models import BaseModelForm, ModelChoiceField


def _itself(cls: type, _argument: object) -> type:
    return cls


_BASES: tuple[Any, ...] = (BaseModelAdmin, BaseModelForm, ModelChoiceField, TextField)
for _base in _BASES:
    _base.__class_getitem__ = classmethod(_itself)
