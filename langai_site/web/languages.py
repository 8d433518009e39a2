"""Which language pages speak: the one that a person has chosen, otherwise the one that their browser asks for.

Programs always get English: they may read the messages of the API.
"""

from typing import Protocol

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import get_supported_language_variant, parse_accept_lang_header

from langai_site.web.async_middleware import InLoop
from langai_site.web.error_middleware import is_program

# What is drawn, and so depends on the language.
DRAWN = ("text/html", "application/manifest+json")


class LanguageUser(Protocol):
    """A user, whose class belongs to another room. `language` is empty if their browser decides."""

    language: str


def language_of(user: LanguageUser) -> str:
    """Return what `user` has chosen; otherwise the language of the request, socket or task that is running."""
    return user.language if user.language in dict(settings.LANGUAGES) else translation.get_language()


def language_of_browser(accepted: str) -> str:
    """Return the first language of an Accept-Language header that LangAI speaks; English if there is none."""
    for code, _priority in parse_accept_lang_header(accepted):
        try:
            return get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE


def language_of_request(request: HttpRequest) -> str:
    """Return the language of a request from somebody who is not known yet."""
    if is_program(request):
        return settings.LANGUAGE_CODE
    return language_of_browser(request.headers.get("Accept-Language", ""))


def speak(request: HttpRequest, user: LanguageUser) -> None:
    """Answer the request in the language of `user` from here on."""
    if not is_program(request):
        translation.activate(language_of(user))


class Languages(InLoop):
    """Begins each request in the language of its browser; `speak` changes it when the person is known."""

    def process_request(self, request: HttpRequest) -> None:
        translation.activate(language_of_request(request))

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.headers.get("Content-Type", "").startswith(DRAWN):
            patch_vary_headers(response, ("Accept-Language",))
            response.headers.setdefault("Content-Language", translation.get_language())
        return response
