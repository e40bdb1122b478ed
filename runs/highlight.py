"""Source text in the colours of its language, as lines of (class, text). Knows no database and makes no HTML.

Pygments' lexers are regular expressions over text that anybody may have uploaded, so each text is read in a process of
its own that is killed after two seconds; what cannot be coloured is shown plain.
"""

import functools
import json
import resource
import subprocess
import sys
import threading
from pathlib import Path

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

MOST_CHARACTERS = 256 * 1024
LIMIT_S = 2.0
MEMORY_BYTES = 512 * 1024 * 1024
# Only so many at once: each is a process.
_places = threading.BoundedSemaphore(2)

Lines = list[list[tuple[str, str]]]


def lexer_of(name: str) -> Lexer | None:
    """The lexer for a file of this name; None where there is none, or where it colours nothing."""
    try:
        lexer: Lexer = get_lexer_for_filename(name.rpartition("/")[2], stripnl=False, ensurenl=False)
    except (ClassNotFound, ValueError):
        return None
    return None if lexer.name in ("Text only", "Text output") else lexer


@functools.lru_cache(maxsize=16)
def highlighted(name: str, text: str) -> Lines | None:
    """The lines of the text, coloured; None where no language is known or it takes too long."""
    if len(text) > MOST_CHARACTERS or lexer_of(name) is None:
        return None
    if not _places.acquire(timeout=LIMIT_S):
        return None
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", "from runs.highlight import serve; serve()"],
            input=json.dumps([name, text]).encode(),
            env={"PYTHONPATH": str(Path(__file__).resolve().parent.parent), "LANG": "C.UTF-8"},
            capture_output=True,
            timeout=LIMIT_S,
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    finally:
        _places.release()
    if done.returncode != 0:
        return None
    return [[(classes, words) for classes, words in line] for line in json.loads(done.stdout)]


def coloured(name: str, text: str) -> Lines:
    """The same in this process and without a limit of time: `highlighted` is for everybody else."""
    lexer = lexer_of(name)
    lines: Lines = [[]]
    for kind, words in lexer.get_tokens(text) if lexer else ():
        short = next((STANDARD_TYPES[k] for k in reversed(kind.split()) if STANDARD_TYPES.get(k)), "")
        first, *others = words.split("\n")
        if first:
            lines[-1].append((f"hl-{short}" if short else "", first))
        for other in others:
            lines.append([(f"hl-{short}" if short else "", other)] if other else [])
    return lines[:-1] if len(lines) > 1 and not lines[-1] else lines


def serve() -> None:
    """Read [name, text] as JSON, write the lines."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    name, text = json.load(sys.stdin)
    json.dump(coloured(name, text), sys.stdout)
