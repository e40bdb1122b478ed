"""Images of MLflow's `log_image(key=…)`, which sends key, step and time in the name of the file."""

import hashlib
import re
from contextlib import suppress
from dataclasses import replace

import numpy as np

from runs.actions.image_names import name_beside
from runs.actions.tracking import OtherFamily, Points, log_points
from runs.errors import Refused
from runs.limits import INTEGER_MAX
from runs.models import Metric, Run

# 3.x writes "+" between the parts and "~" for a slash of the key, 2.x "%" and "#", which no path here may hold.
_NAME = re.compile(
    r"images/(?P<key>[^/]+)(?P<sign>[+%])step(?P=sign)(?P<step>-?\d{1,19})(?P=sign)timestamp(?P=sign)(?P<time>\d{1,19})"
    r"(?P=sign)[0-9a-f-]{36}\.png",
    re.ASCII,
)


def note_logged_image(run: Run, path: str) -> None:
    """Show a file of such a name as an image of its key and step; sent again, also after a lost answer, it adds none.

    Where the key is that of numbers the images stand beside them, under a name of their own.
    """
    found = _NAME.fullmatch(path)
    if found is None or int(found["time"]) > INTEGER_MAX or abs(int(found["step"])) > INTEGER_MAX:
        return
    steps, times = (np.array([int(found[part])], dtype=np.int64) for part in ("step", "time"))
    name, sent = found["key"].replace("~", "/"), f"image {hashlib.sha256(path.encode()).hexdigest()}"
    image = Points(name, [path], steps, times, kind=Metric.IMAGE)
    try:
        log_points(run, [image], key=sent)
    except OtherFamily:
        with suppress(Refused):
            log_points(run, [replace(image, name=name_beside(name))], key=sent)
    except Refused:
        pass
