"""Pure: explains a score to a person: what raised it, or what made it low."""

from collections.abc import Mapping

# The least share of a level's width for a cause to be named, and the most causes that are named.
NOTABLE, AT_MOST = 0.1, 5
SHORT = 15
# How often a feature must occur to be named, and its words.
PHRASES: Mapping[str, tuple[int, str]] = {
    "words": (60, "long message"),
    "passages": (1, "{count} passage{s}"),
    "history": (1, "{count} earlier message{s}"),
    "material": (1, "{count} word{s} of material"),
    "code": (1, "{count} line{s} of code"),
    "questions": (1, "several questions"),
    "items": (2, "{count} listed points"),
    "clauses": (4, "many clauses"),
    "small_talk": (1, "small talk"),
    "fact": (1, "asks for a fact"),
    "edit": (1, "asks for a small edit"),
    "brief": (1, "wants it brief"),
    "explanation": (1, "asks to explain"),
    "summary": (1, "asks to summarise"),
    "writing": (1, "asks for a text"),
    "program": (1, "programming"),
    "comparison": (1, "asks to compare"),
    "design": (1, "asks for a design or plan"),
    "proof": (1, "asks for a proof"),
    "analysis": (1, "asks to analyse"),
    "judgement": (1, "asks for a judgement"),
    "repair": (1, "asks to find or fix a fault"),
    "steps": (1, "several steps"),
    "conditions": (1, "conditions to keep"),
    "subject": (1, "a subject with many sides"),
}


def causes_of(counts: Mapping[str, int], shares: Mapping[str, float], *, is_simple: bool) -> tuple[str, ...]:
    """Return why the score is what it is, the main cause first; never empty.

    For a simple message these are the causes that lower its score, for others those that raise it.
    """
    effects = {name: -share if is_simple else share for name, share in shares.items()}
    notable = sorted((name for name in effects if effects[name] >= NOTABLE), key=lambda name: -effects[name])
    causes = [_phrase(name, counts[name]) for name in notable if counts[name] >= PHRASES[name][0]]
    return tuple(causes[:AT_MOST]) or (_length(counts["words"] + counts["material"]),)


def _phrase(name: str, count: int) -> str:
    return PHRASES[name][1].format(count=f"{count:,}", s="" if count == 1 else "s")


def _length(words: int) -> str:
    return "short message" if words < SHORT else f"message of {words:,} words"
