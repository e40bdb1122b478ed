"""The address of a file of a run, and of a line in it: what every link into a log is made by. Knows no database."""

from urllib.parse import urlencode

from django.urls import reverse


def log_address(workspace: str, run_id: str, path: str, line: int | None = None) -> str:
    """The page that shows the file; with `line` (from 1) the part of it around that line, which is marked.

    The line stands twice: the server opens the window by the parameter, the browser goes to the line by the rest.
    """
    base = reverse("run_logs", args=[workspace, run_id])
    if line is None:
        return f"{base}?{urlencode({'file': path})}"
    return f"{base}?{urlencode({'file': path, 'line': line})}#L{line}"
