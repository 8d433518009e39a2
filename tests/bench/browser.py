"""The chat page in a Chromium that has never seen it: bytes, requests, and when the message box can be used."""

from dataclasses import dataclass

from playwright.async_api import CDPSession, async_playwright

from tests.live.browser import FLAGS
from tests.servers import CHROMIUM

WATCH = """
const look = () => {
  const box = document.querySelector("textarea");
  if (box && box.offsetHeight && !box.disabled) window.usableAt = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


@dataclass
class Cold:
    """What one cold load took. `transferred` counts bytes as they came, headers and compression included."""

    requests: int = 0
    transferred: int = 0
    usable_ms: float = 0.0

    def count(self, network: CDPSession) -> None:
        network.on("Network.requestWillBeSent", self._sent)
        network.on("Network.loadingFinished", self._finished)

    def _sent(self, event: dict) -> None:
        self.requests += event["request"]["url"].startswith("http")

    def _finished(self, event: dict) -> None:
        self.transferred += int(event["encodedDataLength"])


async def cold_load(base: str, session: str) -> Cold:
    """Open the new chat's page as the person of that session, in a browser started for it."""
    cold = Cold()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await browser.new_context()
        await context.add_cookies([{"name": "sessionid", "value": session, "url": base}])
        page = await context.new_page()
        network = await context.new_cdp_session(page)
        await network.send("Network.enable")
        cold.count(network)
        await page.add_init_script(WATCH)
        await page.goto(base, wait_until="networkidle")
        cold.usable_ms = await page.evaluate("window.usableAt")
        await browser.close()
    return cold
