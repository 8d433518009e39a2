import argparse
import asyncio

import uvloop
from aiohttp import web

from tests.upstream.app import make_app


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.upstream", description="A language model server for tests.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9100)
    options = parser.parse_args()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    # Cancelled handlers are how a client that went away in mid-stream is counted.
    web.run_app(
        make_app(), host=options.host, port=options.port, access_log=None, handler_cancellation=True, backlog=2048
    )


if __name__ == "__main__":
    main()
