"""Comparing models in a browser: picking them in the composer, answers that stream side by side, and the choice."""

import re

import pytest
from playwright.sync_api import expect

from tests.live.browser import CONVERSATION, visiting

QUICK, SLOW = "hosted_vllm/t500-r0-d0", "hosted_vllm/t60-r30"


def compare(visit, *models, blind=False):
    visit.page.get_by_role("button", name="Compare models").click()
    panel = visit.page.get_by_role("dialog", name="Compare models")
    expect(panel.locator("input").first).to_be_focused()
    for model in models:
        panel.locator(f'[value="{model}"]').check()
    if blind:
        panel.get_by_label("Hide which model wrote what").check()
    visit.page.keyboard.press("Escape")
    expect(visit.page.locator("#compare")).to_be_focused()


def test_answers_stream_side_by_side_and_one_goes_on(visit):
    visit.open()
    compare(visit, QUICK, SLOW)
    expect(visit.page.locator("#compare .words")).to_have_text("2 compared")
    visit.page.fill("#text", "What is the leave?")
    expect(visit.page.locator("#preview")).to_contain_text("2 answers")
    visit.page.keyboard.press("Enter")
    columns = visit.page.locator(".compared")
    expect(columns).to_have_count(2)
    expect(columns.nth(1).locator(".turn.live .answer")).to_contain_text("word3")
    expect(visit.page.locator("#announcer")).to_have_text("All answers are complete.")
    columns.nth(1).get_by_role("button", name="Go on with this one").click()
    visit.page.wait_for_url(CONVERSATION)
    expect(visit.reply).to_contain_text("word59")
    expect(visit.page.locator(".siblings")).to_contain_text("2 of 2")
    assert visit.complaints == []


@pytest.mark.parametrize("size", [{"width": 360, "height": 640}, {"width": 320, "height": 256}], ids=["phone", "tiny"])
def test_on_a_phone_they_stand_below_one_another_with_their_names_hidden(browser, alice, langai, size):
    with visiting(browser, alice, langai, viewport=size, color_scheme="dark") as visit:
        visit.open()
        visit.unfold()
        compare(visit, QUICK, SLOW, blind=True)
        visit.page.fill("#text", "What is the leave?")
        visit.page.locator("button.send:not(.halt)").click()
        columns = visit.page.locator(".compared")
        expect(columns.locator("h2[id]")).to_have_text(["Answer A", "Answer B"])
        expect(columns.get_by_role("button", name="Go on with this one")).to_have_count(2)
        boxes = [columns.nth(number).bounding_box() for number in (0, 1)]
        assert boxes[0]["x"] == boxes[1]["x"]
        assert boxes[0]["width"] <= size["width"]
        assert not re.search(r"t500|t60-", visit.page.content())
        visit.page.get_by_role("button", name="Show the names without choosing").click()
        expect(columns.locator("h2[id]").filter(has_text="t500")).to_have_count(1)
        assert visit.complaints == []
