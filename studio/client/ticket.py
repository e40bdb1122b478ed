"""A ticket for one operation: whoever needs to know waits here for what became of it."""

import threading
from typing import Any

from studio.client.errors import StudioException


class Ticket:
    """Waits until an operation was sent, refused, or kept on disk because the studio is away."""

    def __init__(self) -> None:
        self._settled = threading.Event()
        self.answer: dict[str, Any] | None = None
        self.refusal: StudioException | None = None
        self.given_up = False

    def sent(self, answer: dict[str, Any]) -> None:
        """The studio has it."""
        self.answer = answer
        self._settled.set()

    def refused(self, refusal: StudioException) -> None:
        """The studio will not have it."""
        self.refusal = refusal
        self._settled.set()

    def kept(self) -> None:
        """It is on disk and will be sent later."""
        self.given_up = True
        self._settled.set()

    def wait(self, timeout_s: float) -> dict[str, Any] | None:
        """Return the answer, or None when it was kept. Raises the refusal. Never waits longer than told."""
        if not self._settled.wait(timeout_s):
            self.given_up = True
        if self.refusal is not None:
            raise self.refusal
        return self.answer
