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


@lru_cache
def _schema(of: NinjaAPI, prefix: str) -> dict[str, Any]:
    return of.get_openapi_schema(path_prefix=prefix)


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
    return render(request, "api/docs.html", {"title": of.title, "swagger": swagger, "openai": of is v1})
