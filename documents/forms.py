from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import MaxLengthValidator
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents.extraction.registry import accepted
from documents.models import Document, Version
from documents.wording import encodings
from langai_site.accounts.models import User
from langai_site.sensitivity import Sensitivity
from search.access import managers_of, nobody_reads
from search.models import Collection
from search.raising import RaiseQuotingForm
from search.services.label_rises import RelabelTarget

# Each language slows text recognition down, and their names are stored in one field.
MOST_LANGUAGES = 8
TOO_LONG_NAMES = gettext_lazy("The names of these languages are too long together. Choose fewer.")
NEVER_LOWER = gettext_lazy("A document can be labelled above its collection, never below it.")


class CollectionChoice(forms.ModelChoiceField[Collection]):
    def label_from_instance(self, obj: Any) -> str:  # noqa: ANN401
        names = {"collection": str(obj), "label": Sensitivity(obj.sensitivity).in_text}
        if getattr(obj, "is_unread", False):
            return _("%(collection)s (%(label)s) · nobody can find these documents yet") % names
        return f"{names['collection']} ({names['label']})"


def label_choices() -> list[tuple[int, str]]:
    """Return the labels of a document itself, in the language of the page; the lowest is that of its collection."""
    raised = [(label.value, _("At least %(label)s") % {"label": label.in_text}) for label in Sensitivity if label]
    return [(Sensitivity.PUBLIC.value, _("The label of its collection")), *raised]


class RaisedLabel(forms.TypedChoiceField):
    """The label of a document itself; the lowest choice means that it has none."""

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Label"),
            choices=label_choices,
            coerce=lambda value: Sensitivity(int(value)),
            initial=Sensitivity.PUBLIC.value,
            help_text=NEVER_LOWER,
        )


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Any number of files, not validated here: one bad file must not reject the others."""

    widget = ManyFilesInput(attrs={"accept": accepted()})

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[bytes]]":  # noqa: ANN401
        files = [file for file in data or [] if file]
        if not files:
            raise forms.ValidationError(_("Choose one file or more."), code="required")
        return files


class UploadForm(forms.Form):
    """New documents for one of the collections that the person manages."""

    collection = CollectionChoice(
        Collection.objects.none(),
        label=gettext_lazy("Collection"),
        help_text=gettext_lazy("Everyone who may read the collection can find the files and download them."),
    )
    sensitivity = RaisedLabel()
    uploads = ManyFilesField(label=gettext_lazy("Files"))

    def __init__(self, collections: QuerySet[Collection], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        shown = collections.annotate(is_unread=ExpressionWrapper(nobody_reads(), BooleanField()))
        self.fields["collection"].queryset = shown  # type: ignore[attr-defined]


class ReplaceForm(forms.Form):
    """A document's next version. The service validates the file."""

    upload = forms.FileField(
        label=gettext_lazy("New file"), allow_empty_file=True, widget=forms.FileInput(attrs={"accept": accepted()})
    )


class ReadAgainForm(forms.Form):
    """How a document's file is to be read; only the settings that matter for its format are asked for."""

    encoding = forms.ChoiceField(
        label=gettext_lazy("Encoding"),
        required=False,
        choices=lambda: [("", _("Recognise it")), *encodings()],
        help_text=gettext_lazy("Choose one if letters are wrong in the passages."),
    )
    ocr_languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages of its pictures"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "The languages of the text in pictures and scanned pages; without a choice, those of OCR_LANGUAGES."
        ),
    )

    def __init__(self, *args: Any, encodings: bool, languages: Sequence[str], **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.fields["ocr_languages"].choices = [(name, name) for name in languages]  # type: ignore[attr-defined]
        self.fields["ocr_languages"].validators.append(MaxLengthValidator(MOST_LANGUAGES))
        if not encodings:
            del self.fields["encoding"]
        if not languages:
            del self.fields["ocr_languages"]

    def clean_ocr_languages(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["ocr_languages"]
        if len("+".join(chosen)) > (Version._meta.get_field("ocr_languages").max_length or 0):
            raise forms.ValidationError(TOO_LONG_NAMES, code="too_long")
        return chosen


class DocumentForm(RaiseQuotingForm[Document]):
    """The fields of a document that a person may change."""

    def labelled(self) -> RelabelTarget:
        return RelabelTarget(document=self.instance.pk)

    sensitivity = RaisedLabel()

    class Meta:
        model = Document
        fields = ("title", "sensitivity", "owner", "review_by")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as Django's own
        super().__init__(*args, **kwargs)
        if "owner" in self.fields:
            people = managers_of(self.instance.collection_id)
            # Somebody may have stopped owning the collection since; they stay until another is chosen.
            stays = Q(pk=self.instance.owner_id) if self.instance.owner_id else Q()
            shown = User.objects.filter(Q(pk__in=people.values("pk")) | stays)
            self.fields["owner"].queryset = shown.order_by("username")  # type: ignore[attr-defined]
