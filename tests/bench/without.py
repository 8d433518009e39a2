"""Settings of a LangAI that does one thing as Django, Channels or Daphne do it: BENCH_WITHOUT names the thing.

Only `tests.bench.departures` starts a server with these settings.
"""

import os

from langai_site.settings import *  # noqa: F403 - the settings of the product, with one exception

FRAMEWORKS_OWN = {
    "Security": "django.middleware.security.SecurityMiddleware",
    "ContentSecurityPolicy": "csp.middleware.CSPMiddleware",
    "Sessions": "django.contrib.sessions.middleware.SessionMiddleware",
    "Common": "django.middleware.common.CommonMiddleware",
    "Csrf": "django.middleware.csrf.CsrfViewMiddleware",
    "Authentication": "django.contrib.auth.middleware.AuthenticationMiddleware",
    "LoginRequired": "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "Messages": "django.contrib.messages.middleware.MessageMiddleware",
    "FrameOptions": "django.middleware.clickjacking.XFrameOptionsMiddleware",
}
OURS = "langai_site.web.async_middleware."


def middleware():
    global MIDDLEWARE
    MIDDLEWARE = [FRAMEWORKS_OWN[name.removeprefix(OURS)] if name.startswith(OURS) else name for name in MIDDLEWARE]


def threads():
    from langai_site.web import handler

    handler.Handler = handler.BodyHandler  # type: ignore[misc,assignment]


def queries():
    from langai_site.database.compiled_queries import CompiledQuery

    CompiledQuery.rows = lambda self, **values: list(self._build(**values))  # type: ignore[method-assign]


def layer():
    CHANNEL_LAYERS["default"]["BACKEND"] = "channels.layers.InMemoryChannelLayer"  # noqa: F405


def writer():
    from channels.db import database_sync_to_async

    from langai_site.database import writer as module

    async def in_database_thread(function, *args, **kwargs):
        return await database_sync_to_async(function)(*args, **kwargs)

    module.in_database_thread = in_database_thread


def dispatch():
    from langai_site.web.sockets import AsyncWebsocketConsumer, SocketConsumer

    SocketConsumer.dispatch = AsyncWebsocketConsumer.dispatch


CHANGES = {change.__name__: change for change in (middleware, threads, queries, layer, writer, dispatch)}
if name := os.environ.get("BENCH_WITHOUT"):
    CHANGES[name]()
