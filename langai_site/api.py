"""The API for programs, which combines the operations of all apps: ours at the root, and OpenAI's under /v1."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from ninja import NinjaAPI

from chat.api.chat import router as chat
from chat.api.comparisons import router as comparisons
from chat.api.conversations import router as conversations
from chat.api.feedback import router as feedback
from chat.api.files import router as files
from chat.api.folders import router as folders
from chat.api.imports import router as imports
from chat.api.messages import router as messages
from chat.api.openai import router as completions
from chat.api.responses import router as responses
from chat.api.shares import router as shares
from chat.pages import views
from documents.api import router as documents
from langai_site import VERSION
from langai_site.accounts.api import router as tokens
from langai_site.accounts.session import by_person
from langai_site.accounts.uploads_api import router as uploads
from langai_site.usage.api import router as usage
from langai_site.web.api_errors import tell_errors
from langai_site.web.long_bodies import JsonBody
from langai_site.web.probes import wants_json
from search.api import router as search
from search.api_v1 import router as embeddings

DESCRIPTION = """
Send an API key, or a token of `POST /auth/token`, as `Authorization: Bearer …`. What you may do on the pages you may do
here, within the scopes of your key; limits, budgets and labels are the same. Every error has the same form.
"""
AS_OPENAI = "For clients of OpenAI's API. Set their base URL to this address with `/v1`, and an API key as their key."
V1_ABOUT = {
    "object": "api",
    "name": "LangAI",
    "message": "This is LangAI's API for clients of OpenAI. Send an API key as “Authorization: Bearer …”.",
    "docs": "/v1/docs",
    "models": "/v1/models",
    "chat_completions": "/v1/chat/completions",
    "responses": "/v1/responses",
    "embeddings": "/v1/embeddings",
}
# Schema and docs have views of their own: Ninja's contain scripts that the Content-Security-Policy forbids.
COMMON: dict[str, Any] = {"version": VERSION, "parser": JsonBody(), "openapi_url": None, "docs_url": None}

api = NinjaAPI(title="LangAI", description=DESCRIPTION, urls_namespace="api", **COMMON)
tell_errors(api)
api.add_router("/auth", tokens)
api.add_router("", chat)
api.add_router("", search)
api.add_router("/api", documents)
api.add_router("/api", files)
api.add_router("/api/comparisons", comparisons)
api.add_router("/api/conversations", conversations)
api.add_router("/api/folders", folders)
api.add_router("/api/imports", imports)
api.add_router("/api/messages", messages)
api.add_router("/api/replies", feedback)
api.add_router("/api/shares", shares)
api.add_router("/api/uploads", uploads)
api.add_router("/api/usage", usage)

v1 = NinjaAPI(title="LangAI as OpenAI", description=AS_OPENAI, urls_namespace="v1", **COMMON)
tell_errors(v1)
v1.add_router("", completions)
v1.add_router("", responses)
v1.add_router("", embeddings)


def addresses(of: NinjaAPI) -> Iterator[URLPattern]:
    """Yield its operations. They identify the sender, and count requests, by themselves: see `accounts.doors`."""
    for pattern in of.urls[0]:
        if isinstance(pattern, URLPattern) and pattern.name != "api-root":
            by_person(pattern.callback)
            yield pattern


@require_safe
@login_not_required
@cache_control(public=True, max_age=300)
def front_v1(request: HttpRequest) -> JsonResponse:
    """Answer a client of OpenAI at its base URL. Everybody may read it, so it says nothing about this LangAI."""
    return JsonResponse(V1_ABOUT)


@by_person
async def front(request: HttpRequest) -> HttpResponseBase:
    """Show the new chat's page; tell a program that asks for JSON where the API is described."""
    response: HttpResponseBase
    if request.method in ("GET", "HEAD") and wants_json(request):
        response = JsonResponse({"message": "This is LangAI.", "version": VERSION, "docs": "/docs"})
    else:
        response = await views.new(request)
    patch_vary_headers(response, ["Accept"])
    return response
