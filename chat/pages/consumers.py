"""The socket of a conversation. It only draws what happens: closing it changes nothing else."""

from collections.abc import Collection
from urllib.parse import parse_qs
from uuid import UUID

from django.conf import settings

from chat.conversations import access, branches
from chat.conversations.branches import ThreadPart
from chat.events import (
    IDLE,
    BranchGone,
    ConversationGone,
    ConversationTitled,
    LabelRose,
    ReplyBegun,
    ReplyChange,
    ReplyCorrected,
    ReplyDone,
    ReplyGrew,
    ReplyProgressed,
    ReplySourced,
    Snapshot,
    group_of,
)
from chat.live import snapshots
from chat.models import Conversation, Message
from chat.pages import catching_up, drawing, fragments, shared_drawings, suggestions
from chat.pages.shared_drawings import SharedDrawing
from langai_site.accounts import limits
from langai_site.accounts.models import User
from langai_site.accounts.person_socket import SIGNED_OUT, TOO_MANY, PersonSocket
from langai_site.errors import NotFoundError, TooManyError
from langai_site.sensitivity import Sensitivity


class ConversationConsumer(PersonSocket):
    drawing: SharedDrawing | None = None
    # The number of the live reply's last change that the page shows.
    number: int = 0
    label: int = Sensitivity.PUBLIC
    # Messages drawn while catching up: events about them may still arrive.
    drawn: frozenset[str] = frozenset()
    # Replies that are still being written on branches that are not shown any more.
    hidden: frozenset[str] = frozenset()

    async def connect(self) -> None:
        await self.accept()
        user, self.conversation = self.scope["user"], self.scope["url_route"]["kwargs"]["conversation"]
        if not user.is_authenticated:
            await self.close(SIGNED_OUT)
            return
        self.user_id = user.id
        if not await self._may_watch(user):
            await self.close(TOO_MANY)
            return
        # Listen before reading: what happens in between is drawn twice rather than never.
        await self.enter(user)
        await self.read(access.require_theirs, self.user_id, self.conversation)
        await self.channel_layer.group_add(group_of(self.conversation), self.channel_name)
        await self._catch_up()

    async def _may_watch(self, user: User) -> bool:
        try:
            await limits.acount(limits.SOCKETS, settings.RATE_LIMIT_PER_MINUTE, limits.person(user))
        except TooManyError:
            return False
        return self.take_seat(user.id)

    async def disconnect(self, code: int) -> None:
        await super().disconnect(code)
        await self.channel_layer.group_discard(group_of(self.conversation), self.channel_name)

    async def _catch_up(self) -> None:
        """Bring the page up to date; its socket's address says what it shows."""
        shown = parse_qs(self.scope["query_string"].decode("latin1")).get("shown", [""])[0]
        await self.check()
        conversation, part, last_shown = await drawing.off_loop(_latest, self.user_id, self.conversation, shown)
        self.label = conversation.label
        if not part.messages:
            return
        leaf = part.messages[-1]
        is_live = leaf.status == Message.Status.STREAMING
        if fragments.state_of(leaf) == shown and not is_live:
            return
        self.drawn = frozenset(str(message.id) for message in part.messages)
        snapshot = await snapshots.snapshot(leaf.id) if is_live else None
        frame = await catching_up.frame(part, shown, last_shown, snapshot)
        leaf.conversation = conversation
        following = await drawing.off_loop(suggestions.frame, self.user_id, leaf)
        await self._draw(frame + fragments.label_frame(conversation) + following)
        if is_live:
            start = snapshot or fragments.snapshot_of_row(leaf)
            await self._draw_whole(shared_drawings.of(str(leaf.id), start))

    async def reply_begun(self, event: ReplyBegun) -> None:
        if event["reply"] in self.drawn and event["replaces"] != event["reply"]:
            return
        await self.read(access.require_theirs, self.user_id, self.conversation)
        reply = UUID(event["reply"])
        progress = event.get("progress", IDLE)
        snapshot = Snapshot(number=0, text=event["written"], sources=[], model="", progress=progress)
        if self.drawing and self.drawing.reply != event["reply"]:
            self.hidden |= {self.drawing.reply}
        self.drawing = shared_drawings.of(event["reply"], snapshot)
        bubble, self.number = await self.drawing.whole()
        if event["replaces"] == event["reply"]:
            return await self._draw(fragments.replaced_frame(bubble, reply))
        if event["replaces"]:
            # Another answer to an earlier question: what followed the replaced answer is on another branch.
            return await self._draw(fragments.following_frame([bubble], event["question"]))
        await self._draw(fragments.asked_frame(await self._asked(event), bubble, event.get("after", "")))

    async def _asked(self, event: ReplyBegun) -> fragments.Bubble:
        """Return the question of a reply that begins, with its files, and its versions if it has more than one."""
        question = UUID(event["question"])
        if not (event.get("edited") or event.get("has_files")):
            return fragments.Bubble(question, Message.Role.USER, text=event["text"])
        return fragments.bubble_of(await self.read(access.question_as_shown, self.user_id, question))

    async def reply_sourced(self, event: ReplySourced) -> None:
        await self._follow(event)

    async def reply_grew(self, event: ReplyGrew) -> None:
        await self._follow(event)

    async def reply_progressed(self, event: ReplyProgressed) -> None:
        await self._follow(event)

    async def _follow(self, event: ReplyChange) -> None:
        """Draw a change if it is the next one. Layers drop events above their capacity, and may repeat them."""
        if event["reply"] in self.hidden:
            return
        is_known = self.drawing is not None and self.drawing.reply == event["reply"]
        if is_known and event["number"] <= self.number:
            return
        is_next = is_known and event["number"] == self.number + 1
        frame = await self.drawing.frame(event) if is_next and self.drawing else None
        if frame is None:
            return await self._mend(event["reply"])
        self.number = event["number"]
        if frame:
            await self._draw(frame)

    async def _mend(self, reply: str) -> None:
        """Draw the whole reply from its snapshot, because a change is missing."""
        # This may be the first of the reply that this page shows, if its branch is shown at all.
        shown = await self.read(access.leaf_of, self.user_id, self.conversation)
        is_drawn = self.drawing is not None and self.drawing.reply == reply
        if str(shown) != reply and not is_drawn:
            self.hidden |= {reply}
            return
        if snapshot := await snapshots.snapshot(UUID(reply)):
            await self._draw_whole(shared_drawings.of(reply, snapshot))

    async def _draw_whole(self, drawing: SharedDrawing) -> None:
        """Show what this drawing shows, and follow it from here on."""
        self.drawing = drawing
        bubble, self.number = await drawing.whole()
        await self._draw(fragments.replaced_frame(bubble, drawing.reply))

    async def reply_done(self, event: ReplyDone) -> None:
        if event["reply"] in self.hidden:
            return await self.label_rose(None)
        self.drawing = None
        reply = await self._reply(event["reply"])
        if reply is None:
            return
        frame = await drawing.ended_frame(reply)
        following = await self.read(suggestions.frame, self.user_id, reply)
        await self._draw(frame + self._label_frame(reply.conversation) + following)

    async def _reply(self, reply: str) -> Message | None:
        """Return a reply as it is drawn; None if it was deleted with its branch."""
        try:
            return await self.read(access.reply_as_shown, self.user_id, UUID(reply))
        except NotFoundError:
            await self.read(access.require_theirs, self.user_id, self.conversation)
            return None

    async def reply_corrected(self, event: ReplyCorrected) -> None:
        if reply := await self._reply(event["reply"]):
            frame = await drawing.corrected_frame(reply)
            await self._draw(frame + self._label_frame(reply.conversation))

    async def branch_gone(self, event: BranchGone) -> None:
        """Ignore what still comes of the branch's replies; a page that shows it is loaded again."""
        await self.read(access.require_theirs, self.user_id, self.conversation)
        self.hidden |= frozenset(event["replies"])
        await self._draw(fragments.gone_frame(event["message"]))

    async def label_rose(self, _event: LabelRose | None) -> None:
        conversation = await self.read(access.access_conversation, self.user_id, self.conversation)
        await self._draw(self._label_frame(conversation))

    async def conversation_titled(self, _event: ConversationTitled) -> None:
        conversation = await self.read(access.access_conversation, self.user_id, self.conversation)
        await self._draw(fragments.title_frame(conversation))

    async def conversation_gone(self, event: ConversationGone) -> None:
        """Close the socket if the conversation was deleted."""
        await self.read(access.require_theirs, self.user_id, self.conversation)

    @classmethod
    def not_theirs(cls, sockets: Collection[PersonSocket]) -> Collection[PersonSocket]:
        watched = {socket: (socket.user_id, socket.conversation) for socket in sockets if isinstance(socket, cls)}
        theirs = access.still_theirs(set(watched.values()))
        return [socket for socket, pair in watched.items() if pair not in theirs]

    def _label_frame(self, conversation: Conversation) -> str:
        """Return the label's frame, and the composer's labels only if it rose: the person may have chosen already."""
        before, self.label = self.label, conversation.label
        frame = fragments.label_frame(conversation)
        return frame + fragments.raised_frame(Sensitivity(self.label)) if self.label > before else frame

    async def _draw(self, frame: str) -> None:
        await self.send(text_data=frame)


def _latest(user_id: int, conversation_id: UUID, shown: str) -> tuple[Conversation, ThreadPart, UUID | None]:
    """Return a conversation, the end of its thread, and the last message of that end that the page shows too."""
    conversation = access.access_conversation(user_id, conversation_id)
    part = branches.latest(conversation)
    last_shown = fragments.message_of(shown)
    return conversation, part, last_shown and branches.common(conversation, last_shown, part.messages)
