import asyncio
import threading

import pytest
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.urls import path

from langai_site.web.handler import Handler

entered, go_on = threading.Event(), threading.Event()


@login_not_required
def which_thread(request):
    return HttpResponse(str(threading.get_ident()))


@login_not_required
def slow(request):
    entered.set()
    go_on.wait(20)
    return HttpResponse("late")


urlpatterns = [path("which/", which_thread), path("slow/", slow)]


@pytest.fixture
def handler(settings):
    settings.ROOT_URLCONF = __name__
    settings.ALLOWED_HOSTS = ["testserver"]
    return Handler()


def asked(handler, path):
    headers = [(b"host", b"testserver")]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    return ApplicationCommunicator(handler, scope)


async def body_of(request):
    await request.send_input({"type": "http.request"})
    assert (await request.receive_output(20))["status"] == 200
    return (await request.receive_output(20))["body"]


async def answered(handler, path):
    request = asked(handler, path)
    body = await body_of(request)
    await request.wait(20)
    return body


async def test_a_thread_serves_one_request_after_the_other(handler):
    assert len({await answered(handler, "/which/") for _ in range(3)}) == 1


async def test_requests_at_once_have_threads_of_their_own(handler):
    entered.clear()
    go_on.clear()
    first = asyncio.create_task(answered(handler, "/slow/"))
    await asyncio.to_thread(entered.wait, 20)
    assert await answered(handler, "/which/")
    go_on.set()
    assert await first == b"late"


async def test_a_thread_that_still_works_for_somebody_who_left_is_not_lent(handler):
    entered.clear()
    go_on.clear()
    left = asked(handler, "/slow/")
    await left.send_input({"type": "http.request"})
    await asyncio.to_thread(entered.wait, 20)
    left.future.cancel()
    await asyncio.wait([left.future], timeout=20)
    assert await answered(handler, "/which/")
    go_on.set()


async def test_nor_where_what_was_to_be_done_next_for_them_is_given_up(handler):
    entered.clear()
    go_on.clear()
    left = asked(handler, "/slow/")
    await left.send_input({"type": "http.request"})
    await asyncio.to_thread(entered.wait, 20)
    await left.send_input({"type": "http.disconnect"})
    # The end of the request waits for the thread now, until the server loses its patience.
    await asyncio.wait([left.future], timeout=0.2)
    left.future.cancel()
    await asyncio.wait([left.future], timeout=20)
    try:
        assert await asyncio.wait_for(answered(handler, "/which/"), 60)
    finally:
        go_on.set()
