"""The frame in which a browser draws a mermaid diagram, and mermaid's script. Both are the same for everybody.

A diagram is drawn by a large script from text that nobody has checked. So its frame has no origin (`sandbox`), and a
policy that lets it load nothing but that script: it reaches neither the page nor any server.
"""

import gzip
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from secrets import token_urlsafe

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
)


@cache
def _script() -> bytes:
    """Return mermaid's script, compressed; about a megabyte, kept for the life of the process."""
    package = find_spec("mermaidx")
    assert package is not None
    assert package.origin is not None
    return gzip.compress((Path(package.origin).parent / "assets" / "mermaid.js").read_bytes(), 6, mtime=0)


@require_safe
@login_not_required
def frame(request: HttpRequest) -> HttpResponse:
    """Return the page of the frame. What it draws is sent to it as a message."""
    nonce = token_urlsafe(16)
    address = reverse("chat:mermaid", args=[version("mermaidx")])
    response = render(request, "chat/diagram.html", {"nonce": nonce, "script": address})
    response.headers["Content-Security-Policy"] = POLICY.format(nonce=nonce)
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@require_safe
@login_not_required
@cache_control(public=True, max_age=31_536_000, immutable=True)
def mermaid(request: HttpRequest, release: str) -> HttpResponse:
    """Return mermaid's script. Its address has the version, so that browsers may keep it."""
    is_compressed = "gzip" in request.headers.get("Accept-Encoding", "")
    script = _script() if is_compressed else gzip.decompress(_script())
    response = HttpResponse(script, content_type="text/javascript")
    # The frame has no origin, so to the browser it is another site.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Vary"] = "Accept-Encoding"
    if is_compressed:
        response.headers["Content-Encoding"] = "gzip"
    return response
