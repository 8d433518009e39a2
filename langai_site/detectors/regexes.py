"""The one module that uses RE2, a matcher that takes linear time in the text's length, whatever pattern and text are.

Python's own can take exponential time. In exchange, RE2 has no references and no lookaround; its \\w, \\d and
\\b know ASCII only.
"""

import re

import re2

# Memory for a pattern and its matching. Beyond that RE2 gets slower, not wrong.
MEMORY = 8 << 20


class BadPatternError(ValueError):
    """The pattern is not one that RE2 reads; the message says why."""


def compiled(pattern: str, *, ignore_case: bool = True, memory: int = MEMORY) -> re.Pattern[str]:
    """Return `pattern` in RE2, which has the methods of Python's own. Raises BadPatternError."""
    try:
        found: re.Pattern[str] = re2.compile(pattern, options=_options(ignore_case, memory))
    except re2.error as error:
        raise BadPatternError(_reason(error)) from None
    return found


def size(pattern: re.Pattern[str]) -> int:
    """Return the steps of the compiled pattern: its worst cost for each character."""
    steps: int = pattern.programsize  # type: ignore[attr-defined]  # RE2 alone has it
    return steps


def near(words: re.Pattern[str], text: str, start: int, end: int, reach: int = 60) -> bool:
    """Return whether `words` match within `reach` characters before `start` or after `end`."""
    return bool(words.search(text[max(start - reach, 0) : end + reach]))


def _options(ignore_case: bool, memory: int) -> re2.Options:
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.max_mem = memory
    # It would write to the process's standard error.
    options.log_errors = False
    return options


def _reason(error: Exception) -> str:
    reason = error.args[0]
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
