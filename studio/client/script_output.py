"""What a script prints, as it comes out of its pipes: whole characters, and never the token that it holds."""

import os
import select
from collections.abc import Callable
from typing import IO

READ_BYTES = 1 << 16
# What may be the beginning of something longer is held back for as long as its rest may be on its way.
HOLD_S = 0.5
HIDDEN = b"***"


class Veil:
    """Passes bytes on in whole UTF-8 characters and with every `secret` in them replaced."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._held = b""

    def pass_on(self, piece: bytes) -> bytes:
        """Return what may be shown now; what may go on in the next piece is held back."""
        found = self._held + piece
        if self._secret:
            found = found.replace(self._secret, HIDDEN)
        held = max(self._begun_secret(found), _begun_character(found))
        self._held = found[len(found) - held :]
        return found[: len(found) - held]

    def let_go(self) -> bytes:
        """Return what was held back: nothing came after it."""
        held, self._held = self._held, b""
        return held

    def __bool__(self) -> bool:
        """Whether something is held back."""
        return bool(self._held)

    def _begun_secret(self, found: bytes) -> int:
        longest = min(len(self._secret) - 1, len(found))
        return next((n for n in range(longest, 0, -1) if found.endswith(self._secret[:n])), 0)


def _begun_character(found: bytes) -> int:
    """How many bytes at the end are the beginning of a UTF-8 character; 0 where it is none or complete."""
    for back in range(1, min(3, len(found)) + 1):
        byte = found[-back]
        if byte & 0xC0 == 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if back < length else 0
        if byte & 0xC0 != 0x80:
            return 0
    return 0


def read_output(output: IO[bytes], secret: bytes, feed: Callable[[bytes], None]) -> None:
    """Feed what comes out of a pipe until everybody has closed its other end."""
    veil = Veil(secret)
    source, is_holding = output.fileno(), False
    while True:
        if is_holding and not select.select([source], [], [], HOLD_S)[0]:
            piece, shown = None, veil.let_go()
        else:
            piece = os.read(source, READ_BYTES)
            shown = veil.pass_on(piece) if piece else veil.let_go()
        is_holding = bool(veil)
        if shown:
            feed(shown)
        if piece == b"":
            return
