"""What a model's name asks the upstream to do.

`t500-r50-d100`  500 tokens, 50 a second (r0: at once), the first after 100 ms; `-w10`: 10 tokens a write.
`h40`            thinks before it answers: 40 tokens, at the same rate.
`c8192`          is listed with a context window of so many tokens; `p70` as one of 70 billion parameters.
`k9000`          refuses a prompt of more than so many characters as too long, as servers do by their tokens.
`echo`           the next scripted text, else what the person wrote last.
`nousage`        sends no token counts, even when asked; `u30` says 10^30 for each of them.
`length`         ends with the finish reason "length"; `filter` with "content_filter"; `silent` has no text at all.
`strict-…`       refuses a parameter, see `strict.py`: `strict-nosystem-echo`.
`fail-…`         one of HTTP_FAILURES, or of MID_STREAM, see below; may be joined with a shape: `fail-cut-t20-r0`.
"""

import re
from collections import deque
from dataclasses import dataclass
from functools import lru_cache

SHAPE = re.compile(r"(?:^|-)([trdwcpukh])(\d+)(?=-|$)")
FAILURE = re.compile(r"fail-([a-z]+)")
WORD = re.compile(r"\s*\S+\s*$|\s*\S+|\s+$")
DEFAULTS = {"t": 20, "r": 0, "d": 0, "w": 1, "c": 0, "p": 0, "u": 0, "k": 0, "h": 0}

# Status, content type and body of an answer that is an error from the start; in the shapes that servers really send.
SECRETIVE = "sk-upstream-saw-this internal stack trace"
HTTP_FAILURES: dict[str, tuple[int, str, str]] = {
    "unauthorized": (
        401,
        "application/json",
        '{"error": {"message": "Wrong API key: %s", "code": "invalid_api_key"}}',
    ),
    "detail": (401, "application/json", '{"detail": "%s"}'),
    "forbidden": (403, "application/json", '{"error": "%s"}'),
    "missing": (404, "application/json", '{"error": {"message": "The model does not exist: %s"}}'),
    "busy": (429, "application/json", '{"error": {"message": "Rate limit reached: %s", "type": "requests"}}'),
    "broken": (500, "application/json", '{"error": {"message": "%s", "type": "server_error"}}'),
    "html": (502, "text/html", "<html><body><h1>Bad gateway</h1>%s</body></html>"),
    "list": (500, "application/json", '[{"error": ["%s"]}]'),
    "empty": (503, "application/json", ""),
    "toolong": (
        400,
        "application/json",
        '{"error": {"message": "This model\'s maximum context length is 10. %s", "code": "context_length_exceeded"}}',
    ),
    "filtered": (400, "application/json", '{"error": {"message": "Stopped: %s", "code": "content_filter"}}'),
    "unprocessable": (422, "application/json", '{"error": {"message": "%s", "param": "messages"}}'),
    "redirect": (307, "text/plain", "%s"),
}
# hang: silence before the first byte; idle: silence half-way; cut: the connection is reset half-way; error: an error
# object half-way; malformed: a line half-way that is not JSON; nofinish: a clean end without a finish reason. What has
# no end is in `floods.py`.
MID_STREAM = ("hang", "idle", "cut", "error", "malformed", "nofinish")


@dataclass(frozen=True)
class Plan:
    """How one request is answered."""

    tokens: tuple[str, ...]
    rate: int
    delay: float
    per_write: int
    failure: str
    finish: str
    counts: bool
    absurd: int = 0
    most_chars: int = 0
    thoughts: tuple[str, ...] = ()


@lru_cache(maxsize=64)
def counted(number: int) -> tuple[str, ...]:
    """`number` distinct tokens, a paragraph every 40, the last one marked."""
    tokens = [f" word{index}" for index in range(1, number)] + [" end."]
    tokens[0] = tokens[0].lstrip()
    for index in range(39, number - 1, 40):
        tokens[index] += ".\n\n"
    return tuple(tokens)


@lru_cache(maxsize=64)
def thought(number: int) -> tuple[str, ...]:
    """`number` distinct tokens of a thought, the first one bold."""
    return tuple(f"**Hm{index}** " if index == 1 else f"hm{index} " for index in range(1, number + 1))


def bare(model: str) -> str:
    return model.rsplit("/", 1)[-1].split(":", 1)[0]


def shape_of(model: str) -> dict[str, int]:
    """The numbers that a model's name has in it, or the usual ones."""
    return {**DEFAULTS, **{key: int(value) for key, value in SHAPE.findall(bare(model))}}


def plan_of(model: str, scripted: deque[str], last_words: str) -> Plan:
    """Return what `model` asks for; an `echo` takes one text from `scripted`."""
    name, shape = bare(model), shape_of(model)
    failure = FAILURE.search(name)
    if "echo" in name:
        text = scripted.popleft() if scripted else last_words or "Nothing was said."
        tokens = tuple(WORD.findall(text))
    else:
        tokens = () if "silent" in name else counted(max(shape["t"], 1))
    return Plan(
        tokens=tokens,
        rate=shape["r"],
        delay=shape["d"] / 1000,
        per_write=max(shape["w"], 1),
        failure=failure[1] if failure else "",
        finish="length" if "length" in name else "content_filter" if "filter" in name else "stop",
        counts="nousage" not in name,
        absurd=10 ** shape["u"] if shape["u"] else 0,
        most_chars=shape["k"],
        thoughts=thought(shape["h"]),
    )
