"""The socket of a conversation: a viewer. It draws what happens and owns nothing; closing it changes nothing."""

from collections.abc import Collection
from urllib.parse import parse_qs
from uuid import UUID

from django.conf import settings

from chat import catching_up, drawing, fragments
from chat.events import ConversationGone, LabelRose, ReplyBegun, ReplyDone, ReplyGrew, ReplySourced, Snapshot, group_of
from chat.models import Conversation, Message
from chat.services import branches, conversations, live
from chat.services.branches import Part
from langai_site.accounts import limits
from langai_site.accounts.models import User
from langai_site.accounts.person_socket import SIGNED_OUT, TOO_MANY, PersonSocket
from langai_site.errors import TooMany
from langai_site.sensitivity import Sensitivity


class ConversationConsumer(PersonSocket):
    drawing: fragments.LiveDrawing | None = None
    label: int = Sensitivity.PUBLIC
    # Messages that a catch-up has drawn: the news of them may still be on its way.
    drawn: frozenset[str] = frozenset()

    async def connect(self) -> None:
        await self.accept()
        user, self.conversation = self.scope["user"], self.scope["url_route"]["kwargs"]["conversation"]
        if not user.is_authenticated:
            return await self.close(SIGNED_OUT)
        self.user_id = user.id
        if not await self._may_watch(user):
            return await self.close(TOO_MANY)
        # Listen first, read then: what happens in between is drawn twice rather than never.
        await self.enter(user)
        await self.read(conversations.access_conversation, self.user_id, self.conversation)
        await self.channel_layer.group_add(group_of(self.conversation), self.channel_name)
        await self._catch_up()

    async def _may_watch(self, user: User) -> bool:
        try:
            await limits.acount(limits.SOCKETS, settings.RATE_LIMIT_PER_MINUTE, limits.person(user))
        except TooMany:
            return False
        return self.take_seat(user.id)

    async def disconnect(self, code: int) -> None:
        await super().disconnect(code)
        await self.channel_layer.group_discard(group_of(self.conversation), self.channel_name)

    async def _catch_up(self) -> None:
        """Bring the page, which says what it shows, to what is true now."""
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
        snapshot = await live.snapshot(leaf.id) if is_live else None
        frame = await catching_up.frame(part, shown, last_shown, snapshot)
        if is_live:
            start = snapshot or Snapshot(number=0, text=leaf.text, sources=[], model="")
            self.drawing = fragments.LiveDrawing(str(leaf.id), start)
        await self._draw(frame + fragments.label_frame(conversation))

    async def reply_begun(self, event: ReplyBegun) -> None:
        if event["reply"] in self.drawn and event["replaces"] != event["reply"]:
            return
        await self.read(conversations.access_conversation, self.user_id, self.conversation)
        reply = UUID(event["reply"])
        snapshot = Snapshot(number=0, text=event["written"], sources=[], model="")
        self.drawing = fragments.LiveDrawing(event["reply"], snapshot)
        bubble = fragments.live_bubble(reply, snapshot)
        if event["replaces"] == event["reply"]:
            return await self._draw(fragments.replaced_frame(bubble, reply))
        if event["replaces"]:
            # Another answer to an earlier question: what followed the one that it replaces is on another branch.
            return await self._draw(fragments.following_frame([bubble], event["question"]))
        asked = fragments.Bubble(UUID(event["question"]), Message.Role.USER, text=event["text"])
        await self._draw(fragments.appended_frame([asked, bubble]))

    async def reply_sourced(self, event: ReplySourced) -> None:
        if self._is_next(event["reply"], event["number"]):
            self.drawing.know([source["number"] for source in event["sources"]])  # type: ignore[union-attr]
        else:
            await self._mend(event["reply"], event["number"])

    async def reply_grew(self, event: ReplyGrew) -> None:
        if not self._is_next(event["reply"], event["number"]):
            return await self._mend(event["reply"], event["number"])
        frame = self.drawing.grow(event["text"])  # type: ignore[union-attr]
        if frame:
            await self._draw(frame)

    def _is_next(self, reply: str, number: int) -> bool:
        if self.drawing is None or self.drawing.reply != reply or self.drawing.number + 1 != number:
            return False
        self.drawing.number = number
        return True

    async def _mend(self, reply: str, number: int) -> None:
        """A change is missing, or came twice: layers drop what is over their capacity. The snapshot is whole."""
        if self.drawing and self.drawing.reply == reply and number <= self.drawing.number:
            return
        # It may be the first that this page is shown of the reply.
        await self.check()
        snapshot = await live.snapshot(UUID(reply))
        if snapshot is None:
            return
        self.drawing = fragments.LiveDrawing(reply, snapshot)
        await self._draw(fragments.replaced_frame(fragments.live_bubble(UUID(reply), snapshot), reply))

    async def reply_done(self, event: ReplyDone) -> None:
        self.drawing = None
        reply = await self.read(conversations.reply_as_shown, self.user_id, UUID(event["reply"]))
        bubble = await drawing.bubble_of(reply)
        frame = await drawing.off_loop(fragments.replaced_frame, bubble, reply.id)
        await self._draw(frame + self._label_frame(reply.conversation))

    async def label_rose(self, _event: LabelRose) -> None:
        conversation = await self.read(conversations.access_conversation, self.user_id, self.conversation)
        await self._draw(self._label_frame(conversation))

    async def conversation_gone(self, event: ConversationGone) -> None:
        """The conversation was deleted."""
        await self.read(conversations.access_conversation, self.user_id, self.conversation)

    @classmethod
    def not_theirs(cls, sockets: Collection[PersonSocket]) -> Collection[PersonSocket]:
        watched = {socket: (socket.user_id, socket.conversation) for socket in sockets if isinstance(socket, cls)}
        theirs = conversations.still_theirs(set(watched.values()))
        return [socket for socket, pair in watched.items() if pair not in theirs]

    def _label_frame(self, conversation: Conversation) -> str:
        """The composer's choice is only drawn anew where it must be: somebody may have chosen already."""
        before, self.label = self.label, conversation.label
        frame = fragments.label_frame(conversation)
        return frame + fragments.raised_frame(Sensitivity(self.label)) if self.label > before else frame

    async def _draw(self, frame: str) -> None:
        await self.send(text_data=frame)


def _latest(user_id: int, conversation_id: UUID, shown: str) -> tuple[Conversation, Part, UUID | None]:
    """A conversation, the end of its thread, and the last message of that which a page that shows `shown` shows."""
    conversation = conversations.access_conversation(user_id, conversation_id)
    part = branches.latest(conversation)
    last_shown = fragments.message_of(shown)
    return conversation, part, last_shown and branches.common(conversation, last_shown, part.messages)
