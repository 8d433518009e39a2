"""Text that wants to be more than text stays text: in answers, titles, documents; while it streams and afterwards."""

import pytest
from playwright.sync_api import expect

from tests.live.browser import Visit, visiting
from tests.live.test_browser_documents import made_collection, uploaded

PAYLOADS = (
    "<script>window.__xss = 'script'</script>",
    "<img src=x onerror=\"window.__xss = 'img'\">",
    "<svg/onload=\"window.__xss = 'svg'\"><animate onbegin=\"window.__xss = 'animate'\"></svg>",
    "<iframe srcdoc=\"<script>parent.__xss = 'iframe'</script>\"></iframe>",
    "<details open ontoggle=\"window.__xss = 'details'\">x</details>",
    "<style>* { display: none !important }</style>",
    '<form action="https://elsewhere.example"><button formaction="javascript:window.__xss=1">Send</button></form>',
    '<div hx-get="/accounts/logout/" hx-trigger="load" ws-connect="/ws/">x</div>',
    '<article id="thread" hx-swap-oob="true">gone</article>',
    '</div></article></template><script src="https://elsewhere.example/x.js"></script>',
    "[a link](javascript:window.__xss='link') [one more](JaVaScRiPt&colon;window.__xss=1)",
    "[data](data:text/html;base64,PHNjcmlwdD5wYXJlbnQuX194c3M9MTwvc2NyaXB0Pg==) <javascript:window.__xss=1>",
    '![picture](x"onerror="window.__xss=1) ![out](https://elsewhere.example/pixel.png)',
    "[1](javascript:window.__xss=1) [1] [2][javascript:window.__xss=1]",
    "```html\"onclick=window.__xss=1\n<script>window.__xss = 'code'</script>\n```",
    "`<script>window.__xss = 'span'</script>`",
    "$\\href{javascript:window.__xss=1}{x}$ $$\\text{<img src=x onerror=window.__xss=1>}$$",
    "&lt;script&gt;window.__xss = 'entity'&lt;/script&gt;",
    "| <img src=x onerror=window.__xss=1> | b |\n|---|---|\n| [c](javascript:window.__xss=1) | d |",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src onerror=window.__xss=1&gt;">',
)
ANSWER = "\n\n".join(["It begins.", *PAYLOADS, "It ends."])
TITLE = '"><img src=x onerror=window.__xss=1><svg onload=window.__xss=2> & co'
FACT = "The harbour master of Ulvoy keeps eleven geese."
DOCUMENT = "\n\n".join(f"{FACT} {payload}" for payload in PAYLOADS[:6])

# What is on the page that no text may bring: run in the page, returns descriptions.
FOUND = r"""() => {
  const found = window.__xss === undefined ? [] : [`it ran: ${window.__xss}`];
  const own = (address) => /^\/(static|admin\/jsi18n)\//.test(address.replace(location.origin, ""));
  // The page's own map of its modules.
  const map = document.querySelector("head > script[type=importmap]");
  for (const script of document.scripts) if (script !== map && !own(script.src)) found.push(script.outerHTML);
  // The page's own icon is in the page; anything like it elsewhere is not.
  const icon = document.querySelector("head > link[rel=icon]");
  const link = "link:not([href^='/static/'], [href='/manifest.webmanifest'])";
  const foreign = `iframe, object, embed, base, style, ${link}, svg animate`;
  for (const element of document.querySelectorAll(foreign)) if (element !== icon) found.push(element.outerHTML);
  for (const image of document.images) if (!own(image.src)) found.push(image.outerHTML);
  for (const element of document.querySelectorAll("*")) for (const { name, value } of element.attributes) {
    if (name.startsWith("on")) found.push(`${name}=${value}`);
    const leads = /^(href|src|action|formaction|xlink:href|srcdoc)$/.test(name);
    if (leads && element !== icon && /^\s*(javascript|data|vbscript):/i.test(value)) found.push(`${name}=${value}`);
  }
  for (const element of document.querySelectorAll(".answer *, .said *, .excerpt *"))
    for (const { name } of element.attributes) {
      const ours = /^(marked|[bo]-[0-9a-f]{8})$/.test(element.id);
      if (/^(hx-|ws-|data-hx|style$|id$)/.test(name) && !ours) found.push(`${name} on ${element.outerHTML}`);
    }
  for (const form of document.forms)
    if (/^\w+:|^\/\//.test(form.getAttribute("action") ?? "")) found.push(form.outerHTML);
  return found;
}"""


def assert_harmless(visit: Visit) -> None:
    assert visit.page.evaluate(FOUND) == []
    assert visit.complaints == []


SET = "html => { document.querySelector('#thread').innerHTML = html }"


def test_what_these_tests_look_for_would_be_found(browser, alice, langai):
    with visiting(browser, alice, langai, bypass_csp=True) as visit:
        visit.open()
        for payload in (PAYLOADS[0], PAYLOADS[1], PAYLOADS[3], PAYLOADS[5], PAYLOADS[6], PAYLOADS[7]):
            visit.page.evaluate(SET, answer_of(payload))
            assert visit.page.evaluate(FOUND), payload
        visit.complaints.clear()


