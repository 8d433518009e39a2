"""Django's ASGI handler with threads that are reused by later requests.

Django gives each request a thread for work that must not run in the event loop, if only to close the response, and
would start and end it with the request. Starting a thread stops the loop until that thread has had its turn.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext

from langai_site.web.kept_bodies import BodyHandler

# At most this many idle threads are kept. They keep no database connection: it still ends with its request.
KEPT = 16


class LentThread(ThreadPoolExecutor):
    """A pool of one thread, which runs one task after the other."""

    def __init__(self) -> None:
        super().__init__(1, thread_name_prefix="request")
        # All of them, not only the last: that may be cancelled while earlier ones still run.
        self._unfinished: set[Future[Any]] = set()

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401
        future = super().submit(work, *args, **kwargs)
        self._unfinished.add(future)
        future.add_done_callback(self._unfinished.discard)
        return future

    @property
    def idle(self) -> bool:
        """Return False while it still works for a request whose sender has disconnected."""
        return not self._unfinished


class Handler(BodyHandler):
    def __init__(self) -> None:
        super().__init__()
        self._threads: list[LentThread] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI callables
        thread = self._threads.pop() if self._threads else LentThread()
        try:
            async with ThreadSensitiveContext(executor=thread):
                await super().__call__(scope, receive, send)
        finally:
            if thread.idle and len(self._threads) < KEPT:
                self._threads.append(thread)
            else:
                thread.shutdown(wait=False)
