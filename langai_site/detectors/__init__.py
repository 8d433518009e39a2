"""Detects what makes a text internal or confidential: `scan` reports it, docs/labels.md describes it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
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
from langai_site.detectors.plain import readings
from langai_site.detectors.rules import DetectorRule
from langai_site.detectors.types import Detection, Family
from langai_site.sentences import drawn

__all__ = ["FAMILIES", "Detection", "DetectorRule", "detect", "detect_by_rules", "scan", "shown"]

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
    """Return what is sensitive in `text`, by the built-in detectors and the admins' rules; the highest label first.

    Takes time in proportion to the text. Every few seconds a call reads the rules from the database.
    """
    return detect(text, patterns.current())


def detect(text: str, rules_: Sequence[DetectorRule] = ()) -> tuple[Detection, ...]:
    """Scan with these rules. Pure."""
    return _highest(chain(_by_families(reading), rules.detect(rules_, reading)) for reading in readings(text))


def detect_by_rules(text: str, rules_: Sequence[DetectorRule]) -> tuple[Detection, ...]:
    """Return what these rules find, without the built-in detectors. Pure."""
    return _highest(rules.detect(rules_, reading) for reading in readings(text))


def shown(found: Iterable[Detection]) -> list[Detection]:
    """Return detections for a page, their words in its language."""
    return [replace(one, words=drawn(one.words)) for one in found]


def _by_families(reading: str) -> Iterable[Detection]:
    return chain.from_iterable(family(reading) for family in FAMILIES)


def _highest(of_readings: Iterable[Iterable[Detection]]) -> tuple[Detection, ...]:
    """Return each kind, and each rule, from the reading with the most matches; the highest label first."""
    best: dict[tuple[str, str], Detection] = {}
    for detection in chain.from_iterable(of_readings):
        which = detection.kind, detection.words if detection.kind in rules.KINDS else ""
        if which not in best or (detection.label, detection.count) > (best[which].label, best[which].count):
            best[which] = detection
    return tuple(sorted(best.values(), key=lambda detection: -detection.label))