def refused(visit: Visit, way: str, html: str) -> bool:
    return visit.page.evaluate(f"html => {{ try {{ ({way})(html) }} catch (error) {{ return true }} }}", html) is True


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_script_of_our_own_brings_in_nothing_that_runs(visit, langai, path):
    """Whatever HTML a script is given, and however it puts it into the page."""
    page = visit.page
    visit.open(path)
    ways = (
        "html => { document.body.innerHTML = html }",
        "html => { document.body.insertAdjacentHTML('beforeend', html) }",
        "html => new DOMParser().parseFromString(html, 'text/html')",
        "html => document.createRange().createContextualFragment(html)",
    )
    harmful = (
        *(PAYLOADS[number] for number in (1, 2, 3, 4, 6)),
        "<table><tr onclick=alert(1)><td>x</table>",
        "<tr onclick=alert(1)><td>x",
        "</template><b onclick=alert(1)>x</b>",
        "<template><template><b onclick=alert(1)>x</b></template></template>",
        "<body onload=alert(1)>",
        "<a href=' java&#9;script:alert(1)'>x</a>",
        "<a href=javascript&colon;alert(1)>x</a>",
    )
    scripts = (
        "document.createElement('script').text = '1'",
        "document.createElement('script').src = '/static/app.js'",
        "new Worker('/static/app.js')",
        "trustedTypes.createPolicy('mine', {})",
        "trustedTypes.createPolicy('default', {})",
    )
    assert [(way, html) for html in harmful for way in ways if not refused(visit, way, html)] == []
    assert [script for script in scripts if not refused(visit, f"() => {{ {script} }}", "")] == []
    page.evaluate(ways[1], "<p>Write on = off, or onclick=&quot;x&quot;, or javascript:, or srcdoc.</p>")
    assert page.get_by_text("Write on = off").count() == 1
    visit.complaints.clear()


def answer_of(html: str) -> str:
    return f'<div class="answer">{html}</div>'


def test_an_answer_brings_nothing_but_text_while_it_streams_and_in_history(visit, upstream):
    upstream.script(ANSWER)
    visit.ask("Show me what you can do", "echo-r20")
    visit.until_written("onerror")
    assert_harmless(visit)
    visit.until_written("It ends.")
    visit.until_ended()
    assert_harmless(visit)
    expect(visit.answer).to_contain_text("<script>window.__xss = 'script'</script>")
    streamed = visit.text
    visit.page.reload()
    assert_harmless(visit)
    assert visit.text == streamed
    expect(visit.questions).to_have_count(1)
    outside = visit.page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert all(address.startswith(visit.server.url) for address in outside)


def test_a_question_and_the_title_made_of_it_bring_nothing_but_text(visit):
    visit.ask(TITLE, "t500-r0-d0")
    visit.until_ended()
    assert_harmless(visit)
    visit.page.reload()
    expect(visit.questions.locator(".said")).to_have_text(TITLE)
    expect(visit.page.locator("#head h1")).to_contain_text('"><img')
    assert_harmless(visit)
    visit.page.get_by_role("button", name='Options for ">').first.click()
    menu = visit.page.locator(".options:popover-open")
    menu.get_by_label("Title").fill(f"</title>{PAYLOADS[0]}")
    menu.get_by_role("button", name="Rename").click()
    expect(visit.page.locator("#head h1")).to_contain_text("</title><script>")
    assert_harmless(visit)
    visit.page.locator("#conversations [aria-current=page]").locator("xpath=..").get_by_role("button").first.click()
    visit.page.locator(".options:popover-open").get_by_role("button", name="Delete conversation").click()
    expect(visit.page.locator("#notices")).to_contain_text("</title><script>")
    assert_harmless(visit)


@pytest.fixture(scope="module")
def geese(browser, admin, langai) -> None:
    """A document whose title, name and text are payloads."""
    page = f"<title>{TITLE.replace('<', '&lt;')}</title><p>" + DOCUMENT.replace("<", "&lt;").replace("\n\n", "<p>")
    with visiting(browser, admin, langai) as visit:
        made_collection(visit, "Geese <script>window.__xss=1</script>", "admin")
        uploaded(
            visit,
            "Geese <script>window.__xss=1</script>",
            (f"{TITLE}.txt", "text/plain", DOCUMENT.encode()),
            ("geese.html", "text/html", page.encode()),
        )
        assert_harmless(visit)


@pytest.mark.usefixtures("geese")
def test_a_document_brings_nothing_but_text_wherever_it_is_shown(browser, admin, langai):
    with visiting(browser, admin, langai) as visit:
        visit.open()
        visit.ask("How many geese has the harbour master of Ulvoy?", "quotes")
        visit.until_ended()
        expect(visit.answer).to_contain_text("eleven geese")
        expect(visit.reply.locator(".sources li").first).to_contain_text("onerror")
        assert_harmless(visit)
        visit.answer.locator("a.cite").first.click()
        expect(visit.page.locator("#source mark")).to_contain_text("<script>")
        assert_harmless(visit)
        visit.page.reload()
        assert_harmless(visit)
        visit.open('/search/?q=geese of the harbour master "><script>window.__xss=1</script>')
        expect(visit.page.locator(".result").first).to_contain_text("<script>")
        assert_harmless(visit)
        visit.page.locator(".result a").first.click()
        expect(visit.page.locator("mark")).to_contain_text("<script>")
        assert_harmless(visit)
        visit.open("/admin/documents/document/")
        assert_harmless(visit)
        visit.page.locator("#result_list th a", has_text="onerror").first.click()
        expect(visit.page.locator(".passages")).to_contain_text("<script>")
        assert_harmless(visit)
