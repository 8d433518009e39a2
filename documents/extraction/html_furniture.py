"""Finds what of a web page is not its text: menus, notices about cookies, footers.

It looks for what pages themselves say of their parts, and for lists of links. Losing text is worse than keeping a
menu: whatever holds the page's main part or its title is kept, and if too little would be left, nothing is left out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

# Elements and roles that are never text of the page.
TAGS = {"nav", "dialog", "menu"}
ROLES = {"navigation", "search", "menu", "menubar", "dialog", "alertdialog", "banner", "contentinfo"}
# Those of a page, unlike those of one of its articles.
OF_THE_PAGE = {"header", "footer"}
MAIN = {"main", "article"}
SECTIONS = MAIN | {"section", "blockquote", "table", "td", "th"}
NOTICES = re.compile(r"cookie|consent|gdpr|ccpa|didomi|onetrust|usercentrics|borlabs", re.IGNORECASE)
# Words of classes and ids that are menus if most of their words are links.
MENUS = re.compile(
    r"(?:^|[-_ ])(?:nav|navi|navbar|navigation|menu|sidebar|breadcrumbs?|pagination|pager|paging|social|share|sharing|"
    r"footer|topbar|toolbar|skip-?links?|tags?|related|promo)(?:$|[-_ ])",
    re.IGNORECASE,
)
HEADINGS = {"h1", "h2", "h3"}
LISTS = {"ul", "ol", "div", "aside", "section", "p", "center"}

# A notice is short; a page about cookies is not.
LONGEST_NOTICE = 3000
# The share of the characters that are in links, in what calls itself a menu and in any other list.
LINKS_OF_A_MENU, LINKS_OF_A_LIST = 0.5, 0.9
LEAST_LINKS, LONGEST_LINK = 4, 40
# So much text that is not a link says that the page itself has begun. Lists of links are menus only above it.
LEAST_TEXT = 60
# A header or footer with more words than this, most of them not links, says something.
LONGEST_HEADER, LINKS_OF_A_HEADER = 1000, 0.3
# So many characters in an element that says it is the main part are one, however little of the whole it is.
LEAST_MAIN = 40
# How much must be left of a page that does not say where its main part is.
LEAST_LEFT = 0.4
SAMPLE_CHARACTERS, MOST_SAMPLES = 60, 3


@dataclass
class ElementMeasure:
    """How much is in an element: characters of words, those in links, links, and whether it holds a main part."""

    characters: int = 0
    linked: int = 0
    links: int = 0
    holds_main: bool = False

    def add(self, inner: "ElementMeasure") -> None:
        self.characters += inner.characters
        self.linked += inner.linked
        self.links += inner.links
        self.holds_main |= inner.holds_main


@dataclass
class Furniture:
    """The elements to leave out, by their ids, and how each begins, for people to recognise it."""

    left_out: set[int] = field(default_factory=set)
    samples: list[str] = field(default_factory=list)
    characters: int = 0


def furniture(body: LexborNode, walk: Sequence[tuple[LexborNode, bool]]) -> Furniture:
    """Return what to leave out of a page; `walk` are its visible nodes as they open and close."""
    measures = _measured(walk)
    found, depth, sections, begun = Furniture(), 0, 0, False
    for node, opens in walk:
        tag = node.tag or ""
        if depth:
            depth += (1 if opens else -1) if node.is_element_node else 0
            continue
        if not node.is_element_node:
            begun |= _is_text(node)
            continue
        begun |= tag in HEADINGS
        sections += (1 if opens else -1) if tag in SECTIONS else 0
        if (
            opens
            and node.mem_id != body.mem_id
            and _is_furniture(node, measures[node.mem_id], begun=begun, in_section=sections > 0)
        ):
            sections -= tag in SECTIONS
            depth = 1
            _leave_out(node, measures[node.mem_id], found)
    whole = measures[body.mem_id]
    left = whole.characters - found.characters
    says_where = any(node.is_element_node and _is_main(node, measures[node.mem_id]) for node, opens in walk if opens)
    return found if left >= LEAST_LEFT * whole.characters or says_where else Furniture()


def _is_main(node: LexborNode, measure: ElementMeasure) -> bool:
    return measure.characters >= LEAST_MAIN and (node.tag in MAIN or _role(node) == "main")


def _is_text(node: LexborNode) -> bool:
    parent = node.parent
    return (
        node.tag == "-text"
        and len((node.text_content or "").strip()) >= LEAST_TEXT
        and getattr(parent, "tag", "") != "a"
    )


def _leave_out(node: LexborNode, measure: ElementMeasure, found: Furniture) -> None:
    found.left_out.add(node.mem_id)
    found.characters += measure.characters
    words = (
        " ".join(node.text(separator=" ").split()) if len(found.samples) < MOST_SAMPLES and measure.characters else ""
    )
    if words:
        found.samples.append(words[:SAMPLE_CHARACTERS])


def _measured(walk: Sequence[tuple[LexborNode, bool]]) -> dict[int, ElementMeasure]:
    """Return the measure of each element by its id."""
    measures: dict[int, ElementMeasure] = {}
    around: list[ElementMeasure] = []
    in_link = 0
    for node, opens in walk:
        tag = node.tag or ""
        if not node.is_element_node:
            length = len("".join((node.text_content or "").split())) if tag == "-text" else 0
            if around:
                around[-1].characters += length
                around[-1].linked += length if in_link else 0
        elif opens:
            in_link += tag == "a"
            measure = ElementMeasure(links=int(tag == "a"), holds_main=tag in ("h1", *MAIN) or _role(node) == "main")
            measures[node.mem_id] = measure
            around.append(measure)
        else:
            in_link -= tag == "a"
            inner = around.pop()
            if around:
                around[-1].add(inner)
    return measures


def _is_furniture(node: LexborNode, measure: ElementMeasure, *, begun: bool, in_section: bool) -> bool:
    if measure.holds_main or not measure.characters:
        return False
    tag, role, named = node.tag or "", _role(node), _names(node)
    density = measure.linked / measure.characters
    if tag in TAGS or role in ROLES:
        return True
    if tag in OF_THE_PAGE and not in_section:
        return measure.characters <= LONGEST_HEADER or density >= LINKS_OF_A_HEADER
    if NOTICES.search(named) and measure.characters <= LONGEST_NOTICE:
        return tag not in SECTIONS
    if MENUS.search(named) and density >= LINKS_OF_A_MENU and measure.links > 1:
        return True
    short = measure.linked <= measure.links * LONGEST_LINK
    above = not begun and not in_section
    return above and tag in LISTS and measure.links >= LEAST_LINKS and short and density >= LINKS_OF_A_LIST


def _role(node: LexborNode) -> str:
    return (node.attributes.get("role") or "").lower()


def _names(node: LexborNode) -> str:
    return f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}"
