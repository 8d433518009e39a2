"""Adds headers: what browsers may keep of an answer and, if it is a page, what that may use."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from langai_site.web.async_middleware import InLoop

# Nobody else finds it in a shared computer's cache. Views whose answer is the same for everybody say so themselves.
PRIVATE = "private, no-store"
# Pages use none of these; copying to the clipboard is not among them.
UNUSED = (
    *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "idle-detection"),
    *("magnetometer", "microphone", "midi", "payment", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
# For what a browser shows as a page; to all else, such as scripts and JSON, it would say nothing.
PERMISSIONS = ", ".join(f"{feature}=()" for feature in UNUSED)
PAGES = ("text/html", "image/svg+xml")
ALWAYS = {
    # Other sites cannot draw it into their pages. Programs elsewhere that CORS lets in are not affected.
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
# What Django's own middleware would add, of answers that it does not see: each is a line of text.
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
    """Outside of everything that answers by itself, such as static files, which say how long they may be kept."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Cache-Control", PRIVATE)
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        if response.headers.get("Content-Type", "").startswith(PAGES):
            response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response
