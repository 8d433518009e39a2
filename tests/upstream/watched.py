"""The upstream inside a test's own event loop, so that the world can change at the very moment a call arrives."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from tests.upstream.app import as_sent, make_app
from tests.upstream.process import Upstream

# Given each request as its bytes were, before it is answered.
OnCall = Callable[[dict[str, str]], Awaitable[None]]


@asynccontextmanager
async def watched_upstream(on_call: OnCall) -> AsyncGenerator[Upstream]:
    """Run the upstream here; `on_call` is awaited with each request, and what it raises is answered with 500.

    Of the Upstream that it yields only the addresses are of use: asking it would block the loop that answers.
    """
    app = make_app()

    @web.middleware
    async def watch(request: web.Request, handler: Callable[..., Awaitable[web.StreamResponse]]) -> web.StreamResponse:
        await on_call(as_sent(request, await request.read()))
        return await handler(request)

    app.middlewares.append(watch)
    server = web.AppRunner(app, shutdown_timeout=0.1)
    await server.setup()
    site = web.TCPSite(server, "127.0.0.1", 0)
    await site.start()
    try:
        yield Upstream(server.addresses[0][1])
    finally:
        await server.cleanup()
