"""What git knows of the folder that a run is started in: commit, branch, repository, and what is not committed."""

import os
import re
import subprocess
from pathlib import Path

# A training waits for its commit, not for what is changed.
PROMPT_S = 1.0
LONGEST_S = 10.0
DIFF_BYTES = 1 << 20
CUT = "\n\\ The rest is left out: this difference is larger than 1 MiB.\n"
DIFF_NAME = "git/uncommitted.diff"
# The cloud's names, and MLflow's, which scripts read.
NAMES = {
    "repository_uri": ("azureml.git.repository_uri", "mlflow.source.git.repoURL"),
    "branch": ("azureml.git.branch", "mlflow.source.git.branch"),
    "commit": ("azureml.git.commit", "mlflow.source.git.commit"),
    "dirty": ("azureml.git.dirty",),
    "build_id": ("azureml.git.build_id",),
    "build_uri": ("azureml.git.build_uri",),
}
# Neither hooks nor monitors that a foreign repository names may run; nothing is locked or asked.
_OPTIONS = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "diff.external=")
_WITHOUT_ENV = ":(top,exclude,glob)**/.env*"


def git_properties(folder: Path) -> dict[str, str]:
    """Return the properties that tell where the sources come from; none outside of a repository.

    Environment variables such as STUDIO_GIT_COMMIT come before what git says. Whether all is committed is not
    among them: `git_dirty` may take longer.
    """
    facts = _facts(folder) if _is_in_repository(folder) else {}
    for name in NAMES:
        given = os.environ.get(f"STUDIO_GIT_{name.upper()}")
        if given:
            facts[name] = given
    if facts.get("repository_uri"):
        facts["repository_uri"] = without_credentials(facts["repository_uri"])
    return {name: value for fact, value in facts.items() if value for name in NAMES[fact]}


def git_dirty(folder: Path) -> dict[str, str]:
    """Return the property that tells of changes that are not committed; none where there are none."""
    if not _is_in_repository(folder):
        return {}
    changed = _run(folder, "status", "--porcelain", "--untracked-files=no", limit=1, longest_s=LONGEST_S)
    return {NAMES["dirty"][0]: "True"} if changed else {}


def git_diff(folder: Path) -> bytes:
    """Return what is changed and not committed, as a unified diff of up to 1 MiB; nothing where all is committed.

    Files named .env are left out of it.
    """
    if not _is_in_repository(folder):
        return b""
    words = ("diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv", "--", ":(top)", _WITHOUT_ENV)
    found = _run(folder, *words, limit=DIFF_BYTES + 1, longest_s=LONGEST_S)
    return found if len(found) <= DIFF_BYTES else found[:DIFF_BYTES] + CUT.encode()


def without_credentials(address: str) -> str:
    """Return the repository's address without user and password; the user of ssh stays."""
    match = re.match(
        r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)(?P<who>[^/?#]*)@(?P<rest>.*)", address, re.DOTALL
    )
    if match is None:
        return address
    user = match["who"].partition(":")[0]
    keeps_user = "ssh" in match["scheme"].lower() and user
    return f"{match['scheme']}{f'{user}@' if keeps_user else ''}{match['rest']}"


def _is_in_repository(folder: Path) -> bool:
    """Look without starting a program: most folders that are none cost nothing."""
    place = folder.absolute()
    return any((above / ".git").exists() for above in (place, *place.parents))


def _facts(folder: Path) -> dict[str, str]:
    return {
        "commit": _line(folder, "rev-parse", "--verify", "HEAD"),
        "branch": _line(folder, "symbolic-ref", "--short", "-q", "HEAD"),
        "repository_uri": _line(folder, "config", "--get", "remote.origin.url"),
    }


def _line(folder: Path, *words: str) -> str:
    return _run(folder, *words, limit=4096).decode(errors="replace").strip()


def _run(folder: Path, *words: str, limit: int, longest_s: float = PROMPT_S) -> bytes:
    """What git prints, up to so many bytes; nothing when there is no git, it refuses, or it takes too long."""
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        process = subprocess.Popen(
            ["git", *_OPTIONS, *words],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return b""
    return _read(process, limit, longest_s)


def _read(process: "subprocess.Popen[bytes]", limit: int, longest_s: float) -> bytes:
    from threading import Timer

    timer = Timer(longest_s, process.kill)
    timer.daemon = True
    timer.start()
    with process:
        assert process.stdout is not None  # noqa: S101
        found = process.stdout.read(limit)
        if len(found) >= limit:
            process.kill()
            return found
        code = process.wait()
        timer.cancel()
        return found if code == 0 else b""
