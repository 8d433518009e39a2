"""Pure: codes and wordings by which providers distinguish kinds of failure.

Collected from the documentation, the sources and the issue threads of OpenAI, Azure, Anthropic, Gemini, Mistral, Groq,
OpenRouter, xAI, Moonshot, DashScope, vLLM, SGLang, TGI, llama.cpp, LM Studio and Ollama.
"""

import re

# By code or type, exact and in lower case. The first kind that matches wins.
WORDS = {
    "too_long": (
        *("context_length_exceeded", "exceed_context_size_error", "context_window_exceeded", "request_too_large"),
        *("string_above_max_length", "model_context_window_exceeded", "contextwindowexceedederror", "3051", "1261"),
    ),
    "filtered": (
        *("content_filter", "content_policy_violation", "responsibleaipolicyviolation", "blocked_prompt", "moderation"),
        *("data_inspection_failed", "content_moderation", "sensitive", "contentfilter", "invalid_prompt", "1301"),
    ),
    "quota": (
        *("insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "billing_error", "quota_exceeded"),
        *("insufficient_credits", "insufficient_balance", "payment_required", "credit_balance_too_low", "arrearage"),
        *("access_terminated", "exceeded_current_quota_error", "1113"),
    ),
    "loading": ("model_loading", "model_not_ready"),
    "unauthorized": (
        *("invalid_api_key", "authentication_error", "permission_error", "api_key_invalid", "unauthenticated"),
        *("permission_denied", "incorrect_api_key_provided", "invalid_authentication_error", "account_deactivated"),
    ),
    "not_found": ("model_not_found", "model_not_available", "not_found_error", "deploymentnotfound", "invalid_model"),
    "rate_limited": (
        *("rate_limit_exceeded", "rate_limit_error", "rate_limit_reached_error", "resource_exhausted"),
        *("too_many_requests", "throttlingexception", "tokens", "requests", "1302"),
    ),
    "upstream_error": (
        *("overloaded_error", "server_error", "api_error", "internal", "unavailable", "internal_server_error"),
        "unavailable_error",
    ),
}
BY_WORD = {word: code for code, words in reversed(WORDS.items()) for word in words}

# Each phrase names the subject and what is wrong with it, so that a sentence that merely mentions contexts, keys or
# filters does not match.
NUMBER = r"\(?~?\d[\d,._]*\)?"
TOO_LONG = (
    r"maximum (?:context|prompt|model|input) (?:length|size|window) (?:is|of)",
    r"context[ _](?:length|window|size)\s*(?:of the model |is |was |has been )*(?:only|exceeded|overflow|reached)",
    r"reached (?:the )?context (?:length|size|window|limit)",
    r"(?:exceed\w*|larger than|greater than|longer than|over|beyond) (?:the |this |its )?"
    r"(?:model'?s? |available |maximum |max |allowed |configured )*"
    r"(?:context|token limit|n_ctx|num_ctx|input length|prompt length|model length)",
    r"exceed\w* (?:the )?(?:maximum|max|limit)(?: allowed)?(?: number)? (?:of )?(?:input )?tokens",
    r"exceeds the limit of " + NUMBER + r" tokens",
    r"(?:prompt|input|request|conversation|context|messages?)(?: \w+)? (?:is|are|was|were) too (?:long|large)",
    r"request too large for|input length and `?max_tokens`? exceed",
    r"too many (?:input |prompt )?tokens(?! per| a minute| processed|, please wait)",
    r"requested tokens " + NUMBER + r" exceed",
    r"(?:prompt|input) (?:contains|has|length|tokens?)\b[^.]{0,40}(?:exceed|larger|longer|greater|too large)",
    r"(?:reduce|shorten) (?:the |your )?(?:length |size )?(?:of )?(?:the |your )?"
    r"(?:messages|prompt|input|conversation)",
    r"context ?window ?exceeded|tokens? limit exceeded|exceed\w* (?:the )?model(?:'?s)? (?:capacity|limit)\b",
    r"prompt \([^)]{0,40}\) is too long|(?:prompt|input) \(" + NUMBER + r" tokens\) is too long",
    r"input[_ ]tokens? \(?" + NUMBER + r"(?: \+ [^>]{0,40})?\s*> ",
    r"\+ max_(?:new_)?tokens[^>]{0,20}> [a-z_ ]{0,20}" + NUMBER,
    r"context the overflows|tokens to keep from the initial prompt is greater than the context",
    r"too large for model with " + NUMBER + r" maximum context",
    r"`inputs` (?:tokens \+|must have less than)",
    r"range of input length should be",
    r"\b(?:prompt|conversation|input|context|messages?) (?:is |are )?too long\b|length limit exceeded",
    r"string too long\. expected a string with maximum length|total message size " + NUMBER + r" exceeds limit",
    r"tokens (?:in (?:the )?request )?(?:more than|exceeds?) (?:max tokens allowed|the model'?s (?:\w+ )?limit)",
    r"max(?:imum)? context (?:length|window|size) (?:is|of|:) ?" + NUMBER,
    r"prompt exceeds (?:the )?max(?:imum)? length|input token count (?:is|of) " + NUMBER + r" but",
)
FILTERED = (
    r"content[ _-](?:management )?(?:polic(?:y|ies)|filter\w*|moderation)",
    r"(?:blocked|flagged|rejected|stopped|filtered) (?:by|due to|because of|as|for) [^.]{0,40}"
    r"(?:safety|moderation|polic|filter|potentially violating)",
    r"violat\w+ (?:our|the|its|their) [^.]{0,30}polic",
    r"prohibited content|inappropriate content|responsible ai|requires moderation|content exists risk",
    r"contentpolicyviolation|(?:considered|deemed) (?:high risk|unsafe)|input was flagged",
)
QUOTA = (
    r"exceeded your current quota|insufficient (?:quota|balance|credits?|funds|account balance)",
    r"credit balance is too low|out of credits?\b|not enough credits|requires more credits",
    r"more credits are required|billing (?:hard )?limit|check your plan and billing|payment required",
    r"billing (?:is not|not) (?:active|enabled)|budget has been exceeded|top up your",
    r"(?:monthly|spend(?:ing)?|usage|budget) limit (?:has been |was |is )?(?:reached|exceeded)",
    r"exceeded (?:its|your|the) (?:usage cap|budget|spend|monthly|credit)|account (?:is )?(?:suspended|in arrears)",
    r"balance is (?:insufficient|not enough)|credits? (?:are|is|have been|has been) (?:depleted|exhausted|used up)",
    r"reached your (?:[\w-]+ ){0,3}(?:spend|spending|usage|budget|monthly|billing) (?:limits?|caps?)",
    r"(?:monthly|prepaid|free|account) quota (?:is |was |has been )?(?:exhausted|used up|exceeded|reached)",
    r"key limit exceeded|used (?:all|up)(?: of)?(?: your| the)?(?: available| prepaid)? credits|exceeded your prepaid",
    r"(?:run out of|no(?: more)?|zero) (?:prepaid |remaining )?(?:credits|balance|funds)\b(?! were)",
    r"no credits (?:remain|left)",
    r"(?:quota|free tier|credits?|balance)\b[^.]{0,40}(?:exhausted|consumed|used up|depleted|is negative)",
    r"check your billing|余额不足|欠费|配额已用",
)
LOADING = (
    r"^loading model\b|(?:loading|waiting for) (?:the )?model\b[^.]{0,20}$",
    r"\b(?:model|it) (?:\S+ )?is (?:currently |still )?(?:being loaded|loading|starting|warming)",
    r"^model (?:was )?unloaded\b|model (?:is )?not (?:yet )?ready|model (?:is )?not (?:yet loaded|loaded yet)",
    r"(?:server|runner|engine) (?:is )?(?:still )?(?:loading|starting|warming up|not ready)",
)
UNAUTHORIZED = (
    r"\b(?:invalid|incorrect|missing|expired|no|wrong|revoked) (?:\w+ )?"
    r"(?:api[ _-]?key|access token|bearer token|credentials)",
    r"api[ _-]?key (?:is |was |has )?(?:not valid|invalid|expired|not found|missing|leaked|revoked|required|been )",
    r"\bunauthorized\b|not authenticated|authentication (?:failed|required|error)",
)
NOT_FOUND = (
    r"\bmodel\b[^.]{0,80}"
    r"(?:not found|does not exist|not exist|is not available|was removed|deprecated|decommissioned|not a valid)",
    r"(?:no such|unknown|invalid) model\b|not a valid model|no endpoints found|try pulling it first|no model named",
    r"\bmodel\b[^.]{0,40}\bnot (?:allowed|permitted)\b",
    r"deployment[^.]{0,40}does not exist|is not found for api version|no models? loaded",
)
RATE = (
    r"too many tokens(?:, please wait| processed)",
    r"\brate[ -]?limit(?:s|ed|ing)?\b|too many requests|quota exceeded for|slow down",
    r"(?:tokens|requests) per (?:min|day|hour)|resource has been exhausted|concurrency limit",
    r"(?:maximum|max) (?:pending|concurrent|queued) requests",
)
OVERLOADED = (r"overloaded|(?:at|over) capacity|server (?:is )?busy|high demand|temporarily unavailable",)
# Servers on a model's own machine call these failures of theirs, but the next try would fail too.
REJECTED = (
    r"\b(?:image|picture|audio|video|vision|multimodal) inputs? (?:is|are) not supported",
    r"does not support (?:tools|thinking|images|vision|function calling)",
    r"missing data required for (?:image|audio|video) input|param requires --jinja",
)


def _all(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{phrase})" for phrase in phrases), re.IGNORECASE)


WORDINGS = {
    "too_long": _all(TOO_LONG),
    "filtered": _all(FILTERED),
    "quota": _all(QUOTA),
    "loading": _all(LOADING),
    "unauthorized": _all(UNAUTHORIZED),
    "not_found": _all(NOT_FOUND),
    "rate_limited": _all(RATE),
    "upstream_error": _all(OVERLOADED),
    "rejected": _all(REJECTED),
}
# Gemini says that the quota is exceeded even if only a limit per minute is.
A_MINUTES_QUOTA = re.compile(r"quota exceeded for (?:quota )?metric", re.IGNORECASE)
