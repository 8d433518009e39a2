"""Failures that a person can cause or must know of, each with a message that is safe to show."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Union

from langai_site.sentences import drawn, joined, sentence

if TYPE_CHECKING:
    from django.utils.functional import Promise


class LangAIError(Exception):
    """`code` is for programs, `status` for HTTP, `message` for people: what happened and what to do."""

    code = "error"
    status = 400
    # The headers of the response with this error.
    headers: Mapping[str, str] = {}
    # The part of the request that is wrong, as in “messages[0].content”: clients of OpenAI read it.
    param: str | None = None
    # What the page links to with the message: an address by its name, and the words of the link.
    link: tuple[str, Union[str, "Promise"]] | None = None

    def __init__(
        self,
        message: Union[str, "Promise"],
        *,
        code: str | None = None,
        status: int | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self._message = message
        self.code = code or self.code
        self.status = status or self.status
        self.param = param

    @property
    def message(self) -> str:
        """Return the message; one that was given lazily is in the language that is spoken now."""
        return self._message if isinstance(self._message, str) else str(self._message)

    @property
    def shown(self) -> str:
        """Return the message in the reader's language, for pages."""
        return drawn(self.message)


def continued(error: LangAIError, more: str) -> LangAIError:
    """Return an error like `error`, its cause, with `more` added to its message; `error` itself may be shared."""
    longer = LangAIError(joined([error.message, more]), code=error.code, status=error.status)
    longer.headers, longer.__cause__ = error.headers, error
    return longer


class InvalidError(LangAIError):
    code, status = "invalid", 400


class NotFoundError(LangAIError):
    """Also raised if a person may not see the thing, so that its existence stays hidden."""

    code, status = "not_found", 404


class ForbiddenError(LangAIError):
    """A person may see the thing, but not do this with it."""

    code, status = "forbidden", 403


class ConflictError(LangAIError):
    code, status = "conflict", 409


class TooManyError(LangAIError):
    """Something was requested too often, or too much of it at once; allowed again after `retry_after` seconds."""

    code, status = "too_many", 429

    def __init__(self, message: Union[str, "Promise"], *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.headers = {"Retry-After": str(retry_after)}


class UnavailableError(LangAIError):
    code, status = "unavailable", 503


class DiskFullError(LangAIError):
    code, status = "disk_full", 507


class MalformedError(LangAIError):
    """A program sent a request that does not have the required form."""

    code, status = "unreadable", 422


CHANGED = sentence("error.changed", "Documents or labels changed meanwhile, so nothing was sent. Ask again.")()


class NotAdmittedError(LangAIError):
    """Something that a call was built from has changed since, so nothing was sent. Build it again."""

    code, status = "changed", 409

    def __init__(self, message: str = "") -> None:
        super().__init__(message or CHANGED)


class ModelWithdrawnError(LangAIError):
    """The model was switched off, or taken from the person's teams, after the call was built."""

    code, status = "model_withdrawn", 409


class AboveCeilingError(LangAIError):
    """Text labelled higher than a model may see was about to be sent to it."""

    code, status = "above_ceiling", 403
