"""What admins announce stands on every page for its time, and strangers see only what is meant for them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from langai_site.models import Announcement
from langai_site.web import announcements

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(announcements, "_known", ())


@pytest.fixture
def announce(db):
    def make(text, **values):
        Announcement.objects.create(text=text, **values)
        announcements.refresh()

    return make


@pytest.mark.parametrize(
    ("starts", "ends", "is_shown"),
    [(None, None, True), (-HOUR, HOUR, True), (HOUR, None, False), (None, -HOUR, False), (-2 * HOUR, -HOUR, False)],
)
def test_it_is_shown_for_its_time(announce, starts, ends, is_shown):
    now = timezone.now()
    announce("Closed on Friday", starts_at=starts and now + starts, ends_at=ends and now + ends)
    assert bool(announcements.current(signed_in=True)) == is_shown


def test_it_ends_without_being_read_again(announce, monkeypatch):
    end = timezone.now() + HOUR
    announce("Closed on Friday", ends_at=end)
    assert announcements.current(signed_in=True)
    monkeypatch.setattr(announcements.timezone, "now", lambda: end)
    assert not announcements.current(signed_in=True)


@pytest.mark.parametrize("before", [True, False])
def test_strangers_see_only_what_is_meant_for_them(client, admin_user, announce, before):
    announce("Closed <b>on Friday</b>", before_sign_in=before)
    words = "Closed &lt;b&gt;on Friday&lt;/b&gt;"
    assert (words in client.get("/accounts/login/").text) == before
    client.force_login(admin_user)
    assert words in client.get("/library/").text
    assert words in client.get("/admin/").text


def test_warnings_come_first_and_few_are_shown_at_once(announce):
    for number in range(4):
        announce(f"News {number}")
    announce("The server restarts at noon", level="warning")
    shown = [one.text for one in announcements.current(signed_in=True)]
    assert shown == ["The server restarts at noon", "News 3", "News 2"]


def test_an_end_before_its_start_is_refused_with_a_sentence(client, admin_user):
    client.force_login(admin_user)
    form = {"text": "Closed", "level": "info", "starts_at_0": "2030-01-02", "starts_at_1": "10:00"}
    page = client.post("/admin/langai_site/announcement/add/", form | {"ends_at_0": "2030-01-01", "ends_at_1": "10:00"})
    assert "It ends before it starts." in page.text
    assert not Announcement.objects.exists()
    client.post("/admin/langai_site/announcement/add/", form | {"ends_at_0": "2030-01-03", "ends_at_1": "10:00"})
    assert Announcement.objects.get().text == "Closed"
