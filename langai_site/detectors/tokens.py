"""Detects keys and tokens to which their issuer gives a recognisable shape."""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from re import Pattern

from langai_site.detectors.randomness import is_varied
from langai_site.detectors.regexes import compiled
from langai_site.detectors.types import Detection, confidential

# No word character or dash after it: the token is not part of something longer.
_END = r"(?:[^0-9A-Za-z_-]|$)"


@dataclass(frozen=True)
class TokenFormat:
    """`shape`: in RE2, of the whole token. `after`: how many of its first characters are the same in all of them."""

    kind: str
    shape: str
    after: int = 4

    @cached_property
    def pattern(self) -> Pattern[str]:
        return compiled(self.shape, ignore_case=False)

    def found(self, text: str) -> set[str]:
        """Return the distinct tokens of this shape that may be real."""
        tokens = {match.group() for match in self.pattern.finditer(text)}
        return {token for token in tokens if is_varied(token[self.after :]) and _is_signed(self, token)}


FORMATS = (
    TokenFormat("aws_key", rf"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{{16}}{_END}"),
    TokenFormat("aws_key", r"\bABSK[A-Za-z0-9+/]{100,}={0,2}"),
    TokenFormat("google_key", rf"\bAIza[0-9A-Za-z_-]{{35}}{_END}"),
    TokenFormat("google_key", rf"\bGOCSPX-[0-9A-Za-z_-]{{28}}{_END}", 7),
    TokenFormat("google_key", r"\bya29\.[0-9A-Za-z_-]{30,}", 5),
    TokenFormat("google_key", r'"private_key_id"\s*:\s*"[0-9a-f]{40}"', 18),
    TokenFormat("azure_key", r"\b(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{43,86}={1,2}", 16),
    TokenFormat("azure_key", rf"\b[0-9A-Za-z_.~]{{3}}[78]Q~[0-9A-Za-z_.~-]{{31,34}}{_END}", 6),
    TokenFormat("azure_key", r"[?&]sig=[A-Za-z0-9+/%]{43,60}(?:=|%3[Dd])", 5),
    TokenFormat("github_token", rf"\bgh[pousr]_[A-Za-z0-9]{{36,}}{_END}"),
    TokenFormat("github_token", r"\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}", 11),
    TokenFormat("gitlab_token", r"\bgl(?:pat|dt|rt|oas|ptt|ft|soat|agent|cbt|imt|ffct)-[0-9A-Za-z_-]{20,}", 6),
    TokenFormat("slack_token", r"\bxox[abeoprs]-(?:[0-9]-)?[0-9A-Za-z-]{24,}", 5),
    TokenFormat("slack_token", r"\bxapp-[0-9]-[A-Z0-9]{8,}-[0-9]{8,}-[0-9a-f]{32,}", 7),
    TokenFormat("slack_token", r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/]{40,}", 25),
    TokenFormat("stripe_key", rf"\b(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{{16,}}{_END}", 8),
    TokenFormat("stripe_key", r"\bwhsec_[0-9A-Za-z+/]{32,}", 6),
    TokenFormat("anthropic_key", r"\bsk-ant-[0-9a-z]{3,12}-[0-9A-Za-z_-]{60,}", 13),
    TokenFormat("openai_key", r"\bsk-(?:proj|svcacct|admin|None)-[0-9A-Za-z_-]{20,}", 8),
    TokenFormat("openai_key", rf"\bsk-[0-9A-Za-z]{{32,64}}{_END}", 3),
    TokenFormat("model_key", rf"\bsk-or-v1-[0-9a-f]{{64}}{_END}", 9),
    TokenFormat("model_key", rf"\bhf_[A-Za-z]{{34}}{_END}", 3),
    TokenFormat("model_key", rf"\b(?:gsk_|xai-|pplx-|r8_)[0-9A-Za-z]{{37,90}}{_END}", 5),
    TokenFormat("npm_token", rf"\bnpm_[0-9A-Za-z]{{36}}{_END}"),
    TokenFormat("pypi_token", r"\bpypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[0-9A-Za-z_-]{50,}", 19),
    TokenFormat("service_token", rf"\brubygems_[0-9a-f]{{48}}{_END}", 9),
    TokenFormat("service_token", rf"\bdckr_(?:pat|oat)_[0-9A-Za-z_-]{{27,32}}{_END}", 9),
    TokenFormat("service_token", rf"\bSG\.[0-9A-Za-z_-]{{22}}\.[0-9A-Za-z_-]{{43}}{_END}", 3),
    TokenFormat("service_token", rf"\bdo[opr]_v1_[0-9a-f]{{64}}{_END}", 7),
    TokenFormat("service_token", rf"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{{32}}{_END}", 6),
    TokenFormat("service_token", rf"\bdapi[0-9a-f]{{32}}(?:-[0-9])?{_END}", 4),
    TokenFormat("service_token", r"\bhv[bs]\.[0-9A-Za-z_-]{90,}", 4),
    TokenFormat("service_token", r"\bATATT3[0-9A-Za-z_=-]{100,}", 6),
    TokenFormat("service_token", rf"\b[0-9]{{8,10}}:AA[0-9A-Za-z_-]{{33}}{_END}", 11),
    TokenFormat("jwt", r"\beyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{16,}"),
)
# Most texts hold none, so one pattern for all of them reads a text only once.
_ANY = compiled("|".join(f"(?:{each.shape})" for each in FORMATS), ignore_case=False)


def find(text: str) -> Iterable[Detection]:
    return list(_detections(text)) if _ANY.search(text) else []


def is_token(value: str) -> bool:
    """Return whether `value` holds a token that `find` reports by its issuer's name."""
    return bool(_ANY.search(value))


def _detections(text: str) -> Iterator[Detection]:
    by_kind: dict[str, set[str]] = {}
    for each in FORMATS:
        by_kind.setdefault(each.kind, set()).update(each.found(text))
    for kind, tokens in by_kind.items():
        yield from confidential(kind, len(tokens))


def _is_signed(kind: TokenFormat, token: str) -> bool:
    """Return whether the header of what looks like a JWT names an algorithm; True for other kinds of tokens."""
    if kind.kind != "jwt":
        return True
    header = token.partition(".")[0]
    try:
        return "alg" in json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return False
