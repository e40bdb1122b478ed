"""What an action or a query may raise.

Refused
├── NotFound      there is nothing of that name here, or it is not yours to know
├── Gone          it was here and is deleted; whoever writes to it should stop
├── NotAllowed    you are here, but your role or your token does not reach that far
├── Conflict      it would contradict what is already so
├── Invalid       what was sent is wrong; `field` and `position` say where
├── TooLarge      it passes a limit, which the sentence names
└── Unavailable   not now; try again in a moment
"""


class Refused(Exception):
    """A refusal with a sentence for the person: what was refused and why."""

    code = "refused"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class NotFound(Refused):
    """There is nothing of that name here, or it is not the caller's to know."""

    code = "not_found"


class Gone(Refused):
    """It was here and is deleted, as members may know. Whoever writes to it should stop."""

    code = "gone"


class NotAllowed(Refused):
    """The caller may see this, but their role or token does not allow the change."""

    code = "not_allowed"


class Conflict(Refused):
    """The change contradicts what is already so. `details` holds facts a client can act on."""

    code = "conflict"

    def __init__(self, message: str, *, field: str | None = None, **details: object) -> None:
        super().__init__(message, field=field)
        self.details = details


class Invalid(Refused):
    """What was sent is wrong. `position` counts characters from 0 in the text of `field`."""

    code = "invalid"

    def __init__(self, message: str, *, field: str | None = None, position: int | None = None) -> None:
        super().__init__(message, field=field)
        self.position = position


class TooLarge(Refused):
    """It passes a limit; the sentence names the limit."""

    code = "too_large"


class Unavailable(Refused):
    """Not now: the server or its database is busy or away."""

    code = "unavailable"
