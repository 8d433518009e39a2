"""The HTML that an answer may contain: text, tables, code and formulas; nothing that runs, loads or styles."""

import nh3

TEXT_TAGS = {
    *("a", "blockquote", "br", "code", "div", "em", "hr", "li", "ol", "p", "pre", "s", "span", "strong", "ul"),
    *("dd", "dl", "dt", "input", "sub", "sup"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "tbody", "td", "th", "thead", "tr"),
}
# Charts, which this package draws itself. Nothing of SVG that holds text, loads or refers to something.
CHART_TAGS = {"b", "details", "figcaption", "figure", "i", "path", "rect", "summary", "svg"}
MATH_TAGS = {
    *("math", "menclose", "mfenced", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom"),
    *("mprescripts", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd"),
    *("mtext", "mtr", "munder", "munderover"),
}
MATH_ATTRIBUTES = {
    *("accent", "accentunder", "columnalign", "columnlines", "columnspacing", "depth", "display", "displaystyle"),
    *("fence", "form", "height", "linethickness", "lspace", "mathsize", "mathvariant", "maxsize", "minsize"),
    *("movablelimits", "notation", "rowlines", "rowspacing", "rspace", "scriptlevel", "separator", "stretchy"),
    *("symmetric", "voffset", "width"),
}
# Pygments' short class names that the stylesheet colours.
CODE_CLASSES = {
    *("bp", "c", "c1", "ch", "cm", "cp", "cpf", "cs", "dl", "err", "fm", "gd", "gh", "gi", "gr", "gs", "gu", "il"),
    *("k", "kc", "kd", "kn", "kp", "kr", "kt", "m", "mb", "mf", "mh", "mi", "mo", "na", "nb", "nc", "nd", "ne", "nf"),
    *("nl", "nn", "no", "nt", "nv", "ow", "s", "s1", "s2", "sa", "sb", "sc", "sd", "se", "sh", "si", "sr", "ss", "sx"),
    *("vc", "vg", "vi"),
}

# What may say in which direction its text runs.
DIRECTED = {
    *("blockquote", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ol", "p", "table", "td", "th"),
    "ul",
}
_ALERTS = {f"markdown-alert-{kind}" for kind in ("note", "tip", "important", "warning", "caution")}
_ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title"},
    "div": {"aria-label", "data-language"},
    "input": {"aria-label", "checked", "disabled"},
    "ol": {"start"},
    "path": {"d"},
    "rect": {"height", "width", "x", "y"},
    "svg": {"aria-hidden", "aria-label", "preserveAspectRatio", "viewBox"},
    "p": {"aria-hidden"},
}
_HUES = {f"hue-{number}" for number in range(1, 8)}

CLEANER = nh3.Cleaner(
    tags=TEXT_TAGS | MATH_TAGS | CHART_TAGS,
    attributes=dict.fromkeys(MATH_TAGS, MATH_ATTRIBUTES)
    | {tag: _ATTRIBUTES.get(tag, set()) | ({"dir"} if tag in DIRECTED else set()) for tag in DIRECTED | {*_ATTRIBUTES}},
    tag_attribute_values={
        "div": {"role": {"region"}, "tabindex": {"0"}},
        "input": {"type": {"checkbox"}},
        "pre": {"tabindex": {"0"}},
        "svg": {"role": {"img"}},
    },
    allowed_classes={
        "a": {"cite"},
        "div": {"code", "footnote", "markdown-alert", "pie", "plot", "table"} | _ALERTS,
        "figure": {"chart"},
        "i": _HUES,
        "li": {"task-list-item"},
        "mtd": {"apart", "left", "line-bottom", "line-left", "line-right", "line-top", "right"},
        "p": {"axis", "markdown-alert-title", "notice", "ticks"},
        "path": _HUES | {"dots", "grid", "line"},
        "rect": _HUES,
        "span": CODE_CLASSES | {"otherwise", "reworded", "stands", "unfound", "unseen", "unverified"},
        "td": {"center", "right"},
        "th": {"center", "right"},
        "ol": {"contains-task-list", "ranks"},
        "ul": {"contains-task-list", "legend"},
    },
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow",
)
