"""Sockets of signed-in people: they close when the person signs out, is switched off, or may no longer watch.

A message to the person's group closes them immediately. If none was sent, because a row was changed without its
signals or by a process that does not share the channel layer, the next check finds it: at each reply's start and end,
and every RECHECK seconds.
"""

import asyncio
from collections.abc import Callable, Collection
from typing import Any, ParamSpec, TypeVar

from django.utils import translation

from langai_site.accounts import sign_ins
from langai_site.accounts.models import User
from langai_site.accounts.person_groups import group_of
from langai_site.accounts.sign_ins import NotSignedInError, SignInStanding, SocketSignIn
from langai_site.database.writer import apart, in_database_thread
from langai_site.errors import NotFoundError
from langai_site.web import broadcast, languages
from langai_site.web.sockets import SocketConsumer

P = ParamSpec("P")
T = TypeVar("T")

# Close codes. After codes from 4400 on, the page does not connect again; after COME_AGAIN it does, with the cookie
# that its browser has by then.
COME_AGAIN, SIGNED_OUT, NOT_YOURS, TOO_MANY = 4000, 4401, 4404, 4429
# Seconds between two checks of all sockets of this process.
RECHECK = 4.0
# Seconds for the response to a change of one's own password to reach the browser with its new cookie.
COOKIE_SECONDS = 1.0

_open: set["PersonSocket"] = set()
_leaving: set[asyncio.Task[None]] = set()


class PersonSocket(SocketConsumer):
    """A socket that shows nothing more once its person is not signed in any more."""

    sign_in: SocketSignIn | None = None
    # True when it is about to be closed: later events are not shown.
    muted = False

    async def enter(self, user: User) -> None:
        """Make the socket follow its person's sign-in and speak their language.

        Call `read` afterwards: the sign-in may just have ended.
        """
        self.sign_in = sign_ins.sign_in_of(user, self.scope["session"].session_key)
        # Channels handles all messages of a socket in one task, so this holds until it closes.
        translation.activate(languages.language_of_browser(self._accepted_languages()))
        translation.activate(languages.language_of(user))
        _open.add(self)
        await self.channel_layer.group_add(group_of(user.pk), self.channel_name)

    def _accepted_languages(self) -> str:
        headers: dict[bytes, bytes] = dict(self.scope["headers"])
        return headers.get(b"accept-language", b"").decode("latin1")

    async def disconnect(self, code: int) -> None:
        if self.sign_in:
            await self.channel_layer.group_discard(group_of(self.sign_in.user_id), self.channel_name)

    async def read(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` on the writer thread, if the person is still signed in. Raises NotSignedInError."""

        def checked() -> T:
            assert self.sign_in is not None
            sign_ins.require(self.sign_in)
            return work(*args, **kwargs)

        return await in_database_thread(checked)

    async def dispatch(self, message: dict[str, Any]) -> None:
        if self.muted and message["type"] != "websocket.disconnect":
            return
        try:
            await super().dispatch(message)
        except NotSignedInError as error:
            await self.leave(error.standing)
        except NotFoundError:
            await self.close_for_good(NOT_YOURS)

    async def send(self, text_data: str | None = None, bytes_data: bytes | None = None, close: bool = False) -> None:
        if not self.muted:
            await super().send(text_data, bytes_data, close)

    async def access_signed_out(self, event: dict[str, Any]) -> None:
        """Handle the end of one of the person's sessions by signing out."""
        if self.sign_in and event["session"] == self.sign_in.session:
            await self.close_for_good(SIGNED_OUT)

    async def access_changed(self, event: dict[str, Any]) -> None:
        """Handle a change of the person's account: perhaps of its password, or it was switched off or deleted."""
        await self.check()

    async def check(self) -> None:
        """Raise NotSignedInError unless the person is still signed in."""
        assert self.sign_in is not None
        await in_database_thread(sign_ins.require, self.sign_in)

    async def leave(self, standing: SignInStanding) -> None:
        """Show nothing more, and close; a page whose browser has a new session connects again with it."""
        self.muted = True
        if standing is not SignInStanding.CLOSED:
            await asyncio.sleep(COOKIE_SECONDS)
            standing = await self._standing()
        await self.close(COME_AGAIN if standing in (SignInStanding.GONE, SignInStanding.GOOD) else SIGNED_OUT)

    async def _standing(self) -> SignInStanding:
        assert self.sign_in is not None
        return (await apart(sign_ins.standings, [self.sign_in]))[self.sign_in]

    async def close_for_good(self, code: int) -> None:
        self.muted = True
        await self.close(code)

    def _leave(self) -> None:
        super()._leave()
        _open.discard(self)

    @classmethod
    def not_theirs(cls, sockets: Collection["PersonSocket"]) -> Collection["PersonSocket"]:
        """Return the sockets whose person may no longer watch what they show. Synchronous."""
        return []


async def keep_checking() -> None:
    """Check all sockets of this process every RECHECK seconds. Runs as long as the web process."""
    await broadcast.use_this_loop()
    while True:
        await asyncio.sleep(RECHECK)
        await check_all()


async def check_all() -> None:
    """Close the sockets whose person is no longer signed in, or may no longer watch what they show."""
    sockets = [socket for socket in _open if socket.sign_in and not socket.muted]
    if not sockets:
        return
    standings, not_theirs = await apart(_find_invalid, sockets)
    for socket, standing in zip(sockets, standings, strict=True):
        if socket.muted:
            continue
        if standing is not SignInStanding.GOOD:
            _in_background(socket.leave(standing))
        elif socket in not_theirs:
            _in_background(socket.close_for_good(NOT_YOURS))


def _find_invalid(sockets: list[PersonSocket]) -> tuple[list[SignInStanding], set[PersonSocket]]:
    found = sign_ins.standings({socket.sign_in for socket in sockets if socket.sign_in})
    standings = [found[socket.sign_in] for socket in sockets if socket.sign_in]
    kinds = {type(socket) for socket in sockets}
    lost = [kind.not_theirs([socket for socket in sockets if type(socket) is kind]) for kind in kinds]
    return standings, {socket for some in lost for socket in some}


def _in_background(work: Any) -> None:  # noqa: ANN401 - a coroutine
    task = asyncio.get_running_loop().create_task(work)
    _leaving.add(task)
    task.add_done_callback(_leaving.discard)
