"""Secrets that nobody has: put together when the tests run, so that none stands in a file."""

import base64
import json
import random
import string

from stdnum import luhn

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
BASE32 = string.ascii_uppercase + "234567"
BASE64 = ALNUM + "+/"
URLSAFE = ALNUM + "_-"


def signs(count: int, alphabet: str = ALNUM) -> str:
    """Always the same for the same arguments; ends in a letter or digit."""
    chosen = random.Random(f"{count} {alphabet}")
    return "".join(chosen.choices(alphabet, k=count - 1)) + chosen.choice(alphabet[:16])


def card(prefix: str, length: int = 16) -> str:
    """A number of that issuer with its right check digit."""
    digits = prefix + "".join(random.Random(prefix).choices(string.digits, k=length - len(prefix) - 1))
    return digits + luhn.calc_check_digit(digits)


def wrong(number: str) -> str:
    """The same with another last digit."""
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def groups(number: str, *lengths: int, sign: str = " ") -> str:
    parts, at = [], 0
    for length in lengths or (4, 4, 4, 4):
        parts.append(number[at : at + length])
        at += length
    return sign.join(parts)


def pem(kind: str = "", end: str = "\n") -> str:
    name = f"{kind} PRIVATE KEY".strip()
    body = end.join(signs(64 - line, BASE64) for line in range(4))
    return f"-----BEGIN {name}-----{end}{body}{end}-----END {name}-----"


def jwt(header: dict[str, str] | None = None) -> str:
    parts = (header or {"alg": "HS256", "typ": "JWT"}, {"sub": "u-17", "name": "Ada", "iat": 1700000000})
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join([*encoded, signs(43, URLSAFE)])
