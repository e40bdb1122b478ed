"""The colours and weights that programs print as escape sequences, as classes of the studio's own. Pure.

No style attribute ever comes of them: 256 and 16 million colours become the nearest of sixteen, each of which can be
read in light and dark (static/css/tokens.css). A background is drawn as the text's colour turned round.
"""

from dataclasses import dataclass, replace

_FLAGS = {1: "bold", 2: "dim", 3: "slant", 4: "under", 9: "struck"}
_ENDS = {22: ("bold", "dim"), 23: ("slant",), 24: ("under",), 29: ("struck",)}


@dataclass(frozen=True)
class Look:
    """How text looks: numbers of colours from 0 to 15, or None for the page's own."""

    ink: int | None = None
    ground: int | None = None
    flags: frozenset[str] = frozenset()
    is_turned: bool = False

    @property
    def classes(self) -> str:
        """The classes of it, none for plain text."""
        if not (self.flags or self.is_turned or self.ink is not None or self.ground is not None):
            return ""
        ground = self.ground
        if self.is_turned:
            ground = 7 if self.ink is None else self.ink
        colour = f"on-{ground}" if ground is not None else f"ink-{self.ink}" if self.ink is not None else ""
        return " ".join(filter(None, [colour, *sorted(self.flags)]))


PLAIN = Look()


def changed(look: Look, codes: str) -> Look:
    """The look after a sequence of codes such as `1;38;5;208`; what is not known changes nothing."""
    numbers = [
        int(code) if code.isascii() and code.isdecimal() and len(code) < 5 else 0 for code in _split(codes)
    ]
    place = 0
    while place < len(numbers):
        code = numbers[place]
        if code in (38, 48):
            colour, used = _extended(numbers[place + 1 :])
            if colour is not None:
                look = _with(look, "ink" if code == 38 else "ground", colour)
            place += used
        else:
            look = _simple(look, code)
        place += 1
    return look


def _split(codes: str) -> list[str]:
    return codes.replace(":", ";").split(";")


def _simple(look: Look, code: int) -> Look:
    if code == 0:
        return PLAIN
    if code in _FLAGS:
        return replace(look, flags=look.flags | {_FLAGS[code]})
    if code in _ENDS:
        return replace(look, flags=look.flags.difference(_ENDS[code]))
    if code in (7, 27):
        return replace(look, is_turned=code == 7)
    for first, name, base in ((30, "ink", 0), (90, "ink", 8), (40, "ground", 0), (100, "ground", 8)):
        if first <= code < first + 8:
            return _with(look, name, base + code - first)
    if code in (39, 49):
        return _with(look, "ink" if code == 39 else "ground", None)
    return look


def _with(look: Look, name: str, colour: int | None) -> Look:
    return replace(look, ink=colour) if name == "ink" else replace(look, ground=colour)


def _extended(rest: list[int]) -> tuple[int | None, int]:
    """The colour of `5;n` or `2;r;g;b`, and how many numbers it took."""
    if rest[:1] == [5] and len(rest) > 1:
        return _of_256(rest[1]), 2
    if rest[:1] == [2] and len(rest) > 3:
        return nearest(*(min(255, part) for part in rest[1:4])), 4
    return None, len(rest)


def _of_256(number: int) -> int:
    if number < 16:
        return number
    if number < 232:
        steps = (0, 95, 135, 175, 215, 255)
        place = number - 16
        return nearest(steps[place // 36], steps[place // 6 % 6], steps[place % 6])
    grey = 8 + (min(number, 255) - 232) * 10
    return nearest(grey, grey, grey)


def nearest(red: int, green: int, blue: int) -> int:
    """The one of the sixteen colours that comes closest: by hue, or by lightness where there is hardly a hue."""
    most, least = max(red, green, blue), min(red, green, blue)
    if most - least < 48:
        return 0 if most < 64 else 8 if most < 144 else 7 if most < 224 else 15
    if most == red:
        hue = 60 * (green - blue) / (most - least) % 360
    elif most == green:
        hue = 120 + 60 * (blue - red) / (most - least)
    else:
        hue = 240 + 60 * (red - green) / (most - least)
    # The sectors of red, yellow, green, cyan, blue, magenta; orange counts as yellow.
    bounds = ((18, 1), (75, 3), (160, 2), (200, 6), (262, 4), (335, 5), (361, 1))
    base = next(number for bound, number in bounds if hue < bound)
    return base + (8 if most > 210 else 0)
