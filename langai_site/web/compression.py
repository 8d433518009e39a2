"""Compresses pages for browsers that accept it: their markup repeats itself, and takes a fifth of the bytes.

Static files are compressed once, at their collection, and downloads and streams pass as they are. Django's middleware
adds a random number of bytes to each page, because the length of a compressed page could otherwise tell a listener
whether it contains a guessed text.
"""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

from langai_site.web.async_middleware import InLoop

# Longer pages are compressed on a thread: 64 kB take about a millisecond.
LOOP_MAX = 64_000


class Compression(InLoop, GZipMiddleware):
    def waits(self, request: HttpRequest, response: HttpResponseBase) -> bool:
        return is_page(response) and len(response.content) > LOOP_MAX  # type: ignore[attr-defined]

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not is_page(response):
            return response
        return super().process_response(request, response)


def is_page(response: HttpResponseBase) -> bool:
    """Return whether a response is a whole page or a fragment of one."""
    return not response.streaming and response.headers.get("Content-Type", "").startswith("text/html")
