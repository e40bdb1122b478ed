"""Cuts the text of a filter into tokens, each with its place. Linear in the length of the text."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from runs.errors import Invalid
from runs.query.fields import Field

WORD, QUOTED, OPERATOR, MARK, END = "word", "quoted", "operator", "mark", "end"

_BLANK = re.compile(r"\s*")
# A key path, a number, a date, a duration or a keyword: there is no arithmetic, so `-` and `+` are letters.
_WORD = re.compile(r"[\w.\-+/:@]+")
_OPERATOR = re.compile(r"<=|>=|!=|=|<|>")
# NUL and halves of surrogate pairs: no database stores them, PostgreSQL fails on them.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Token:
    """A piece of the text: `text` as meant (quotes taken off), from `start` up to `end`."""

    kind: str
    text: str
    start: int
    end: int
    quote: str = ""

    @property
    def written(self) -> str:
        """The text with the quotes it was written in."""
        return f"{self.quote}{self.text}{self.quote}"

    @property
    def keyword(self) -> str:
        """The word in lower case, or nothing when this is no bare word."""
        return self.text.lower() if self.kind == WORD else ""


class About(StrEnum):
    """What a mistake in a filter is about."""

    FORM = "form"
    SOURCE = "source"
    ATTRIBUTE = "attribute"
    DATASET_KEY = "dataset key"
    OPERATOR = "operator"
    VALUE = "value"


class Misread(Invalid):
    """A mistake in a filter: `about` what, the `text` that was not understood, and whose operator or value it is.

    For doors that tell it in the words of another language.
    """

    def __init__(
        self,
        message: str,
        position: int,
        *,
        about: About = About.FORM,
        text: str = "",
        of: Field | None = None,
    ) -> None:
        super().__init__(message, field="filter", position=position)
        self.about, self.text, self.of = about, text, of


def mistake(message: str, position: int, **known: Any) -> Misread:
    """A refusal that says where; `position` counts from 0, the sentence from 1. `known`: see Misread."""
    return Misread(message.replace("{place}", f"at character {position + 1}"), position, **known)


def first_unstorable(text: str) -> int | None:
    """The place of the first character that no value can hold, or None."""
    found = _UNSTORABLE.search(text)
    return found.start() if found else None


def composed(text: str) -> str:
    """The text in Unicode's composed form (NFC), in which all values are stored."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def tokens(text: str, *, mlflow: bool = False) -> Iterator[Token]:
    """The tokens, the last of kind END. In MLflow's dialect a quoted text has no escapes at all."""
    place = _skip_blank(text, 0)
    while place < len(text):
        token = _next_token(text, place, mlflow=mlflow)
        yield token
        place = _skip_blank(text, token.end)
    yield Token(END, "", len(text), len(text))


def _skip_blank(text: str, place: int) -> int:
    blank = _BLANK.match(text, place)
    return blank.end() if blank else place


def _next_token(text: str, place: int, *, mlflow: bool) -> Token:
    character = text[place]
    if character in "(),":
        return Token(MARK, character, place, place + 1)
    if character in "'\"`":
        return _quoted(text, place, mlflow=mlflow)
    if word := _WORD.match(text, place):
        return Token(WORD, word[0], place, word.end())
    if operator := _OPERATOR.match(text, place):
        return Token(OPERATOR, operator[0], place, operator.end())
    raise mistake(f"I did not understand {character!r} {{place}}.", place)


def _quoted(text: str, start: int, *, mlflow: bool) -> Token:
    """Up to the closing quote. A doubled quote inside stands for one.

    To MLflow it stays two, and a quote after a backslash does not close.
    """
    quote, place = text[start], start + 1
    while (close := text.find(quote, place)) >= 0:
        if text.startswith(quote, close + 1):
            place = close + 2
        elif mlflow and text[close - 1] == "\\" and close - 1 > start:
            place = close + 1
        else:
            inside = text[start + 1 : close]
            inside = inside if mlflow else inside.replace(quote * 2, quote)
            return Token(QUOTED, inside, start, close + 1, quote)
    raise mistake(f"The quote {quote} {{place}} is not closed.", start)
