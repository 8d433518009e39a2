"""Measures how similar an embedder finds unrelated texts, to find the cosine below which a match is ignored.

Embedders differ: a cosine that is high for one is low for another. Small talk and unrelated questions are compared
with passages of the kind that companies keep, and the threshold is set above what these pairs reach.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

QUESTIONS = (
    "hello",
    "Hi!",
    "thanks, that helped",
    "good morning, how are you?",
    "What can you do?",
    "ok",
    "tell me a joke",
    "Who won the match last night?",
    "write a poem about the sea",
    "what is the weather like tomorrow",
    "How do I cook rice?",
    "translate this into French",
)
PASSAGES = (
    "Travel is booked through the office. Trains come first; flights need the consent of the team's lead.",
    "Invoices are paid within thirty days of receipt, once two people have signed them.",
    "Visitors sign in at the front desk, wear a badge, and are met by the person they came to see.",
    "A backup of the database is made every night and kept for four weeks on a second machine.",
    "The warranty covers faults in material for two years and ends when the casing has been opened.",
    "New colleagues receive a laptop, a key card and an account on their first day.",
    "In a fire alarm, leave by the nearest stairs and gather at the car park behind building B.",
    "The pump runs at 2,900 revolutions a minute and is serviced after every 4,000 hours.",
    "Sales grew by seven per cent in the third quarter, mostly in the southern region.",
    "Personal data of applicants is deleted six months after the position has been filled.",
    "Tickets of the highest priority are answered within an hour, on holidays as well.",
    "The agreement may be ended by either side with notice of three months to the end of a year.",
)
TEXTS = (*QUESTIONS, *PASSAGES)
# Standard deviations above the mean. This gives MiniLM 0.26, where the threshold chosen by hand is 0.28. A threshold
# that is too low shows a few passages too many; one that is too high finds nothing.
DEVIATIONS = 4.0


def threshold(vectors: "Sequence[np.ndarray] | np.ndarray") -> float:
    """Return the cosine, 0 to 0.95, that hardly any unrelated pair exceeds; `vectors` are those of TEXTS."""
    import numpy as np

    found = np.asarray(vectors)
    cosines = found[: len(QUESTIONS)] @ found[len(QUESTIONS) :].T
    return float(np.clip(cosines.mean() + DEVIATIONS * cosines.std(), 0.0, 0.95))
