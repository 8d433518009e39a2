"""axe finds nothing on any page, in any theme, wide or narrow; and nothing scrolls sideways at 320 pixels.

Each page is loaded once. All rules are asked in the light theme; in the others, those about colours.
"""

from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import expect

from tests.live.browser import Visit, visiting
from tests.shared import ROOT

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RUN = """async (rules) => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"], ...(rules && { runOnly: rules }) });
  return violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)]);
}"""
OVERFLOWING = """() => ["html", ".stage", "#scroller"].filter((name) => {
  const part = document.querySelector(name);
  return part && part.scrollWidth > part.clientWidth;
})"""
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 320, "height": 256}
COLOURS, SMALL = ["color-contrast", "link-in-text-block"], ["scrollable-region-focusable", "target-size"]
PAGES = (
    *(
        "/library/",
        "/library/1/",
        "/library/1/settings/",
        "/library/1/verified/",
        "/library/1/gaps/",
        "/library/1/tests/",
        "/library/people/",
        "/search/?q=upload",
        "/usage/",
        "/usage/everybody/",
        "/accounts/",
        "/accounts/keys/",
    ),
    *(
        "/conversations/search/?q=read",
        "/conversations/all/",
        "/conversations/archive/",
        "/changes/",
        "/library/review/",
        "/go/",
        "/go/keys/",
        "/models/",
        "/compare/",
        "/comparisons/",
        "/assistants/",
        "/assistants/new/",
        "/prompts/",
        "/admin/",
        "/admin/first-steps/",
        "/docs",
        "/v1/docs",
        "/offline",
    ),
)
ANSWER = r"""# Grain

Text with `code`, **bold**, a [link](https://example.org), $x^2$ and ~~nothing~~.[^1]

```python
def area(x):  # a comment
    return "text", 42, None, x @ [1], "and so on, so that this line is wider than any narrow window can be, ever"
```

| Day | Grain | Harbour | Captain | Tonnage | Arrival | Departure |
|---|--:|---|---|--:|---|---|
| Friday | Rye | Hamburg | Smith | 2000 | 2026-01-01 | 2026-02-02 |

> [!WARNING]
> Careful.

- [x] done
- [ ] open

$$
\int_0^1 \frac{a + b + c + d + e + f + g + h + i + j + k + l + m}{q} dx = \sum_{i=0}^n a_i + b_i + c_i + d_i + e_i
$$

```chart
{"type": "line", "title": "Ships", "labels": ["May", "June"], "series": [{"name": "a", "values": [1, 2]}]}
```

```chart
{"type": "pie", "labels": ["a", "b"], "values": [1, 2]}
```

```chart
{"type": "bar"}
```

[^1]: A note.
"""


def use_theme(visit: Visit, theme: str) -> None:
    visit.page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
    if theme == "contrast":
        visit.page.add_style_tag(path=ROOT / "static" / "contrast.css")
    # Halfway between two themes no colour is right.
    visit.page.evaluate(
        "document.getAnimations().filter((each) => each instanceof CSSTransition).forEach((each) => each.finish())"
    )


def faults(visit: Visit) -> list:
    """What axe finds on the page as it is, in each theme and narrow; the page stays as it was."""
    visit.page.evaluate(AXE)
    use_theme(visit, "light")
    found = [("light", *fault) for fault in visit.page.evaluate(RUN, None)]
    visit.page.set_viewport_size(NARROW)
    found += [("narrow", *fault) for fault in visit.page.evaluate(RUN, SMALL)]
    found += [("sideways", part) for part in visit.page.evaluate(OVERFLOWING)]
    visit.page.set_viewport_size(WIDE)
    for theme in ("dark", "contrast"):
        use_theme(visit, theme)
        found += [(theme, *fault) for fault in visit.page.evaluate(RUN, COLOURS)]
    return found


@pytest.fixture
def keeper(browser, admin, langai):
    """An admin's browser, whose pages let the test bring axe and styles in. Motion would make colours change."""
    with visiting(browser, admin, langai, bypass_csp=True, reduced_motion="reduce") as visit:
        visit.open()
        yield visit


def test_nothing_is_found_in_a_conversation(keeper, upstream):
    found = {"empty": faults(keeper)}
    keeper.open()
    upstream.script(ANSWER)
    keeper.ask("What is the grain?", "echo")
    keeper.until_ended()
    expect(keeper.answer.locator(".tools")).to_have_count(2)
    keeper.answer.locator("summary").first.click()
    keeper.ask("Think about it", "t5-h40-r20")
    keeper.until_ended()
    keeper.ask("And fail", "fail-busy-echo")
    keeper.until_ended()
    keeper.ask("Who can read my conversations?", "quotes")
    keeper.until_ended()
    found["conversation"] = faults(keeper)
    keeper.page.reload()
    keeper.reply.locator(".receipt summary").click()
    keeper.questions.last.locator(".edit").click()
    expect(keeper.page.locator(".editing textarea")).to_be_focused()
    keeper.reply.locator(".sources a").first.click()
    expect(keeper.page.locator("#source mark").first).to_be_visible()
    found["edit and passage"] = faults(keeper)
    keeper.page.reload()
    keeper.page.locator("#model-button").click()
    expect(keeper.page.locator("#model-list")).to_be_visible()
    found["models"] = faults(keeper)
    keeper.page.keyboard.press("Escape")
    keeper.reply.locator(".receipt summary").click()
    keeper.page.get_by_role("link", name="Why not another model?").last.click()
    expect(keeper.page.locator(".verdicts li").first).to_be_visible()
    found["why not another model"] = faults(keeper)
    keeper.open()
    keeper.page.get_by_role("button", name="Compare models").click()
    for name in ("echo", "t500-r0-d0"):
        keeper.page.locator(f"#comparing [value='hosted_vllm/{name}']").check()
    found["picking models to compare"] = faults(keeper)
    keeper.page.keyboard.press("Escape")
    upstream.script(ANSWER)
    keeper.page.fill("#text", "What is the grain?")
    keeper.page.keyboard.press("Enter")
    expect(keeper.page.get_by_role("button", name="Go on with this one")).to_have_count(2)
    found["compared answers"] = faults(keeper)
    assert [(state, what) for state, what in found.items() if what] == []


def test_nothing_is_found_on_other_pages(keeper):
    found = {}
    for path in PAGES:
        keeper.open(path)
        if "docs" in path:
            keeper.page.locator(".opblock").first.wait_for()
        found[path] = faults(keeper)
    assert [(path, what) for path, what in found.items() if what] == []
