"""Adds headers: whether browsers may cache a response and, for a page, what the page may use."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from langai_site.web.async_middleware import InLoop

# So that nobody else finds it in a shared computer's cache. Views with the same response for everybody override this.
PRIVATE = "private, no-store"
# Pages use none of these; copying to the clipboard is not among them.
UNUSED = (
    *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "idle-detection"),
    *("magnetometer", "microphone", "midi", "payment", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
# For responses that a browser shows as a page; for others, such as scripts and JSON, it would have no effect.
PERMISSIONS = ", ".join(f"{feature}=()" for feature in UNUSED)
PAGES = ("text/html", "image/svg+xml")
ALWAYS = {
    # Other sites cannot embed it in their pages. Programs elsewhere that CORS lets in are not affected.
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
# The headers of Django's own middleware, for responses that it does not see: each is a line of text.
BEFORE_DJANGO = {
    **ALWAYS,
    "Cache-Control": PRIVATE,
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}


class ResponseHeaders(InLoop):
    """Sets default headers.

    It wraps everything that responds by itself, such as static files with their own lifetime.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Cache-Control", PRIVATE)
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        if response.headers.get("Content-Type", "").startswith(PAGES):
            response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response
