"""Detects private keys: PEM, OpenSSH, PGP, PuTTY, age, JWK, WireGuard."""

import re
from collections.abc import Iterable

from langai_site.detectors.randomness import is_varied
from langai_site.detectors.regexes import compiled
from langai_site.detectors.types import Detection, confidential

# Covers RSA, EC, DSA, OPENSSH, ENCRYPTED, SSH2 and PGP; a public key's or certificate's line does not match.
_HEADER = compiled(r"-{4,5} ?BEGIN (?:[A-Z0-9]{1,10} ){0,3}PRIVATE KEY(?: BLOCK)? ?-{4,5}", ignore_case=False)
# Between header and key: line ends, also escaped; quotes, indentation, and lines such as "Version: 2".
_PADDING = re.compile(r"(?:\\[nrt]|[\s\"'`>|+,])*")
_FIELDS = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]{1,40}: [^\n]{0,200}(?:\n|\\n)\s*)*")
_BODY = re.compile(r"[A-Za-z0-9+/=]{32}")
_AFTER_HEADER = 1_000

_OTHERS = tuple(
    compiled(pattern, ignore_case=False)
    for pattern in (
        # A key's first bytes in base64, for keys without the line before: OpenSSH, PKCS#8, PKCS#1.
        r"\bb3BlbnNzaC1rZXktdjEAAAAA[A-Za-z0-9+/]{32}",
        r"\bMII[A-Za-z0-9+/]{3}IBADANBgkqhkiG9w0BAQEFAASC[A-Za-z0-9+/]{32}",
        r"\bMII[A-Za-z0-9+/]{3}IBAAKC[A-Za-z0-9+/]{32}",
        r"\bAGE-SECRET-KEY-(?:PQ-)?1[02-9AC-HJ-NP-Z]{58,}",
        r"""(?i)\bprivate[ _-]?key["']?\s{0,3}[:=]\s{0,3}["']?[A-Za-z0-9+][A-Za-z0-9+/]{39,}""",
    )
)
_PUTTY = compiled(r"PuTTY-User-Key-File-\d:", ignore_case=False)
_PUTTY_BODY = compiled(r"Private-Lines: ?\d", ignore_case=False)
_JWK_TYPE = compiled(r'"kty"\s*:\s*"(?:RSA|EC|OKP)"', ignore_case=False)
_JWK_SECRET = compiled(r'"d"\s*:\s*"[A-Za-z0-9_-]{40,}"', ignore_case=False)


def find(text: str) -> Iterable[Detection]:
    count = _with_headers(text) or sum(_is_in(text, pattern) for pattern in _OTHERS)
    count += _together(text, _PUTTY, _PUTTY_BODY) + _together(text, _JWK_TYPE, _JWK_SECRET)
    return confidential("private_key", count)


def _is_in(text: str, pattern: re.Pattern[str]) -> bool:
    return any(is_varied(match.group()[-32:]) for match in pattern.finditer(text))


def _with_headers(text: str) -> int:
    return sum(_holds_key(text[match.end() : match.end() + _AFTER_HEADER]) for match in _HEADER.finditer(text))


def _holds_key(after: str) -> bool:
    """Return whether a key follows: a header that is only mentioned does not count."""
    position = 0
    for gap in (_PADDING, _FIELDS, _PADDING):
        if skipped := gap.match(after, position):
            position = skipped.end()
    return bool(_BODY.match(after, position))


def _together(text: str, first: re.Pattern[str], second: re.Pattern[str]) -> int:
    """Return how many things have both marks."""
    count = sum(1 for _ in first.finditer(text))
    return min(count, sum(1 for _ in second.finditer(text))) if count else 0
