"""A person at a browser: what they see and do on the chat page, and what their browser complained of."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect, sync_playwright

from tests.live.person import HOSTED, Person
from tests.live.server import LangAI
from tests.servers import CHROMIUM

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Enough on a machine that is busy with other tests.
SECONDS = 30
CONVERSATION = re.compile(r"/conversations/[0-9a-f-]{36}/$")
# A newer request that replaces an older one breaks it off, which htmx reports as an error under these two names. It
# reports a request that really failed under a third one as well: sendError, responseError, timeout.
BROKEN_OFF = ("htmx:afterRequest", "htmx:sendAbort")


@contextmanager
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=1000 * SECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Visit:
    """A tab. Whatever the browser complains of (a script's error, a refused script or style) is in `complaints`."""

    def __init__(self, server: LangAI, context: BrowserContext) -> None:
        self.server, self.context = server, context
        self.complaints: list[str] = []
        self.page = self.watched(context.new_page())

    def watched(self, page: Page) -> Page:
        page.set_default_timeout(1000 * SECONDS)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._asked)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(BROKEN_OFF):
            self.complaints.append(f"{message.type}: {message.text}")

    def _asked(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def another_tab(self) -> "Visit":
        other = Visit(self.server, self.context)
        other.complaints = self.complaints
        return other

    def open(self, path: str = "/") -> None:
        self.page.goto(self.server.url + path)

    def sign_in(self, name: str, password: str) -> None:
        self.page.fill("[name=login]", name)
        self.page.fill("[name=password]", password)
        self.page.keyboard.press("Enter")

    # The conversation

    @property
    def questions(self) -> Locator:
        return self.page.locator(".turn.mine:not(.pending)")

    @property
    def replies(self) -> Locator:
        return self.page.locator(".turn.reply")

    @property
    def live(self) -> Locator:
        return self.page.locator(".turn.reply.live")

    @property
    def reply(self) -> Locator:
        return self.replies.last

    @property
    def answer(self) -> Locator:
        return self.reply.locator(".answer")

    @property
    def text(self) -> str:
        """The words of the last answer, as a person reads them."""
        return " ".join(self.answer.inner_text().split())

    def unfold(self) -> None:
        """Show the composer's choices, which a low window folds away."""
        fold = self.page.locator("#fold[aria-expanded=false]")
        if fold.is_visible():
            fold.click()

    def choose(self, model: str) -> None:
        self.unfold()
        self.page.select_option("#model", model if model in ("quotes", "auto") else HOSTED + model)

    def ask(self, text: str, model: str = "") -> None:
        """Write a message and send it; on the new chat's page, the conversation opens."""
        if model:
            self.choose(model)
        is_new = not CONVERSATION.search(self.page.url)
        # Scripts have run then: before, Enter begins a new line.
        self.page.wait_for_load_state()
        count, replies = self.questions.count(), self.replies.count()
        self.page.fill("#text", text)
        # On a slow line an instant answer is there before the response to its question.
        expect(self.page.locator("#composer.htmx-request")).to_have_count(0)
        self.page.keyboard.press("Enter")
        if is_new:
            self.page.wait_for_url(CONVERSATION)
        expect(self.questions).to_have_count(count + 1)
        expect(self.replies).to_have_count(replies + 1)

    def until_ended(self) -> None:
        expect(self.live).to_have_count(0)
        expect(self.reply.locator(".after")).to_be_visible()

    def until_written(self, word: str) -> None:
        expect(self.answer).to_contain_text(word)

    def stop(self) -> None:
        """Should an answer still be written, it is in nobody's way any more."""
        if self.live.count():
            self.live.locator(".stop").click()
            self.until_ended()


@contextmanager
def visiting(browser: Browser, person: Person | None, server: LangAI, **options: Any) -> Iterator[Visit]:
    """A browser of that person's, signed in already; nobody's where there is none. It must not complain."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}} | options)
    if person:
        context.add_cookies(
            [{"name": name, "value": value, "url": server.url} for name, value in person.client.cookies.items()]
        )
    visit = Visit(server, context)
    yield visit
    context.close()
    assert visit.complaints == [], visit.complaints
