"""Markdown to safe HTML: the only place that calls anything safe.

Three gates, each enough for most of what is known, none trusted alone:
1. python-markdown with raw HTML switched off: what people type as HTML stays text.
2. bleach's allow-list, as the product asks. Its last release says that it gets no more security fixes.
3. nh3 (ammonia), maintained, another parser written in another language: a hole must be in both to matter.

It is done in a process of its own that is killed after two seconds: 5 kB of `[` keep python-markdown busy for seven,
and a kilobyte of nested `- ` overflows the stack. What cannot be drawn is shown as plain text, with a note.
"""

import atexit
import contextlib
import os
import re
import resource
import select
import struct
import subprocess
import sys
import threading
import time
from html import escape
from pathlib import Path

import bleach
import nh3

from runs.deep_links import DEEP, IMAGE
from runs.limits import DESCRIPTION_BYTES
from runs.markdown_html import to_html

RENDER_S = 2.0
START_S = 15.0
MEMORY_BYTES = 1024 * 1024 * 1024

TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li"),
    *("strong", "em", "del", "code", "pre", "div", "span", "a"),
    *("table", "thead", "tbody", "tr", "th", "td", "img"),
}
# Where links may lead; those of deep_links.py are made into real addresses when the text is shown.
SCHEMES = {"http", "https", "mailto", *DEEP}
# Only the classes of highlighted code and task lists: none of the studio's own can be borrowed.
_CLASS = re.compile(r"codehilite|language-[\w+-]{1,30}|hl-\w{1,4}|todo|todo-done")
_ALIGN = {"left", "right", "center"}
_ADDRESS = r"(?<![\w/\"'=<(\[])(https?://[^\s<>\"'`)\]]+[^\s<>\"'`)\].,;:!?])"


def render(text: str) -> str:
    """Safe HTML of the Markdown text; the escaped text with a note where it cannot be drawn. Never raises."""
    if not text.strip():
        return ""
    if len(text.encode("utf-8", "replace")) > DESCRIPTION_BYTES:
        return plain(text, "This text is longer than 64 KB and is shown as it was written.")
    try:
        drawn = _helper.ask(text)
    except Exception:  # no process, no memory, no pipe: the text still appears
        drawn = None
    return (
        plain(text, "This text could not be drawn as Markdown and is shown as it was written.")
        if drawn is None
        else drawn
    )


def plain(text: str, note: str) -> str:
    """The text as it was written, under a note."""
    return f"<p><em>{escape(note)}</em></p><pre><code>{escape(text)}</code></pre>"


def draw(text: str) -> str:
    """All three gates, in this process and without a limit of time: `render` is for everybody else."""
    return second_gate(first_gate(to_html(text)))


def first_gate(html: str) -> str:
    """bleach: the allowed tags, attributes and link schemes; everything else is taken away."""
    return bleach.clean(html, tags=TAGS, attributes=_is_allowed, protocols=SCHEMES | {"image"}, strip=True)


def second_gate(html: str) -> str:
    """nh3: the same list again, and `rel` on every link."""
    attributes = {"a": {"href", "title"}, "th": {"align"}, "td": {"align"}, "img": {"src", "alt"}}
    attributes |= {tag: {"class"} for tag in ("div", "span", "code", "pre")}
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=attributes,
        attribute_filter=lambda tag, name, value: (
            value if name == "rel" or _is_allowed(tag, name, value) else None
        ),
        url_schemes=SCHEMES | {"image"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


def _is_allowed(tag: str, name: str, value: str) -> bool:
    if tag == "a":
        return name == "title" or (name == "href" and _leads_somewhere(value))
    if tag == "img":
        return name == "alt" or (name == "src" and IMAGE.fullmatch(value) is not None)
    if name == "align":
        return tag in ("th", "td") and value in _ALIGN
    if name == "class":
        return tag in ("div", "span", "code", "pre") and all(map(_CLASS.fullmatch, value.split()))
    return False


def _leads_somewhere(address: str) -> bool:
    """Only whole addresses: a relative one would change its meaning with the page it stands on."""
    return address.partition(":")[0].lower() in SCHEMES


class _Helper:
    """The process that draws: started on first use, one text at a time, killed when it takes too long."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, text: str) -> str | None:
        """The HTML, or None when the process died over it or did not answer in time."""
        if not self.lock.acquire(timeout=5 * RENDER_S):
            return None
        try:
            if self.process is None or self.process.poll() is not None:
                self.process = _start()
            return _exchange(self.process, text)
        except BaseException:
            self.stop()
            raise
        finally:
            if self.process is not None and self.process.poll() is not None:
                self.process = None
            self.lock.release()

    def stop(self) -> None:
        """End the process."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close() if pipe else None


def _start() -> "subprocess.Popen[bytes]":
    """A new process that has loaded everything and waits. It is given none of the server's environment."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", "from runs.safe_html import serve; serve()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": str(Path(__file__).resolve().parent.parent), "LANG": "C.UTF-8"},
        start_new_session=True,
        bufsize=0,
    )
    assert process.stdout  # noqa: S101
    if _read(process.stdout.fileno(), 1, START_S) != b".":
        process.kill()
        process.wait()
        raise TimeoutError("The process that draws Markdown did not start.")
    return process


def _exchange(process: "subprocess.Popen[bytes]", text: str) -> str | None:
    assert process.stdin and process.stdout  # noqa: S101
    sent = text.encode()
    process.stdin.write(struct.pack("<I", len(sent)) + sent)
    handle = process.stdout.fileno()
    deadline = time.monotonic() + RENDER_S
    size = struct.unpack("<i", _read(handle, 4, RENDER_S))[0]
    return None if size < 0 else _read(handle, size, deadline - time.monotonic()).decode()


def _read(handle: int, size: int, timeout_s: float) -> bytes:
    """Exactly `size` bytes. Raises TimeoutError, or EOFError when the process has died."""
    found, deadline = b"", time.monotonic() + timeout_s
    while len(found) < size:
        if not select.select([handle], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise TimeoutError
        piece = os.read(handle, size - len(found))
        if not piece:
            raise EOFError
        found += piece
    return found


def serve() -> None:
    """Draw what comes in, until the pipe closes: length and text in, length and HTML out, -1 for a failure."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    came, goes = sys.stdin.buffer, sys.stdout.buffer
    draw("`warm` *up*")
    goes.write(b".")
    goes.flush()
    while head := came.read(4):
        text = came.read(struct.unpack("<I", head)[0]).decode()
        try:
            html = draw(text).encode()
            goes.write(struct.pack("<i", len(html)) + html)
        except (Exception, RecursionError):
            goes.write(struct.pack("<i", -1))
        goes.flush()


_helper = _Helper()
atexit.register(_helper.stop)
# A forked process must not talk over the pipes of its parent.
os.register_at_fork(after_in_child=_helper.__init__)  # type: ignore[misc]
