"""Detects passwords and keys beside their names: `password = …`, `"api_key": "…"`, `Authorization: …`.

Only the name says what they are, so the value must look like a secret too. Mere words do not.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from langai_site.detectors.randomness import entropy, is_placeholder
from langai_site.detectors.regexes import compiled
from langai_site.detectors.tokens import is_token
from langai_site.detectors.types import Detection, confidential

_IS = r"""["'`\])]{0,3}(?:\s{0,3}(?::?={1,3}|=>|:|是|は)\s{0,3}|\s(?:is|ist|lautet|est|es|é|è)\s)["'`]?"""
_NAMES = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|passwort|kennwort|mot de passe|contrase(?:ñ|n)a|senha|wachtwoord|lösenord"
    r"|passord|hasło|heslo|salasana|parola|пароль|密码|密碼|パスワード|비밀번호|암호)"
)
_PASSWORD = compiled(_NAMES + _IS + r"""([^\s"'`<>]{6,200})""")
_ELEMENT = compiled(rf"<{_NAMES}>([^\s<>]{{6,200}})</")
_OPTION = compiled(r"""--?(?:password|passwd|pwd|token|api-?key|secret)[ =]["']?([^\s"'`<>]{6,200})""")
_KEY = compiled(
    r"(?:(?:api|access|auth|app|account|client|consumer|encryption|master|secret|session|shared|signing|storage"
    r"|subscription|webhook|deploy)[ _-]?(?:access[ _-]?)?(?:key|secret|token)|secret|token|credentials?)"
    + _IS
    + r"([A-Za-z0-9_+/=.~:-]{16,500})"
)
_HEADER = compiled(
    r"""(?:authorization["']?\s{0,3}[:=]\s{0,3}["']?(?:basic|token|apikey)|\bbearer) ([A-Za-z0-9_+/=.~-]{16,500})"""
)
# Names of tokens that give no access.
_HARMLESS = re.compile(
    r"(?:page|next|previous|csrf|xsrf|cursor|continuation|sync|request|public|id)[ _-]?$", re.IGNORECASE
)

_REACH = 14

_SIGNS = re.compile(r"[!@#$%^&*?+=~|§€£;,]")
# Technical terms and versions that mix letters and digits.
_TERM = re.compile(
    r"(?:sha|md|argon|bcrypt|scrypt|pbkdf|base|utf|aes|rsa|hmac|hs|rs|es|ed|oauth|ipv|http|tls|ssl|iso|rfc|din|v"
    r"|version|python|win|x|p)-?\d",
    re.IGNORECASE,
)
_FILE = re.compile(r"[~.]{0,2}/|.*\.(?:txt|json|ya?ml|py|js|ts|go|java|rb|env|cfg|conf|ini|pem|key|md|pdf|docx?)$")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NEXT = re.compile(r"[;,&](?=\w{1,40}=)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}\.\d{1,2}\.\d{2,4}")
_PARTS = re.compile(r"[/._:+=~-]+")
_WORD = re.compile(r"(?:[A-Z]?[a-z]++)++|[A-Z]+")
_CHANGES = re.compile(r"[a-z]+|[A-Z]+|[0-9]+")
_KEY_ENTROPY, _KEY_CHANGES = 3.0, 5


def find(text: str) -> Iterable[Detection]:
    passwords, keys = set(_passwords(text)), set(_keys(text))
    yield from confidential("password", len(passwords))
    yield from confidential("secret", len(keys - passwords))


def _passwords(text: str) -> Iterator[str]:
    for value in chain(_values(_PASSWORD, text), _values(_ELEMENT, text)):
        if _is_password(value):
            yield value
    for value in _values(_OPTION, text):
        if _is_password(value) or _is_key(value):
            yield value


def _keys(text: str) -> Iterator[str]:
    return filter(_is_key, chain(_values(_KEY, text), _values(_HEADER, text)))


def _values(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    """Yield the values beside the names, except tokens that have a separate detector."""
    for match in pattern.finditer(text):
        before = text[max(match.start() - _REACH, 0) : match.start()]
        if not _HARMLESS.search(before) and not is_token(match.group()):
            yield _trimmed(match.group(1))


def _trimmed(value: str) -> str:
    """Return the value without the next assignment on the same line, and without the end of the sentence."""
    return _NEXT.split(value, maxsplit=1)[0].rstrip(".,;:)]}")


def _is_password(value: str) -> bool:
    """Return whether it has three kinds of characters, including digits; or small letters with at least two digits."""
    if len(value) < 8 or is_placeholder(value) or _TERM.match(value) or _FILE.match(value) or _DATE.match(value):
        return False
    digits = sum(map(str.isdigit, value))
    small, capital = any(map(str.islower, value)), any(map(str.isupper, value))
    if not digits or not (small or capital or any(map(str.isalpha, value))):
        return False
    return small + capital + bool(_SIGNS.search(value)) >= 2 or (small and digits >= 2 and value.isalnum())


def _is_key(value: str) -> bool:
    """Return whether it is long, mixed and without structure: no path, dotted name, words with dashes, or number."""
    if len(value) < 16 or is_placeholder(value) or _FILE.match(value) or _DATE.match(value):
        return False
    if _UUID.fullmatch(value):
        return True
    parts = [part for part in _PARTS.split(value) if len(part) > 1]
    if 2 * sum(map(_is_word, parts)) >= len(parts) or entropy(value) < _KEY_ENTROPY:
        return False
    return len(_CHANGES.findall(value)) >= _KEY_CHANGES and sum(map(str.isdigit, value)) >= 2


def _is_word(part: str) -> bool:
    return bool(_WORD.fullmatch(part))
