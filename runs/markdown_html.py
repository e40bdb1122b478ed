"""Markdown to HTML that is not safe yet: `safe_html.py` alone calls this, in its process, and cleans what comes."""

import re
from typing import Any
from xml.etree.ElementTree import Element

import markdown
from markdown.extensions.codehilite import CodeHiliteExtension
from markdown.extensions.tables import TableExtension
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor

from runs.deep_links import BARE, IMAGE, is_deep, reference_of

_ADDRESS = r"(?<![\w/\"'=<(\[])(https?://[^\s<>\"'`)\]]+[^\s<>\"'`)\].,;:!?])"
_TASK = re.compile(r"\[([ xX])\]\s+")


def to_html(text: str) -> str:
    """The HTML of the text: raw HTML stays text, code is coloured, bare addresses and references become links."""
    code = CodeHiliteExtension(guess_lang=False, classprefix="hl-")
    tables = TableExtension(use_align_attribute=True)
    parser: Any = markdown.Markdown(extensions=["fenced_code", "sane_lists", tables, code])
    parser.preprocessors.deregister("html_block")
    parser.inlinePatterns.deregister("html")
    parser.inlinePatterns.register(_BareAddress(_ADDRESS, parser), "bare_address", 95)
    parser.inlinePatterns.register(_BareReference(BARE, parser), "bare_reference", 94)
    parser.treeprocessors.register(_Pictures(parser), "pictures", 5)
    parser.treeprocessors.register(_LowerHeadings(parser), "lower_headings", 4)
    parser.treeprocessors.register(_Tasks(parser), "tasks", 3)
    parser.treeprocessors.register(_DeepTitles(parser), "deep_titles", 2)
    return str(parser.convert(text))


class _BareAddress(InlineProcessor):
    """`https://…` in running text becomes a link."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(  # type: ignore[override]  # the stubs know only the older shape of a Pattern
        self, m: re.Match[str], data: str
    ) -> tuple[Element, int, int]:
        return _link(m[1], m[1]), m.start(1), m.end(1)


class _BareReference(InlineProcessor):
    """`run:…`, `experiment:"…"` and the like in running text become links to what they name."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(  # type: ignore[override]
        self, m: re.Match[str], data: str
    ) -> tuple[Element, int, int]:
        return _link(reference_of(m[1]), m[1]), m.start(1), m.end(1)


def _link(address: str, words: str) -> Element:
    link = Element("a", {"href": address})
    link.text = markdown.util.AtomicString(words)
    return link


class _Pictures(Treeprocessor):
    """A picture of another site would tell that site who reads: it becomes a link. Our own stay pictures."""

    def run(self, root: Element) -> None:
        for picture in root.iter("img"):
            address, words = picture.get("src", ""), picture.get("alt", "")
            if IMAGE.fullmatch(address):
                picture.attrib = {"src": address, "alt": words}
                continue
            picture.tag, picture.attrib = "a", {"href": address}
            picture.text = markdown.util.AtomicString(words or address)


class _LowerHeadings(Treeprocessor):
    """The text stands under headings of its page, so its own begin at the third level."""

    def run(self, root: Element) -> None:
        for heading in root.iter():
            if heading.tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
                heading.tag = f"h{min(6, int(heading.tag[1]) + 2)}"


class _Tasks(Treeprocessor):
    """`- [ ] to do` and `- [x] done`."""

    def run(self, root: Element) -> None:
        for item in root.iter("li"):
            place = item[0] if len(item) and item[0].tag == "p" and not (item.text or "").strip() else item
            match = _TASK.match(place.text or "")
            if match is None:
                continue
            is_done = match[1] != " "
            box = Element("span", {"class": "todo-done" if is_done else "todo"})
            box.text, box.tail = "☑" if is_done else "☐", " " + (place.text or "")[match.end() :]
            place.text = ""
            place.insert(0, box)


class _DeepTitles(Treeprocessor):
    """The title of a deep link tells what it leads to; one that somebody wrote would hide that."""

    def run(self, root: Element) -> None:
        for link in root.iter("a"):
            if is_deep(link.get("href", "")):
                link.attrib.pop("title", None)
