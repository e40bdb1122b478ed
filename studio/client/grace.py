"""How long a script that is stopped has from SIGTERM to SIGKILL."""

import os

from studio.client.notices import warn

GRACE_S = 10.0
# The studio closes a run that it cancelled within two minutes, however long its script would take.
LONGEST_GRACE_S = 60.0


def grace_of(defined_s: float | None) -> float:
    """What the run defines, else STUDIO_CANCEL_GRACE_S, else 10 s; what is no such time is told, and not taken."""
    if defined_s is not None:
        return min(float(defined_s), LONGEST_GRACE_S)
    text = os.environ.get("STUDIO_CANCEL_GRACE_S") or str(GRACE_S)
    try:
        given_s = float(text)
    except ValueError:
        given_s = -1.0
    if 0.0 <= given_s <= LONGEST_GRACE_S:
        return given_s
    taken_s = LONGEST_GRACE_S if given_s > LONGEST_GRACE_S else GRACE_S
    warn(
        f"STUDIO_CANCEL_GRACE_S is a number of seconds from 0 to {LONGEST_GRACE_S:.0f}, not {text[:40]}: "
        f"a script that is stopped has {taken_s:.0f} s."
    )
    return taken_s
