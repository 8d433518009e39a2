"""Forms for documents: what a person may choose."""

from documents.forms import ReadAgainForm

SCRIPTS = [f"script/Language{number:02}" for number in range(8)]


def test_languages_whose_names_do_not_fit_their_field_are_refused_with_a_reason():
    form = ReadAgainForm({"ocr_languages": SCRIPTS}, encodings=True, languages=SCRIPTS)
    assert form.errors["ocr_languages"] == ["The names of these languages are too long together. Choose fewer."]
    assert ReadAgainForm({"ocr_languages": SCRIPTS[:5]}, encodings=True, languages=SCRIPTS).is_valid()
    assert ReadAgainForm({}, encodings=True, languages=SCRIPTS).is_valid()
