"""What makes a text internal or confidential by itself: `scan` reports it, docs/labels.md describes it."""

from collections.abc import Sequence
from itertools import chain

from langai_site.detectors import (
    addresses,
    assignments,
    cards,
    email_lists,
    ibans,
    national_ids,
    patterns,
    private_keys,
    rules,
    tokens,
)
from langai_site.detectors.plain import plain
from langai_site.detectors.rules import Rule
from langai_site.detectors.types import Detection, Family

__all__ = ["FAMILIES", "Detection", "Rule", "detect", "scan"]

FAMILIES: tuple[Family, ...] = (
    private_keys.find,
    tokens.find,
    addresses.find,
    assignments.find,
    cards.find,
    ibans.find,
    national_ids.find,
    email_lists.find,
)


def scan(text: str) -> tuple[Detection, ...]:
    """What is sensitive in `text`, by the built-in detectors and the admins' rules; the highest label first.

    Takes time in proportion to the text. Every few seconds a call reads the rules from the database.
    """
    return detect(text, patterns.current())


def detect(text: str, rules_: Sequence[Rule] = ()) -> tuple[Detection, ...]:
    """`scan` with these rules. Pure."""
    text = plain(text)
    found = [*chain.from_iterable(family(text) for family in FAMILIES), *rules.detect(rules_, text)]
    return tuple(sorted(found, key=lambda detection: -detection.label))
