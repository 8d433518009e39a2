"""The Content-Security-Policy: what pages may load and run."""

from csp.constants import NONCE, NONE, SELF

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
        # Diagrams are drawn in a frame without an origin: chat/pages/diagrams.py.
        "frame-src": [SELF],
        # Only the policies of static/trusted_types.js turn text into HTML, and never into a script.
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["default", "langai-inert"],
    }
}
