"""Detects lists of e-mail addresses: members of a group, or recipients of a mailing.

One address is in every signature, so a few say nothing about the text's subject. The list is internal and not
confidential: teams work with such lists all day, and the addresses alone give no access.
"""

from collections.abc import Iterable

from langai_site.detectors.namings import EMAIL_LIST
from langai_site.detectors.regexes import compiled
from langai_site.detectors.types import Detection
from langai_site.sensitivity import Sensitivity

# More than the sender, the receivers and one in a signature.
ENOUGH = 5
_ADDRESS = compiled(r"[\pL\pN][\pL\pN._%+'-]*@(?:[\pL\pN-]+\.)+(\pL\pL+)")
# Names of files and code such as `logo@2x.png`.
_NO_DOMAINS = {
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "webp",
    "css",
    "scss",
    "js",
    "ts",
    "json",
    "html",
    "md",
    "pdf",
    "txt",
}


def find(text: str) -> Iterable[Detection]:
    matches = _ADDRESS.finditer(text) if "@" in text else ()
    addresses = {match.group().lower() for match in matches if match.group(1).lower() not in _NO_DOMAINS}
    count = len(addresses)
    if count < ENOUGH:
        return []
    return [Detection("email_list", Sensitivity.INTERNAL, EMAIL_LIST(count=count), count)]
