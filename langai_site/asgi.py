"""The web process: HTTP to Django, sockets of signed-in people from our own pages to Channels."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "langai_site.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter

from chat.urls import websocket_urlpatterns
from langai_site.sockets import SameOrigin

application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": SameOrigin(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
