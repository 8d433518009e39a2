"""Pure: what the decoders of all formats have in common."""

from collections.abc import Mapping
from typing import Any

from langai_site.outbound.lanes.counts import Counts
from langai_site.outbound.lanes.error_shapes import failure_of
from langai_site.outbound.lanes.errors import TooLongError, UnreadableError
from langai_site.outbound.lanes.events import ALIVE, Event, Finished, FinishReason, ToolCallDelta, UsageDelta
from langai_site.outbound.lanes.framing import Done, Frame, Frames
from langai_site.outbound.lanes.lines import LONGEST_EVENT
from langai_site.outbound.lanes.voice import Voice


class BaseDecoder:
    """Turns the bytes of one answer into events; `_read` adds the events of one object.

    An error is raised only after all events before it were returned, so the text up to it is never lost.

    `close` returns no Finished if the server did not say that the answer is complete: the stream was cut off. Both
    methods raise UnreadableError for bytes that are not in the format, and TooLongError.
    """

    def __init__(self, *, opened: bool = False, longest: int = LONGEST_EVENT) -> None:
        """`opened`: the text begins inside a thought. `longest`: the most bytes of one event."""
        self._frames = Frames(longest)
        self._voice = Voice(opened=opened)
        self._counts = Counts()
        self._is_finished = False
        self._has_failed = False
        # The answer is complete, whether or not the server names a reason.
        self._has_ended = False
        # The answer is complete if nothing but this one object comes.
        self._has_message = False
        self._has_calls = False
        self._error: UnreadableError | TooLongError | None = None

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that are complete with `data`, at least a sign of life for each object."""
        if self._error is not None:
            raise self._error
        found: list[Event] = []
        frames: list[Frame] = []
        try:
            self._frames.read(data, frames)
        except (UnreadableError, TooLongError) as error:
            # What came before the error counts, however the bytes were split.
            if not frames:
                raise
            self._error = error
        for frame in frames:
            if type(frame) is dict:
                before = len(found)
                if not self._has_failed:
                    self._read(frame, found)
                if len(found) == before:
                    found.append(ALIVE)
            elif isinstance(frame, Done):
                self._has_ended = True
            else:
                found.append(ALIVE)
        return found

    def close(self) -> list[Event]:
        """Return the events at the end of the stream. Raises the error that the last `feed` held back."""
        if self._error is not None:
            raise self._error
        found: list[Event] = []
        for frame in self._frames.close():
            if type(frame) is dict:
                if not self._has_failed:
                    self._read(frame, found)
            elif isinstance(frame, Done):
                self._has_ended = True
        self._has_ended |= self._frames.is_whole and self._has_message
        self._end(found)
        if not self._is_finished:
            found += self._voice.close()
        if self._has_ended and not self._frames.is_cut:
            self._finish(FinishReason.STOP, found)
        return found

    def _read(self, chunk: Mapping[str, Any], found: list[Event]) -> None:
        """Add the events of one object to `found`."""
        raise NotImplementedError

    def _end(self, found: list[Event]) -> None:
        """Add what is known only at the end of the stream."""

    def _count(self, usage: UsageDelta | None, found: list[Event]) -> None:
        if (total := self._counts.add(usage)) is not None:
            found.append(total)

    def _fail(self, error: Any, found: list[Event]) -> None:  # noqa: ANN401 - whatever a server sends
        """Add the failure, after what was held back. Nothing that follows is read."""
        self._has_failed = True
        found += self._voice.close()
        found.append(failure_of(error))

    def _call(self, call: ToolCallDelta, found: list[Event]) -> None:
        self._has_calls = True
        found.append(call)

    def _finish(self, reason: FinishReason, found: list[Event]) -> None:
        """Add the reason, once. An answer that stops after tool calls stops for them, whatever the server calls it."""
        if self._is_finished or self._has_failed:
            return
        self._is_finished = True
        found += self._voice.close()
        found.append(Finished(FinishReason.TOOL_CALLS if self._has_calls and reason == FinishReason.STOP else reason))


def is_bare_error(chunk: Mapping[str, Any]) -> bool:
    """Return whether the chunk is an error that is not under the key `error`."""
    has_words = any(isinstance(chunk.get(name), str) for name in ("message", "msg", "error_msg", "errorMessage"))
    return has_words or bool(chunk.get("detail")) or bool(chunk.get("errors")) or chunk.get("object") == "error"
