"""Pure: explains a score to a person: what raised it, or what made it low."""

from collections.abc import Mapping

from langai_site.sentences import Template, counted_sentence, sentence

# The least share of a level's width for a cause to be named, and the most causes that are named.
NOTABLE, AT_MOST = 0.1, 5
SHORT = 15
# How often a feature must occur to be named, and its words.
PHRASES: Mapping[str, tuple[int, Template]] = {
    "words": (60, sentence("complexity.words", "long message")),
    "passages": (1, counted_sentence("complexity.passages", "%(count)s passage", "%(count)s passages")),
    "history": (1, counted_sentence("complexity.history", "%(count)s earlier message", "%(count)s earlier messages")),
    "material": (
        1,
        counted_sentence("complexity.material", "%(count)s word of material", "%(count)s words of material"),
    ),
    "code": (1, counted_sentence("complexity.code", "%(count)s line of code", "%(count)s lines of code")),
    "questions": (1, sentence("complexity.questions", "several questions")),
    "items": (2, sentence("complexity.items", "%(count)s listed points")),
    "clauses": (4, sentence("complexity.clauses", "many clauses")),
    "small_talk": (1, sentence("complexity.small_talk", "small talk")),
    "fact": (1, sentence("complexity.fact", "asks for a fact")),
    "edit": (1, sentence("complexity.edit", "asks for a small edit")),
    "brief": (1, sentence("complexity.brief", "wants it brief")),
    "explanation": (1, sentence("complexity.explanation", "asks to explain")),
    "summary": (1, sentence("complexity.summary", "asks to summarise")),
    "writing": (1, sentence("complexity.writing", "asks for a text")),
    "program": (1, sentence("complexity.program", "programming")),
    "comparison": (1, sentence("complexity.comparison", "asks to compare")),
    "design": (1, sentence("complexity.design", "asks for a design or plan")),
    "proof": (1, sentence("complexity.proof", "asks for a proof")),
    "analysis": (1, sentence("complexity.analysis", "asks to analyse")),
    "judgement": (1, sentence("complexity.judgement", "asks for a judgement")),
    "repair": (1, sentence("complexity.repair", "asks to find or fix a fault")),
    "steps": (1, sentence("complexity.steps", "several steps")),
    "conditions": (1, sentence("complexity.conditions", "conditions to keep")),
    "subject": (1, sentence("complexity.subject", "a subject with many sides")),
}
SHORT_MESSAGE = sentence("complexity.short", "short message")()
OF_WORDS = sentence("complexity.of_words", "message of %(words)s words")


def causes_of(counts: Mapping[str, int], shares: Mapping[str, float], *, is_simple: bool) -> tuple[str, ...]:
    """Return why the score is what it is, the main cause first; never empty.

    For a simple message these are the causes that lower its score, for others those that raise it.
    """
    effects = {name: -share if is_simple else share for name, share in shares.items()}
    notable = sorted((name for name in effects if effects[name] >= NOTABLE), key=lambda name: -effects[name])
    causes = [_phrase(name, counts[name]) for name in notable if counts[name] >= PHRASES[name][0]]
    return tuple(causes[:AT_MOST]) or (_length(counts["words"] + counts["material"]),)


def _phrase(name: str, count: int) -> str:
    phrase = PHRASES[name][1]
    return phrase(count=count) if "count" in phrase.names else phrase()


def _length(words: int) -> str:
    return SHORT_MESSAGE if words < SHORT else OF_WORDS(words=words)
