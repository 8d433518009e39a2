"""What a person sees of a model that thinks: one folded line, which they open when they like."""

import re

from playwright.sync_api import expect

from tests.live.browser import visiting

THINKER, SLOW_THINKER = "t5-h200-r20", "t3-h400-r20"


def line(visit):
    return visit.reply.locator(".thinking summary")


def thought(visit):
    return visit.reply.locator(".thinking .thought")


def test_a_thought_is_a_folded_line_that_is_rendered_when_it_is_opened(visit):
    visit.ask("What do you think?", THINKER)
    expect(line(visit)).to_have_text(re.compile(r"^Thinking… \d s$"))
    expect(line(visit)).to_have_text(re.compile(r"^Thinking… [1-9]\d* s$"))
    expect(visit.page.locator("#announcer")).to_have_text("The model is thinking.")
    expect(thought(visit)).to_be_hidden()
    visit.until_ended()
    expect(line(visit)).to_have_text(re.compile(r"^Thought for \d+ s$"))
    assert "hm2" not in visit.page.content()
    line(visit).click()
    expect(thought(visit).locator("strong")).to_have_text("Hm1")
    expect(thought(visit)).to_contain_text("hm200")
    assert visit.text == "word1 word2 word3 word4 end."


def test_a_thought_that_is_open_grows_and_stays_open_at_its_end(visit):
    visit.ask("What do you think?", "t5-h90-r20")
    expect(line(visit)).to_contain_text("Thinking…")
    line(visit).click()
    expect(thought(visit)).to_contain_text("hm4")
    expect(thought(visit)).to_contain_text("hm50")
    visit.until_ended()
    expect(thought(visit)).to_be_visible()
    expect(thought(visit)).to_contain_text("hm90")


def test_a_reload_in_the_midst_shows_the_line_at_once_and_a_stop_keeps_what_was_thought(visit):
    visit.ask("What do you think?", SLOW_THINKER)
    expect(line(visit)).to_have_text(re.compile(r"^Thinking… ([2-9]|1\d) s$"))
    visit.page.reload()
    expect(line(visit)).to_have_text(re.compile(r"^Thinking… ([2-9]|1\d) s$"))
    line(visit).click()
    expect(thought(visit)).to_contain_text("hm10")
    visit.live.locator(".stop").click()
    visit.until_ended()
    expect(line(visit)).to_have_text(re.compile(r"^Thought for \d+ s$"))
    visit.page.reload()
    line(visit).click()
    expect(thought(visit)).to_contain_text("hm10")


def test_what_is_copied_has_no_thought(visit):
    visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.ask("What do you think?", "t5-h5-r0")
    visit.until_ended()
    line(visit).click()
    expect(thought(visit)).to_contain_text("hm5")
    visit.reply.locator("[data-copy]").first.click()
    expect(visit.reply.locator("[data-copy] use").first).to_have_attribute("href", "#i-tick")
    assert visit.page.evaluate("navigator.clipboard.readText()") == "word1 word2 word3 word4 end."


def test_the_receipt_tells_the_tokens_of_thinking(visit):
    visit.ask("What do you think?", "t5-h5-r0")
    visit.until_ended()
    visit.reply.locator(".receipt summary").click()
    expect(visit.reply.locator(".receipt")).to_contain_text("10 out (5 of them for thinking)")


def test_without_javascript_a_link_leads_to_the_thought(browser, alice, langai):
    with visiting(browser, alice, langai, java_script_enabled=False) as visit:
        conversation = alice.ask("What do you think?", "hosted_vllm/t5-h5-r0")
        alice.until_ended(conversation)
        visit.open(f"/conversations/{conversation}/")
        line(visit).click()
        thought(visit).locator("a").click()
        expect(visit.page.locator("main")).to_contain_text("hm5")
        visit.page.click("text=Back to the conversation")
        expect(visit.answer).to_contain_text("word1")


def test_while_nothing_comes_the_page_says_what_it_waits_for(visit):
    visit.ask("Are you there?", "fail-hang-echo")
    expect(visit.reply.locator(".waiting")).to_have_text("Waiting for fail-hang-echo…")
    visit.page.reload()
    expect(visit.reply.locator(".waiting")).to_have_text("Waiting for fail-hang-echo…")
    visit.stop()


def test_signs_of_life_are_told_as_such(visit, upstream):
    upstream.script_raw(*[b": in the queue\n\n"] * 60, pause=0.2)
    visit.ask("Are you there?", "echo")
    expect(visit.reply.locator(".waiting")).to_have_text("echo: the server is working on it (queue or loading)…")
    visit.stop()


def test_nobody_else_gets_a_thought(alice, bob):
    conversation = alice.ask("What do you think?", "hosted_vllm/t5-h5-r0")
    alice.until_ended(conversation)
    path = f"/replies/{alice.reply(conversation)}/thinking/"
    assert "hm5" in alice.get(path).text
    assert (bob.get(path).status_code, "hm5" in bob.get(path).text) == (404, False)
