"""The web process: HTTP to Django, sockets of signed-in people from our own pages to Channels."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "langai_site.settings")
# As in manage.py, for other servers that load this.
os.umask(0o077)

import django

django.setup(set_prefix=False)

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path

from chat.urls import websocket_urlpatterns
from langai_site.web.handler import Handler
from langai_site.web.request_metrics import RequestIds, Sockets
from langai_site.web.sockets import SameOrigin, no_such_socket

addresses = [*websocket_urlpatterns, re_path("", no_such_socket)]  # type: ignore[arg-type]
application = RequestIds(
    ProtocolTypeRouter(
        {
            "http": Handler(),
            "websocket": Sockets(SameOrigin(AuthMiddlewareStack(URLRouter(addresses)))),
        }
    )
)
