"""Pure: phrases by which messages about the last answer are recognised, such as "make it shorter" or "why?"."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Requests:
    """Phrases of one language. `asks`: one of them is in each such message. `beside`: what else may be in it.

    `whole`: phrases by which people ask for a document as a whole; `everything`: for all of a kind.
    """

    asks: tuple[str, ...]
    beside: tuple[str, ...]
    whole: tuple[str, ...]
    everything: tuple[str, ...]


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split(";"))


REQUESTS: Mapping[str, Requests] = {
    language: Requests(*(_phrases(found[name]) for name in ("asks", "beside", "whole", "everything")))
    for language, found in tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8")).items()
}
