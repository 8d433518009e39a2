"""All addresses; the only place, with asgi.py, where every app meets."""

from allauth.account.decorators import secure_admin_login
from allauth.account.views import logout
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView

from langai_site.accounts.limits import unlimited
from langai_site.api import addresses, api
from langai_site.health import health

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "LangAI"
unlimited("Who wants to leave can leave.")(logout)
handler429 = "langai_site.accounts.limits.too_many_attempts"

urlpatterns = [
    path("favicon.ico", login_not_required(RedirectView.as_view(url="/static/icon.svg"))),
    path("health", health, name="health"),
    path("", include((list(addresses(api)), "api"))),
    path("admin/", admin.site.urls),
    path("accounts/", include("langai_site.accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("search.urls")),
    path("", include("documents.urls")),
    path("", include("chat.urls")),
]
