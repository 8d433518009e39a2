"""All addresses; the only place, with asgi.py, where every app meets."""

from allauth.account.decorators import secure_admin_login
from allauth.account.views import logout
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.decorators.cache import cache_control
from django.views.generic import RedirectView

from langai_site.accounts.limits import unlimited
from langai_site.accounts.scim.door import answer as scim
from langai_site.api import addresses, api, front, front_v1, v1
from langai_site.api_docs import docs, docs_v1, schema, schema_v1
from langai_site.telemetry.health import health
from langai_site.telemetry.metrics_view import metrics
from langai_site.web.installing import manifest, offline, service_worker
from langai_site.web.probes import live, ready

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
unlimited("Who wants to leave can leave.")(logout)
icon = RedirectView.as_view(url="/static/icon.svg")
handler404 = "langai_site.web.error_middleware.not_found"
handler429 = "langai_site.accounts.limits.too_many_attempts"

handler500 = "langai_site.web.error_middleware.internal_error"
urlpatterns = [
    path("favicon.ico", login_not_required(cache_control(public=True, max_age=86_400)(icon))),
    path("manifest.webmanifest", manifest, name="manifest"),
    path("service-worker.js", service_worker, name="service-worker"),
    path("offline", offline, name="offline"),
    path("", front),
    path("health", health, name="health"),
    path("metrics", metrics, name="metrics"),
    path("health/live", live, name="live"),
    path("health/ready", ready, name="ready"),
    path("docs", docs, name="docs"),
    path("openapi.json", schema, name="openapi"),
    path("v1", front_v1),
    path("v1/", front_v1),
    path("v1/docs", docs_v1, name="docs-v1"),
    path("v1/openapi.json", schema_v1, name="openapi-v1"),
    path("", include((list(addresses(api)), "api"))),
    path("v1/", include((list(addresses(v1)), "v1"))),
    path("admin/", admin.site.urls),
    path("accounts/", include("langai_site.accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("scim/v2/<path:path>", scim),
    path("usage/", include("langai_site.usage.urls")),
    path("", include("search.urls")),
    path("", include("documents.urls")),
    path("", include("chat.urls")),
]
