"""The socket of a comparison: several live replies at once. It only draws what happens."""

from uuid import UUID

from django.template.loader import render_to_string

from chat.comparisons import access
from chat.events import (
    BranchGone,
    ConversationTitled,
    LabelRose,
    ReplyBegun,
    ReplyChange,
    ReplyCorrected,
    ReplyDone,
)
from chat.live import snapshots
from chat.models import ComparedReply, ModelComparison
from chat.pages import comparisons, drawing, fragments, shared_drawings
from chat.pages.consumers import ConversationConsumer
from chat.pages.shared_drawings import SharedDrawing


class ComparisonConsumer(ConversationConsumer):
    """Shows each answer of a comparison as it grows, and how it ended."""

    def __init__(self) -> None:
        super().__init__()
        # By reply: what the page shows of it, and the number of the last change in that.
        self.drawings: dict[str, tuple[SharedDrawing, int]] = {}

    async def _catch_up(self) -> None:
        """Draw all answers: the page may have missed the beginning or the end of any."""
        comparison, rows, names = await self._read()
        for answer in await comparisons.shown_answers(comparison, rows, names):
            if answer.bubble.live:
                await self._draw_live(str(answer.bubble.id))
            else:
                await self._draw(await drawing.off_loop(_ended, answer))

    async def _read(self) -> tuple[ModelComparison, list[ComparedReply], dict[str, str]]:
        return await self.read(_answers, self.user_id, self.scope["url_route"]["kwargs"]["comparison"])

    async def _draw_live(self, reply: str) -> None:
        """Show the whole of a live reply, and follow it from here on."""
        snapshot = await snapshots.snapshot(UUID(reply))
        if snapshot is None:
            return
        live = shared_drawings.of(reply, snapshot)
        bubble, number = await live.whole()
        self.drawings[reply] = live, number
        await self._draw(fragments.replaced_frame(bubble, reply))

    async def reply_begun(self, event: ReplyBegun) -> None:
        """Pass over it: the page has a place for each answer from the beginning."""

    async def _follow(self, event: ReplyChange) -> None:
        known = self.drawings.get(event["reply"])
        if known is None:
            # Its first change, or one of another branch, which has no place on the page.
            return await self._draw_live(event["reply"])
        live, number = known
        if event["number"] <= number:
            return
        frame = await live.frame(event) if event["number"] == number + 1 else None
        if frame is None:
            return await self._draw_live(event["reply"])
        self.drawings[event["reply"]] = live, event["number"]
        if frame:
            await self._draw(frame)

    async def reply_done(self, event: ReplyDone) -> None:
        self.drawings.pop(event["reply"], None)
        comparison, rows, names = await self._read()
        ended = [row for row in rows if str(row.reply_id) == event["reply"]]
        for answer in await comparisons.shown_answers(comparison, ended, names):
            await self._draw(await drawing.off_loop(_ended, answer))

    async def reply_corrected(self, event: ReplyCorrected) -> None:
        await self.reply_done(ReplyDone(type="reply.done", reply=event["reply"]))

    async def branch_gone(self, event: BranchGone) -> None:
        """Close the socket if the question was deleted."""
        await self._read()

    async def label_rose(self, _event: LabelRose | None) -> None:
        """Pass over it: the page does not show the label."""

    async def conversation_titled(self, _event: ConversationTitled) -> None:
        """Pass over it: the page does not show the title."""


def _answers(user_id: int, comparison_id: UUID) -> tuple[ModelComparison, list[ComparedReply], dict[str, str]]:
    comparison = access.access_comparison(user_id, comparison_id)
    return comparison, list(access.answers_of(comparison)), comparisons.names_for(user_id)


def _ended(answer: comparisons.ShownAnswer) -> str:
    """Return the frame that puts an answer that has ended in place of what was shown of it."""
    return render_to_string("chat/comparison.html#answer", {"answer": answer, "oob": True})
