"""Names languages, as people say them."""

from django.conf.locale import LANG_INFO

# Names of languages of which Django knows variants, or none.
_NAMES = {"zh": "Chinese", "nb": "Norwegian", "si": "Sinhala", "lo": "Lao", "gu": "Gujarati"}


def in_language(code: str) -> str:
    """Return "in German" for "de", "in" and the code for a language without a name here, and "" for no language."""
    if not code:
        return ""
    return f"in {_NAMES.get(code) or LANG_INFO.get(code, {}).get('name') or code}"
