"""Pure: what a server does not accept, and what to try instead once it says so."""

import re
from dataclasses import dataclass, replace
from typing import Literal

from langai_site.outbound.lanes.events import ServerFailure
from langai_site.outbound.lanes.requests import Request


@dataclass(frozen=True, slots=True)
class Quirks:
    """How the requests of one model differ from the usual ones.

    `max_tokens_name` None: no limit is sent; `usual`: nothing is known, so its provider's usual name is used.
    `system_role` is the role of instructions; `user` puts them before the first question. `max_tokens_ceiling` is the
    most tokens that may be requested, None if nothing is known. `reasoning_content`: earlier thinking is sent back
    under that name in messages that call tools. `opened`: the model's answers begin inside a thought whose beginning it
    does not send. `window`: the tokens of question and answer together that its server named when it refused more.
    """

    max_tokens_name: Literal["usual", "max_tokens", "max_completion_tokens"] | None = "usual"
    stream_options: bool = True
    system_role: Literal["system", "developer", "user"] = "system"
    temperature: bool = True
    stream: bool = True
    max_tokens_ceiling: int | None = None
    reasoning_content: bool = False
    opened: bool = False
    window: int | None = None

    @property
    def limit_name(self) -> Literal["max_tokens", "max_completion_tokens"] | None:
        """Return the name under which the longest answer is sent; None: it is not sent."""
        return "max_tokens" if self.max_tokens_name == "usual" else self.max_tokens_name

    def max_tokens(self, wanted: int) -> int:
        """Return how many tokens to request."""
        return wanted if self.max_tokens_ceiling is None else min(wanted, self.max_tokens_ceiling)


USUAL = Quirks()

# Statuses with which servers refuse a parameter. llama.cpp sends 500 if a model's template refuses a message.
REFUSALS = (0, 400, 404, 405, 422)
NAMES = {
    "max_tokens": r"max_completion_tokens|max_tokens|max_output_tokens|maxoutputtokens|num_predict|max_new_tokens",
    "stream_options": r"stream_options|include_usage",
    "temperature": r"temperature",
    "stream": r"stream",
}
# The words with which a message refuses a parameter, before and after its name.
BEFORE = (
    r"(?:unsupported|unknown|unrecogni[sz]ed|unexpected|invalid|extra|forbidden|not support(?:ed)?|not accept(?:ed)?"
    r"|instead of|remove)[^.]{0,50}?[^.\w]"
)
AFTER = (
    r"(?:not supported|unsupported|not permitted|not allowed|forbidden|unknown|unrecogni[sz]ed|extra inputs|extra_forb"
    r"|deprecated|too (?:large|high|big)|must be|should be|does not support|not available|is larger|exceeds|> ?\d"
    r"|cannot be|can't be|cannot exceed|not accept|not valid|(?:not|un)[ -]?expected|is fixed|disabled"
    r"|not enabled|no longer|only|range|is invalid)"
)
TOO_LARGE = re.compile(
    r"too (?:large|high|big)|(?:greater|higher|more) than|at most|exceed|maximum|less than|larger|no more|<=|> ?\d"
    r"|range|between|limit|up to",
    re.IGNORECASE,
)
# A limit that depends on the prompt: the next request may have more room.
WINDOW = re.compile(
    r"context (?:length|window|size|limit)|input (?:tokens|length)|`inputs` tokens|(?:prompt|input) and max_tokens",
    re.IGNORECASE,
)
# A message that names the limit without a word that refuses the parameter.
LIMITED = re.compile(
    r"(?:maximum|limit|expected)[^.]{0,30}\bmax_(?:\w{1,12}_)?tokens\b"
    r"|\bmax_(?:\w{1,12}_)?tokens\b[^.]{0,20} (?:limit|at most)\b",
    re.IGNORECASE,
)
NUMBERS = re.compile(
    r"(?:at most|greater than|less than or equal to|less than|<=?|exceed|no more than|maximum|up to|max|limit"
    r"|larger than|> ?)(?: (?:value|allowed|of|is|for|output|completion|tokens|number|this|model|the|max_tokens"
    r"|max_completion_tokens))*[\s:='\"`]*(\d[\d,_]{0,11})"
    r"|\[ ?\d+ ?, ?(\d{1,9}) ?[\])]|between \d+ and (\d{1,9})|to (\d{1,9}) \((?:ex|in)clusive",
    re.IGNORECASE,
)
FEWEST = 256
INSTEAD = re.compile(r"use ['\"`]?(max_completion_tokens|max_tokens)\b", re.IGNORECASE)
NO_SYSTEM = re.compile(
    r"system (?:role|message|prompt|instruction)s? (?:is |are )?(?:not |un)(?:supported|allowed|enabled)"
    r"|(?:not|n't) support (?:the )?['\"`]?system\b|developer instruction is not enabled"
    r"|roles must alternate|must alternate (?:between )?user|only user\b[^.]{0,40} roles are supported"
    r"|(?:unexpected|unsupported|unknown|invalid) (?:message )?role:? ['\"`]?(?:system|developer)\b"
    r"|not support (?:the )?['\"`]?developer\b|role ['\"`]?system['\"`]? is not (?:allowed|valid|permitted)"
    r"|['\"`]system['\"`](?: role)? is not (?:one of|supported)|system (?:prompt|message)s? (?:is|are) disabled"
    r"|invalid value:? ['\"`]?system\b|first message must (?:have (?:the )?role|be from(?: the)?|be) ['\"`]?user\b"
    r"|roles? must be (?:one of|either)[^.a-z]{0,4}user\b(?![^.]{0,60}system)"
    r"|input should be (?![^.]{0,80}['\"`]system)['\"`]user\b",
    re.IGNORECASE,
)
NO_DEVELOPER = re.compile(
    r"['\"`]?developer['\"`]? (?:role )?is not (?:one of|a valid|supported|allowed)"
    r"|(?:unexpected|unsupported|unknown|invalid) (?:message )?(?:role|value|variant):? ['\"`]?developer\b"
    r"|input should be [^.]{0,80}'system'",
    re.IGNORECASE,
)
NO_REASONING = re.compile(
    r"reasoning_content\W[^.]{0,60}(?:missing|must be|required|passed back)|missing[^.]{0,20}reasoning_content",
    re.IGNORECASE,
)


