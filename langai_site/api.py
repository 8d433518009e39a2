"""The API of programs: where the doors of all apps meet. Ours at the root, and OpenAI's under /v1."""

from collections.abc import Iterator

from django.urls import URLPattern
from ninja import NinjaAPI

from chat.api import router as chat
from chat.api_conversations import router as conversations
from documents.api import router as documents
from langai_site.accounts.api import router as tokens
from langai_site.accounts.session import by_person
from langai_site.api_errors import JsonBody, tell_errors
from langai_site.usage.api import router as usage
from search.api import router as search

VERSION = "1.0"

# Schema and docs have views of their own: theirs draw scripts that the Content-Security-Policy forbids.
api = NinjaAPI(
    title="LangAI", version=VERSION, parser=JsonBody(), openapi_url=None, docs_url=None, urls_namespace="api"
)
tell_errors(api)
api.add_router("/auth", tokens)
api.add_router("", chat)
api.add_router("", search)
api.add_router("/api", documents)
api.add_router("/api/conversations", conversations)
api.add_router("/api/usage", usage)


def addresses(of: NinjaAPI) -> Iterator[URLPattern]:
    """Its operations. They find out who asks, and count it, by themselves: see `accounts.doors`."""
    for pattern in of.urls[0]:
        if isinstance(pattern, URLPattern) and pattern.name != "api-root":
            by_person(pattern.callback)
            yield pattern
