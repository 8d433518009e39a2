"""Somebody who uses LangAI without a browser: posts as its pages do, and reads the frames of its socket."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from selectolax.lexbor import LexborHTMLParser, LexborNode
from websockets.sync.client import ClientConnection, connect

from tests.live.server import LangAI, sign_in

PASSWORD = "a-quiet-morning-walk"
ENDED = 'class="turn reply"'
HOSTED = "hosted_vllm/"


class CountingSocket(socket.socket):
    """Counts the bytes that came, as they came: compressed."""

    received = 0

    def recv(self, *options: int) -> bytes:
        data = super().recv(*options)
        self.received += len(data)
        return data


@dataclass
class Viewer:
    """An open socket and the frames that came over it."""

    socket: ClientConnection
    wire: CountingSocket
    frames: list[str] = field(default_factory=list)

    def until(self, text: str, seconds: float = 20) -> str:
        """Read on until a frame has `text`, and return that frame."""
        deadline = time.monotonic() + seconds
        while True:
            frame = self.socket.recv(timeout=max(0, deadline - time.monotonic()))
            assert isinstance(frame, str)
            self.frames.append(frame)
            if text in frame:
                return frame

    def until_ended(self) -> str:
        return self.until(ENDED)


class Person:
    """A signed-in person; `cookies` are what their browser would send."""

    def __init__(self, server: LangAI, client: httpx.Client) -> None:
        self.server, self.client = server, client
        client.follow_redirects = False

    @property
    def cookies(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def post(self, path: str, **data: Any) -> httpx.Response:
        return self.client.post(path, data=data, headers=self.token)

    @property
    def token(self) -> dict[str, str]:
        """What a page sends along with a post: over TLS, also where it came from."""
        return {"X-CSRFToken": self.client.cookies["csrftoken"], "Referer": f"{self.server.url}/"}

    def ask(self, text: str, model: str = "quotes", conversation: str = "", **fields: str) -> str:
        """Ask in a new conversation, or in that one; returns the conversation's id."""
        path = f"/conversations/{conversation}/messages/" if conversation else "/conversations/"
        answer = self.post(path, text=text, model=model, **fields)
        assert answer.status_code == 302, f"{answer.text[:2000]}\n{self.server.log}"
        return answer.headers["location"].split("/")[2]

    def turns(self, conversation: str) -> list[LexborNode]:
        page = self.get(f"/conversations/{conversation}/")
        assert page.status_code == 200, page.text[:2000]
        return LexborHTMLParser(page.text).css("article.turn")

    def last(self, conversation: str) -> LexborNode:
        return self.turns(conversation)[-1]

    def reply(self, conversation: str) -> str:
        """The id of the reply that is shown last."""
        return (self.last(conversation).id or "").removeprefix("m-")

    def until_ended(self, conversation: str, seconds: float = 20) -> LexborNode:
        """Wait until the last reply is complete, stopped or broken off, and return how it is shown."""
        found: list[LexborNode] = []

        def ended() -> bool:
            found[:] = [self.last(conversation)]
            return "live" not in (found[0].attributes["class"] or "").split()

        self.server.until(ended, f"done answering in {conversation}", seconds)
        return found[0]

    @contextmanager
    def watching(self, conversation: str, query: str = "", **other: Any) -> Iterator[Viewer]:
        """The page's socket. `origin` and `cookies` can be given otherwise than a page of ours would send them."""
        address = f"{self.server.url.replace('http', 'ws', 1)}/ws/conversations/{conversation}/{query}"
        options = {"origin": self.server.url, "cookies": self.cookies, "ssl": self.server.tls} | other
        headers = {"Cookie": options.pop("cookies")}
        wire = CountingSocket()
        wire.connect(("127.0.0.1", self.server.port))
        with connect(address, additional_headers=headers, sock=wire, proxy=None, open_timeout=20, **options) as opened:
            yield Viewer(opened, wire)

    @contextmanager
    def following(self, conversation: str) -> Iterator[Viewer]:
        """The page's socket once it is up to date: what comes from now on is news."""
        with self.watching(conversation) as viewer:
            viewer.until('id="thread"')
            viewer.frames.clear()
            viewer.wire.received = 0
            yield viewer


def text_of(turn: LexborNode) -> str:
    """The words of an answer, without its sources and receipt."""
    answer = turn.css_first(".answer")
    return answer.text(separator=" ", strip=True) if answer else ""


@contextmanager
def signed_in(server: LangAI, *names: str) -> Iterator[Person]:
    """A person with that name and password; the first admin where none is given."""
    with closing(sign_in(server.url, *names)) as client:
        yield Person(server, client)


def invitation(admin: Person) -> str:
    """The path of a new one-time link."""
    made = admin.post("/admin/accounts/invitation/add/", email="")
    assert made.status_code == 302, made.text[:2000]
    shown = admin.get(made.headers["location"]).text
    return re.findall(r"<code[^>]*>https?://[^/]+(/accounts/invitation/[^<]+)</code>", shown)[-1]


@contextmanager
def invited(admin: Person, name: str) -> Iterator[Person]:
    """A new teammate, who came by a one-time link."""
    link = invitation(admin)
    server = admin.server
    with httpx.Client(base_url=server.url, timeout=30, trust_env=False, verify=server.tls or True) as client:
        client.get(link)
        form = {"username": name, "password1": PASSWORD, "password2": PASSWORD}
        person = Person(server, client)
        made = person.post(link, **form)
        assert "sessionid" in client.cookies, made.text[:2000]
        yield person
