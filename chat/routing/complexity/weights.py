"""What each feature adds to a score per doubling. Fitted and written by `python -m tests.complexity --write`."""

from collections.abc import Mapping

# The score of an empty message.
BASE = 0.56
WEIGHTS: Mapping[str, float] = {
    "words": 0.14,
    "passages": 0.05,
    "history": 0.03,
    "material": 0.03,
    "code": 0.14,
    "questions": 0.05,
    "items": 0.05,
    "clauses": 0.16,
    "small_talk": -0.57,
    "fact": -0.49,
    "edit": -0.67,
    "brief": -0.19,
    "explanation": 0.35,
    "summary": 0.1,
    "writing": 0.2,
    "program": 0.1,
    "comparison": 0.45,
    "design": 0.44,
    "proof": 1.06,
    "analysis": 0.31,
    "judgement": 0.38,
    "repair": 0.26,
    "steps": 0.17,
    "conditions": 0.15,
    "subject": 0.24,
}
