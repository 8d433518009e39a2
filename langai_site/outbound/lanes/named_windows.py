"""Pure: reads how many tokens a model takes from the words with which its server refuses a longer prompt."""

import re

from langai_site.outbound.lanes.events import ServerFailure

NUMBER = r"(\d[\d,]{2,11})\b(?! ?(?:characters|bytes|chars|\+))"
NAMED = re.compile(
    r"(?:maximum|max) (?:context|prompt|model|input) (?:length|size|window)(?: is| of|:)?(?: only)? ?" + NUMBER + "|"
    r"context[ _](?:length|window|size|limit)(?: is| was| of|:)*(?: only)? ?\(?" + NUMBER + "|"
    r"context limit: \d+ \+ \d+ > " + NUMBER + "|"
    r"(?:too large for model with|n_ctx|num_ctx|max_seq_len|max_model_len|model token limit:?|only supports up to) "
    + NUMBER
    + "|"
    r"exceeds? the maximum number of tokens allowed \(" + NUMBER + "|"
    r"tokens > " + NUMBER + r" maximum|(?:input tokens|limit exceeded:) ?\d+ > " + NUMBER + "|"
    r"(?:model capacity of|tokens\) is too long and exceeds limit of) " + NUMBER + "|"
    r"(?:tokens \+ `?max_new_tokens`? must be <=|range of input length should be \[\d+,) ?" + NUMBER,
    re.IGNORECASE,
)
# Outside of these, a number is something else.
FEWEST, MOST = 512, 20_000_000


def window_of(failure: ServerFailure) -> int:
    """Return the window in tokens that a refusal names; 0 if it names none. The smallest counts if it names several."""
    found = (int(next(filter(None, match.groups())).replace(",", "")) for match in NAMED.finditer(failure.message))
    return min((number for number in found if FEWEST <= number <= MOST), default=0)
