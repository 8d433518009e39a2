"""What a browser that has never seen a page loads for it: few requests, and few bytes beside the page itself."""

import re

from tests.live.browser import Visit

# By HTTP; bytes as they came, headers and compression included.
MOST_REQUESTS, MOST_BYTES = 9, 41_000
HASHED = re.compile(r"\.[0-9a-f]{12}(\.\w+)$")


class Loads:
    """What a browser loads for one page: the names of static files, and the bytes of all of them."""

    def __init__(self, visit: Visit) -> None:
        self.names: dict[str, str] = {}
        self.bytes = 0
        self.kept_for: set[str] = set()
        network = visit.context.new_cdp_session(visit.page)
        network.send("Network.enable")
        network.on("Network.requestWillBeSent", self._sent)
        network.on("Network.responseReceived", self._received)
        network.on("Network.loadingFinished", self._finished)

    def _sent(self, event):
        url = event["request"]["url"]
        if url.startswith("http"):
            self.names[event["requestId"]] = HASHED.sub(r"\1", url.rpartition("/")[2])

    def _received(self, event):
        if "/static/" in event["response"]["url"]:
            self.kept_for.add(event["response"]["headers"]["Cache-Control"])

    def _finished(self, event):
        if self.names.get(event["requestId"]):
            self.bytes += int(event["encodedDataLength"])


def loads_of(browser, visit, path) -> Loads:
    """Open a page as the same person in a browser without a cache."""
    context = browser.new_context(storage_state=visit.context.storage_state())
    other = Visit(visit.server, context)
    loads = Loads(other)
    other.page.goto(visit.server.url + path, wait_until="networkidle")
    context.close()
    assert other.complaints == []
    assert loads.kept_for == {"max-age=315360000, public, immutable"}
    return loads


def test_the_chat_page_loads_little_and_nothing_of_other_pages(visit, browser):
    loads = loads_of(browser, visit, "/")
    scripts = {"app.js", "chat.js", "htmx-2.min.js", "thread.js", "trusted_types.js"}
    assert set(loads.names.values()) == {"", "app.css", *scripts}
    assert loads.bytes <= MOST_BYTES


def test_a_conversation_loads_what_its_socket_needs_too(visit, browser):
    visit.ask("Who can read my conversations?", "quotes")
    visit.until_ended()
    loads = loads_of(browser, visit, visit.page.url.removeprefix(visit.server.url))
    assert "hx-ws-2.min.js" in loads.names.values()
    assert len(loads.names) <= MOST_REQUESTS
    assert loads.bytes <= MOST_BYTES


def test_other_pages_load_their_own_styles_and_scripts(visit, browser):
    for path, more in (
        ("/search/", {"pages.css", "search.js"}),
        ("/library/", {"pages.css"}),
        ("/usage/", {"pages.css"}),
    ):
        loads = loads_of(browser, visit, path)
        assert more <= set(loads.names.values()), path
        assert "hx-ws-2.min.js" not in loads.names.values()
