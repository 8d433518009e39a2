"""What somebody has written and not sent stays for them, and is nobody else's, in a real browser."""

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from tests.live.browser import Visit, visiting
from tests.live.person import PASSWORD, invited

HERS = "a thought that only Dora had"
LOGIN = re.compile(r"/accounts/login/")
_numbers = itertools.count(1)


@pytest.fixture
def dora(admin) -> Iterator[str]:
    """Somebody who may sign out."""
    name = f"dora{next(_numbers)}"
    with invited(admin, name):
        yield name


@pytest.fixture
def emil(admin) -> Iterator[str]:
    name = f"emil{next(_numbers)}"
    with invited(admin, name):
        yield name


@contextmanager
def desk(browser, langai) -> Iterator[Visit]:
    """A browser that several people use."""
    with visiting(browser, None, langai) as visit:
        yield visit


def comes(visit: Visit, name: str, *, password: str = PASSWORD) -> None:
    """Sign in on the page that asks for it, and go to a new chat."""
    if not LOGIN.search(visit.page.url):
        visit.open("/accounts/login/")
    visit.sign_in(name, password)
    visit.page.wait_for_url(lambda url: not LOGIN.search(url))
    visit.open()


def writes(visit: Visit, text: str = HERS) -> None:
    visit.page.fill("#text", text)
    expect(visit.page.locator("#text")).to_have_value(text)
    assert text in stored(visit)


def stored(visit: Visit) -> str:
    """All that the browser keeps for this tab and for the site."""
    return visit.page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")


def signs_out(visit: Visit) -> None:
    visit.open("/accounts/")
    visit.page.get_by_role("button", name="Sign out").click()
    visit.page.wait_for_url(LOGIN)


def session_ends(visit: Visit) -> None:
    visit.context.clear_cookies(name="sessionid")


def assert_nothing_of_it(visit: Visit) -> None:
    assert HERS not in stored(visit)
    assert HERS not in visit.page.content()
    assert HERS not in visit.page.evaluate("[...document.querySelectorAll('textarea')].map((f) => f.value).join()")


def test_a_session_that_ends_takes_no_draft_from_its_person(browser, langai, dora):
    with desk(browser, langai) as visit:
        comes(visit, dora)
        writes(visit)
        session_ends(visit)
        visit.page.reload()
        visit.page.wait_for_url(LOGIN)
        assert HERS in stored(visit)
        comes(visit, dora)
        expect(visit.page.locator("#text")).to_have_value(HERS)


def test_a_message_that_comes_too_late_is_there_after_signing_in_again(browser, langai, dora):
    with desk(browser, langai) as visit:
        comes(visit, dora)
        writes(visit)
        session_ends(visit)
        visit.page.keyboard.press("Enter")
        expect(visit.page.locator("#notices .toast")).to_contain_text("You are signed out")
        comes(visit, dora)
        expect(visit.page.locator("#text")).to_have_value(HERS)


def test_signing_out_takes_drafts_from_this_tab_and_from_others(browser, langai, dora):
    with desk(browser, langai) as visit:
        comes(visit, dora)
        writes(visit)
        other = visit.another_tab()
        other.open()
        writes(other)
        signs_out(visit)
        assert_nothing_of_it(visit)
        other.page.wait_for_url(LOGIN)
        assert_nothing_of_it(other)
        comes(visit, dora)
        expect(visit.page.locator("#text")).to_have_value("")
        assert_nothing_of_it(visit)


def test_signing_out_of_the_admin_does_too(browser, langai):
    with desk(browser, langai) as visit:
        comes(visit, "admin", password=langai.settings.get("LANGAI_ADMIN_PASSWORD", "correct-horse-battery"))
        writes(visit)
        visit.open("/admin/")
        visit.page.get_by_role("button", name="Sign out").click()
        visit.page.wait_for_url(LOGIN)
        assert_nothing_of_it(visit)


def test_another_person_after_a_session_that_ended_finds_nothing_also_by_going_back(browser, langai, dora, emil):
    with desk(browser, langai) as visit:
        comes(visit, dora)
        writes(visit)
        session_ends(visit)
        comes(visit, emil)
        expect(visit.page.locator("#text")).to_have_value("")
        assert_nothing_of_it(visit)
        for _ in range(3):
            visit.page.go_back()
            visit.page.wait_for_load_state()
            assert_nothing_of_it(visit)


def test_a_tab_left_open_is_no_longer_hers_once_another_person_signs_in(browser, langai, dora, emil):
    with desk(browser, langai) as visit:
        comes(visit, dora)
        writes(visit)
        session_ends(visit)
        other = visit.another_tab()
        comes(other, emil)
        expect(visit.page.locator("#text")).to_have_value("")
        assert_nothing_of_it(visit)
        writes(visit, "his own")
        assert_nothing_of_it(visit)
        visit.page.reload()
        expect(visit.page.locator("#text")).to_have_value("his own")


def test_two_tabs_of_one_person_keep_a_draft_each(browser, langai, dora):
    with desk(browser, langai) as visit:
        comes(visit, dora)
        writes(visit)
        other = visit.another_tab()
        other.open()
        expect(other.page.locator("#text")).to_have_value("")
        writes(other, "another")
        for tab, text in ((visit, HERS), (other, "another")):
            tab.page.reload()
            expect(tab.page.locator("#text")).to_have_value(text)
