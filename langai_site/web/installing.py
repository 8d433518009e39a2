"""What makes LangAI an app on a phone or desktop: the manifest, the service worker and the page without a network.

All three are the same for everybody and hold nothing private.
"""

import json

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

# (file name, size, what it is for)
ICONS = (("192.png", "192x192", "any"), ("512.png", "512x512", "any"), ("maskable-512.png", "512x512", "maskable"))


@require_safe
@login_not_required
@cache_control(public=True, max_age=86_400)
def manifest(request: HttpRequest) -> HttpResponse:
    """Return how the app is called and looks where it is installed."""
    icons = [
        {"src": static(f"icons/{name}"), "sizes": size, "type": "image/png", "purpose": purpose}
        for name, size, purpose in ICONS
    ]
    described = {
        "id": "/",
        "name": "LangAI",
        "short_name": "LangAI",
        "description": _("Chat with your team's documents"),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#fdfdfc",
        "theme_color": "#3f6fd1",
        "icons": icons,
    }
    return JsonResponse(described, content_type="application/manifest+json")


@require_safe
@login_not_required
@cache_control(public=True, no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """Return the service worker. It changes with any static file, so browsers then replace it and its cache."""
    known = {
        "version": getattr(staticfiles_storage, "manifest_hash", "") or "unversioned",
        "offline": reverse("offline"),
        "needed": [static("app.css"), static("icon.svg")],
        "static": settings.STATIC_URL,
        "sign_outs": [reverse("account_logout"), reverse("admin:logout")],
    }
    return render(request, "service_worker.js", {"known_json": json.dumps(known)}, content_type="text/javascript")


@require_safe
@login_not_required
@cache_control(public=True, no_cache=True)
def offline(request: HttpRequest) -> HttpResponse:
    """Return the page that the service worker shows if the server cannot be reached."""
    return render(request, "offline.html")