def quirks_learnt(failure: ServerFailure, request: Request, quirks: Quirks) -> Quirks | None:
    """Return what to try instead after a server refused `request` as built with `quirks`; None if nothing is learnt.

    Each result differs from `quirks`, but servers can refuse one thing after another, so limit the attempts.
    """
    text = f"{failure.message} {failure.param}"
    if failure.status in REFUSALS:
        learnt = _limit_learnt(failure, text, request, quirks)
        if quirks.stream_options and _names("stream_options", failure, text):
            learnt = replace(learnt, stream_options=False)
        if quirks.temperature and request.temperature is not None and _names("temperature", failure, text):
            learnt = replace(learnt, temperature=False)
        if quirks.stream and request.stream and _refuses_stream(failure, text):
            learnt = replace(learnt, stream=False)
    elif failure.status == 500:
        learnt = quirks
    else:
        return None
    learnt = _roles_learnt(text, request, learnt)
    if not quirks.reasoning_content and NO_REASONING.search(text):
        learnt = replace(learnt, reasoning_content=True)
    return learnt if learnt != quirks else None


def _names(name: str, failure: ServerFailure, text: str) -> bool:
    """Return whether the failure says that this parameter is refused."""
    names = NAMES[name]
    if re.fullmatch(names, failure.param, re.IGNORECASE):
        return True
    quoted = rf"(?<![\w.])(?:{names})(?!\w)"
    patterns = (rf"{quoted}.{{0,80}}?{AFTER}", rf"{BEFORE}{quoted}", rf"'(?:{names})'\)")
    return any(re.search(pattern, text, re.IGNORECASE | re.DOTALL) for pattern in patterns)


def _refuses_stream(failure: ServerFailure, text: str) -> bool:
    is_about_options = _names("stream_options", failure, text)
    says_so = re.search(
        r"streaming (?:(?:mode|responses?|generation) )?(?:is |are |has been )?(?:currently )?(?:not|un|disabled)"
        r"|not support streaming|(?:cannot|can't|can not) stream\b|only ['\"`]?stream['\"`]? ?[=:] ?false",
        text,
        re.IGNORECASE,
    )
    return not is_about_options and (says_so is not None or _names("stream", failure, text))


def _limit_learnt(failure: ServerFailure, text: str, request: Request, quirks: Quirks) -> Quirks:
    if quirks.max_tokens_name is None or not (_names("max_tokens", failure, text) or LIMITED.search(text)):
        return quirks
    instead = INSTEAD.search(text)
    if instead is not None and (name := instead[1].lower()) != quirks.limit_name:
        return replace(quirks, max_tokens_name="max_tokens" if name == "max_tokens" else "max_completion_tokens")
    if TOO_LARGE.search(text):
        return quirks if WINDOW.search(text) else replace(quirks, max_tokens_ceiling=_ceiling(text, request, quirks))
    return replace(quirks, max_tokens_name="max_completion_tokens" if quirks.limit_name == "max_tokens" else None)


def _ceiling(text: str, request: Request, quirks: Quirks) -> int | None:
    """Return the limit that the message names, or half of the requested one."""
    wanted = quirks.max_tokens(request.max_tokens)
    found = []
    for match in NUMBERS.finditer(text):
        number = next(int(group.replace(",", "").replace("_", "")) for group in match.groups() if group)
        found.append(number - ("less than " in match[0] and "equal" not in match[0]) - ("(ex" in match[0]))
    below = [number for number in found if 0 < number < wanted]
    if below:
        return max(below)
    return max(wanted // 2, FEWEST) if wanted > FEWEST else quirks.max_tokens_ceiling


def _roles_learnt(text: str, request: Request, quirks: Quirks) -> Quirks:
    if not any(message.role == "system" for message in request.messages):
        return quirks
    if quirks.system_role == "developer" and NO_DEVELOPER.search(text):
        return replace(quirks, system_role="system")
    if quirks.system_role != "user" and NO_SYSTEM.search(text):
        return replace(quirks, system_role="user")
    return quirks
