"""Names languages, as people say them."""

from django.conf.locale import LANG_INFO
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

# Names of languages of which Django knows variants, or none.
_NAMES = {
    "zh": gettext_noop("Chinese"),
    "nb": gettext_noop("Norwegian"),
    "si": gettext_noop("Sinhala"),
    "lo": gettext_noop("Lao"),
    "gu": gettext_noop("Gujarati"),
}


def in_language(code: str) -> str:
    """Return "in German" for "de", "in" and the code for a language without a name here, and "" for no language."""
    if not code:
        return ""
    # Django's own catalogues have the names of the languages that it knows.
    name = _NAMES.get(code) or LANG_INFO.get(code, {}).get("name") or code
    return _("in %(language)s") % {"language": _(name)}
