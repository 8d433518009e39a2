"""The API's descriptions, for programs and for people: from local files, without inline scripts."""

from functools import lru_cache
from typing import Any

from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from ninja import NinjaAPI

from langai_site.api import api, v1

FOR_EVERYBODY = cache_control(public=True, max_age=300)
# The sanitizer in swagger-ui has its own policy.
WITH_SWAGGER = csp_update({"trusted-types": ["dompurify"]})


# What each operation is called in the descriptions.
NAMES = {
    "post /auth/token": "Sign in with a name and a password",
    "post /auth/refresh": "Get new tokens",
    "post /auth/sign-out": "Sign out",
    "post /chat": "Ask, and wait for the answer",
    "post /chat/stream": "Ask, and read the answer as it is written",
    "post /search": "Search documents",
    "post /api/uploads": "Begin to upload a large file in parts",
    "get /api/uploads/{upload}": "Show how much of a file has arrived",
    "put /api/uploads/{upload}": "Send the next part of a file",
    "delete /api/uploads/{upload}": "Cancel an upload",
    "get /api/collections": "List collections",
    "get /api/documents": "List documents",
    "post /api/documents": "Upload a document",
    "get /api/documents/{document}": "Show a document",
    "put /api/documents": "Create or replace a document by your own id for it",
    "put /api/documents/{document}": "Replace the file of a document",
    "delete /api/documents/{document}": "Delete a document",
    "get /api/conversations": "List conversations",
    "get /api/conversations/{conversation}": "Show a conversation",
    "patch /api/conversations/{conversation}": "Rename, move, pin or archive a conversation",
    "delete /api/conversations/{conversation}": "Delete a conversation",
    "get /api/conversations/{conversation}/export": "Export a conversation",
    "get /api/folders": "List folders",
    "post /api/comparisons": "Ask several models the same",
    "get /api/comparisons/{comparison}": "Show a comparison",
    "post /api/comparisons/{comparison}/choose": "Choose one of the compared answers",
    "post /api/shares": "Share a conversation by a link",
    "get /api/shares": "List your links",
    "get /api/shares/{share}": "Show a link",
    "put /api/shares/{share}": "Change who may open a link and what it shows",
    "delete /api/shares/{share}": "Delete a link",
    "post /api/shares/{share}/update": "Take a new snapshot for a link",
    "post /api/shares/{share}/revoke": "Close a link",
    "post /api/imports": "Import conversations from a file",
    "get /api/imports": "List imports",
    "get /api/imports/{transfer}": "Show an import and its report",
    "delete /api/imports/{transfer}": "Remove an import",
    "patch /api/messages/{message}": "Correct an answer",
    "delete /api/messages/{message}": "Delete a message with all that follows it",
    "post /api/messages/{message}/restore": "Bring a deleted message back",
    "get /api/replies/{reply}/feedback": "Show what you think of an answer",
    "put /api/replies/{reply}/feedback": "Say what you think of an answer",
    "delete /api/replies/{reply}/feedback": "Take back what you think of an answer",
    "post /api/files": "Upload a file for a message",
    "get /api/files/{file}": "Show an uploaded file",
    "delete /api/files/{file}": "Delete an uploaded file",
    "get /api/usage": "Show your usage",
    "get /api/usage/all": "Show everybody's usage",
    "get /v1/models": "List models",
    "get /v1/models/{model}": "Show a model",
    "post /v1/chat/completions": "Complete a chat",
    "post /v1/responses": "Create a response",
    "post /v1/embeddings": "Turn texts into vectors",
}


@lru_cache
def _schema(of: NinjaAPI, prefix: str) -> dict[str, Any]:
    """Return the description, with NAMES in place of the functions' names."""
    schema = of.get_openapi_schema(path_prefix=prefix)
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            operation["summary"] = NAMES.get(f"{method} {path}", operation["summary"])
    return schema


@require_safe
@login_not_required
@FOR_EVERYBODY
def schema(request: HttpRequest) -> JsonResponse:
    return JsonResponse(_schema(api, ""))


@require_safe
@login_not_required
@FOR_EVERYBODY
def schema_v1(request: HttpRequest) -> JsonResponse:
    return JsonResponse(_schema(v1, "v1"))


@require_safe
@login_not_required
@WITH_SWAGGER
def docs(request: HttpRequest) -> HttpResponse:
    return _page(request, api, "openapi")


@require_safe
@login_not_required
@WITH_SWAGGER
def docs_v1(request: HttpRequest) -> HttpResponse:
    return _page(request, v1, "openapi-v1")


def _page(request: HttpRequest, of: NinjaAPI, described_at: str) -> HttpResponse:
    swagger = {"url": reverse(described_at), "layout": "BaseLayout", "deepLinking": True, "validatorUrl": None}
    # Asking finds the person, if there is one: the page has their theme.
    context = {"title": of.title, "swagger": swagger, "openai": of is v1, "known": request.user.is_authenticated}
    return render(request, "api/docs.html", context)
