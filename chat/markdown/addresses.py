"""Pure: finds bare addresses in text, as GitHub's markdown does: https://…, www.… and mail addresses.

markdown-it's own rules would stop at every `w`, `:` and `@`, and lose addresses beside Chinese or with an underscore in
them. Here one pattern says where an address may begin, and is asked only of texts that contain a sign of one.
"""

import re

from markdown_it.rules_inline import StateInline

# The texts that are searched for addresses, and where one may begin: never inside a word or an address.
HINT = re.compile(r"://|www\.|@", re.IGNORECASE)
BEGINNING = r"(?<![A-Za-z0-9_@.+-])(?:https?://|www\.|[A-Za-z0-9._+-]{1,64}+@(?=[A-Za-z0-9]))"
# Signs that stand in no address: blanks, brackets that markdown reads, quotation marks, and punctuation of Chinese and
# Japanese, which is written without a blank before it.
_ENDING = r"\s<>\"`\\|\[\]\u2018-\u201f\u2026\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
# A label of a host is written in one script: in `example.com获取` the address ends before the Chinese word.
_LABEL = r"(?:[A-Za-z0-9\u00c0-\u024f_-]{1,63}+|[\u0370-\u1fff\u3040-\uff00]{1,63}+)"
_HOST = rf"{_LABEL}(?:\.{_LABEL}){{0,20}}"
_WEB = re.compile(
    rf"(?:https?://|(?=www\.[^\s.]+\.)){_HOST}(?::\d{{1,5}})?(?:[/?#][^{_ENDING}]{{0,2000}})?", re.IGNORECASE
)
_MAIL = re.compile(
    r"[A-Za-z0-9._+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,10}[A-Za-z]{2,63}(?![\w@-]|:\w)"
)
# Punctuation that belongs to the sentence if it ends an address; also a closing bracket that was opened before it.
_TRAILING = re.compile(r"(?:[?!.,:*_~'\";]|&[A-Za-z]{1,31};)\Z")


def bare_address(state: StateInline, silent: bool) -> bool:
    """Turn an address that begins here into a link. Inside a link, and while the end of one is searched, it is text."""
    if silent or state.linkLevel:
        return False
    found = _WEB.match(state.src, state.pos, state.posMax)
    shown = _without_trailing(found[0]) if found else ""
    if not found and (mail := _MAIL.match(state.src, state.pos, state.posMax)):
        shown = mail[0]
    address = _address(shown)
    if not address or not state.md.validateLink(address):
        return False
    state.push("link_open", "a", 1).attrs = {"href": state.md.normalizeLink(address)}
    state.push("text", "", 0).content = shown
    state.push("link_close", "a", -1)
    state.pos += len(shown)
    return True


def _address(shown: str) -> str:
    """Return the whole address of what is written; empty if nothing is left of it."""
    if shown[:4].lower() == "www.":
        return f"http://{shown}"
    if "://" in shown[:8]:
        return shown if shown.partition("://")[2] else ""
    return f"mailto:{shown}" if shown else ""


def _without_trailing(address: str) -> str:
    end = len(address)
    while end:
        part = address[max(0, end - 40) : end]
        if found := _TRAILING.search(part):
            end -= len(found[0])
        elif address[end - 1] == ")" and address.count(")", 0, end) > address.count("(", 0, end):
            end -= 1
        else:
            break
    return address[:end]


def may_be_address(line: str) -> bool:
    """Return whether the last word of a line may be, or become, an address: more of it then has to be parsed."""
    word = re.split(r"\s", line)[-1].lower()
    return "ww" in word or "@" in word or ":/" in word
