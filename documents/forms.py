from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from documents.extraction.registry import FORMATS
from langai_site.sensitivity import Sensitivity
from search.models import Collection


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Any number of files, not judged here: one bad file must not lose the others."""

    widget = ManyFilesInput(attrs={"accept": ",".join(FORMATS)})

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:  # noqa: ANN401
        files = [file for file in data or [] if file]
        if not files:
            raise forms.ValidationError("Choose one file or more.", code="required")
        return files


class UploadForm(forms.Form):
    collection = forms.ModelChoiceField(
        Collection.objects.all(), help_text="Who may read the collection may find the files."
    )
    sensitivity = forms.TypedChoiceField(
        choices=Sensitivity.choices,
        coerce=lambda value: Sensitivity(int(value)),
        initial=Sensitivity.PUBLIC,
        help_text="Counts where it is above the collection's.",
    )
    uploads = ManyFilesField(label="Files")
