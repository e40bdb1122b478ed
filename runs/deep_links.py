"""References in descriptions: `run:<id>`, `experiment:<name>`, `view:<name>`, `log:<file>#L10`, and our own images.

They are kept as they were written and made into links when the text is shown, because what they lead to, and whether
the reader may see it, changes. Knows no database.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import unescape
from urllib.parse import quote, unquote

DEEP = ("run", "experiment", "view", "log")
IMAGE = re.compile(r"image:([0-9a-f]{64})")
_KINDS = "|".join(DEEP)
# A name with blanks stands in quotes. What follows a word of ours in a sentence is not part of its name.
_NAME = r"[^\s<>\"'`()\[\]]*[^\s<>\"'`()\[\].,;:!?*_]"
BARE = rf"(?<![\w/:.\"'=<-])((?:{_KINDS}):(?:\"[^\"\n]{{1,500}}\"|{_NAME}))"
_LINE = re.compile(r"(.+?)(?:#L(\d{1,9}))?", re.DOTALL)
# As the second gate writes them: attributes in double quotes, which are escaped inside.
_LINK = re.compile(rf'<a(?: rel="[^"]*")? href="((?:{_KINDS}):[^"]*)"(?: \w+="[^"]*")*>(.*?)</a>', re.DOTALL)
_PICTURE = re.compile(r'<img((?: (?:alt|src)="[^"]*")*)\s*/?>')
_SOURCE, _ALT = re.compile(r' src="image:([0-9a-f]{64})"'), re.compile(r' alt="([^"]*)"')


@dataclass(frozen=True)
class Reference:
    """What a reference names; `line` of a log, or None."""

    kind: str
    name: str
    line: int | None = None


def is_deep(address: str) -> bool:
    """Whether the address is a reference of ours."""
    return address.partition(":")[0] in DEEP


def reference_of(text: str) -> str:
    """The address of a reference as it is written in running text."""
    kind, _, name = text.partition(":")
    if name.startswith('"') and name.endswith('"') and len(name) > 2:
        name = name[1:-1]
    return f"{kind}:{quote(name, safe='/#@!$&*+,;=._~-')}"


def parse(address: str) -> Reference:
    """What the address of a reference names."""
    kind, _, rest = address.partition(":")
    name = unquote(rest, errors="replace")
    if kind == "log" and (match := _LINE.fullmatch(name)):
        return Reference(kind, match[1], int(match[2]) if match[2] else None)
    return Reference(kind, name)


def references(html: str) -> list[Reference]:
    """What the safe HTML of a description refers to, each once, in its order."""
    return list(dict.fromkeys(parse(unescape(match[1])) for match in _LINK.finditer(html)))


def images(text: str) -> list[str]:
    """The hashes of our images that a description names, in Markdown or in its HTML, each once."""
    return list(dict.fromkeys(IMAGE.findall(text)))


DrawLink = Callable[[Reference, str, bool], str]
DrawImage = Callable[[str, str], str]


def fill(html: str, draw_link: DrawLink, draw_image: DrawImage) -> str:
    """The safe HTML with every reference and image drawn by the two functions, which answer with safe HTML.

    `draw_link(reference, words, is_bare)` gets the words of the link as safe HTML, and whether they are only the
    reference itself; `draw_image(sha256, alt)` the text that stands for the image, escaped.
    """

    def link(match: re.Match[str]) -> str:
        address, words = unescape(match[1]), match[2]
        is_bare = reference_of(unescape(words)) == address
        return draw_link(parse(address), words, is_bare)

    def picture(match: re.Match[str]) -> str:
        source, alt = _SOURCE.search(match[1]), _ALT.search(match[1])
        return draw_image(source[1], alt[1] if alt else "") if source else ""

    return _PICTURE.sub(picture, _LINK.sub(link, html))


def names_of(found: Iterable[Reference], kind: str, *, most: int = 200) -> list[str]:
    """The names of one kind, at most so many; none that no database could hold."""
    return [each.name for each in found if each.kind == kind and "\x00" not in each.name][:most]
