"""The work grows with the text's length and no faster, whatever the text is.

Counted, not timed: Python's steps by the interpreter itself. What is left to RE2 is linear by its construction, and
no pattern of ours is compiled by anything else unless its repetitions are bounded.
"""

import sys

import pytest

from langai_site.detectors import DetectorRule, detect
from langai_site.sensitivity import Sensitivity
from tests.detectors.made import card, pem, signs

LENGTH = 6_000
# For texts made to take long; prose takes none at all for most characters.
MOST_PER_CHARACTER = 150

PIECES = {
    "one digit": "4",
    "digits and spaces": "4 ",
    "digits and dots": "1.",
    "groups of four": "4111 ",
    "wrong cards": "4111111111111112 ",
    "right cards": card("4539") + " card ",
    "spaces": " ",
    "line ends": "\n",
    "line ends and digits": "4111\n",
    "dashes": "-",
    "begin": "-----BEGIN ",
    "headers of keys": "-----BEGIN PRIVATE KEY-----",
    "fields of keys": "-----BEGIN PRIVATE KEY-----\nA: b\n\\n",
    "keys": pem() + "\n",
    "IBANs": "DE89 ",
    "right IBANs": "DE89370400440532013000 ",
    "at signs": "a@",
    "addresses": "a.a@a.aa ",
    "one long address": "a@b.cc.",
    "passwords": "password: ",
    "weak passwords": "password=Ab1!",
    "strong passwords": "password=Abcdefg1! ",
    "elements": "<password>",
    "API keys": "api_key=",
    "tokens": "token_",
    "JWTs": "eyJ",
    "halves of JWTs": "eyJaaaaaaaa.eyJaaaaaaaa.",
    "URLs": "a://",
    "URLs with users": "postgres://a:",
    "OpenAI keys": "sk-",
    "quotes": "\"'`",
    "hexadecimal": "a1b2c3d4",
    "base64": signs(64) + "+/",
    "identity numbers": "steuer 12345678911 ",
    "Finnish dates": "131052-308A ",
    "Chinese dates": "110101199003074514 ",
    "CJK": "漢字仮名交じり文",
    "zero width": "4\u200b",
    "long ligatures": "\ufdfa",
    "combining marks": "a\u0301\u0323",
    "many names": "user_",
}
RULES = (
    DetectorRule("falcon", "word", "Project Falcon\naa\n漢字\n4 4", Sensitivity.CONFIDENTIAL),
    DetectorRule("nested", "regex", r"(?:(?:a+)+)+b", Sensitivity.CONFIDENTIAL),
    DetectorRule("ambiguous", "regex", r"(?:.*?,){9}x|(?:a|aa)+$|a.*x|a", Sensitivity.CONFIDENTIAL),
)


def steps(text: str) -> int:
    """Calls and lines of Python, and calls into C, that reading the text takes."""
    count = 0

    def line(frame, event, arg):
        nonlocal count
        count += 1
        return line

    def call(frame, event, arg):
        nonlocal count
        count += 1

    sys.settrace(line)
    sys.setprofile(call)
    try:
        detect(text, RULES)
    finally:
        sys.setprofile(None)
        sys.settrace(None)
    return count


def test_prose_takes_next_to_no_work_for_its_length():
    text = long("Explain in two sentences what a ledger is, and why entries are never changed. ", 2 * LENGTH)
    detect(text, RULES)
    assert steps(text) <= LENGTH


def long(piece: str, length: int) -> str:
    return (piece * length)[:length]


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_twice_the_text_takes_twice_the_work(piece):
    detect(long(piece, LENGTH), RULES)
    single, double = steps(long(piece, LENGTH)), steps(long(piece, 2 * LENGTH))
    assert double <= 2.1 * single + 500
    assert double <= MOST_PER_CHARACTER * 2 * LENGTH
