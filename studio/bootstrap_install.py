"""Makes a virtual environment and installs into it by uv or pip, with progress. Standard library only."""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

from studio.parent_death import tied_to_me

NO_INSTALLER = """This Python can neither make a whole virtual environment (ensurepip is missing) nor run pip.
On Debian and Ubuntu: apt-get install python3-venv
Or install uv and have it on the PATH. Then run the command again."""
# Lines of pip and uv that tell a person what is going on.
MILESTONE = re.compile(
    r"\s*(Collecting|Downloading|Building|Installing|Preparing|Resolved|Prepared|Installed)\b.*"
)
PLAIN_LINE_EVERY_S = 10


def say(text: str) -> None:
    """Tell the person what happens, at once."""
    print(text, flush=True)


def python_of(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    return folder / "bin" / "python"


def version_of(folder: Path) -> list[int] | None:
    """Major and minor version of the environment's Python, by itself; None where it does not start."""
    script = "import sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run(
            [python_of(folder), "-c", script], capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return [int(part) for part in answer.stdout.split()]


def starts(folder: Path, version: list[int] | None = None) -> bool:
    """Whether the environment's Python runs (and is still the version it was made for)."""
    found = version_of(folder)
    return found is not None and (version is None or found == version)


def uv() -> str | None:
    """Where uv is, when it is on the PATH."""
    return shutil.which("uv")


def make_environment(folder: Path, *, afresh: bool) -> None:
    """Have a virtual environment at the folder; `afresh` throws away what is there."""
    if not afresh:
        return
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    python = str(base) if base.exists() else sys.executable
    say(f"Making {folder} for Python {sys.version_info[0]}.{sys.version_info[1]}; this happens once.")
    if uv() and attempt([str(uv()), "venv", "--quiet", "--clear", "--python", python, str(folder)]):
        return
    if folder.exists():
        shutil.rmtree(folder)
    if importlib.util.find_spec("ensurepip") and attempt([python, "-m", "venv", str(folder)]):
        return
    # Debian without python3-venv: the environment gets no pip of its own, the system's pip installs into it.
    if importlib.util.find_spec("pip") and attempt(
        [python, "-m", "venv", "--clear", "--without-pip", str(folder)]
    ):
        return
    sys.exit(NO_INSTALLER)


def attempt(command: list[str]) -> bool:
    """Run a command silently; whether it ended well."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def installers(folder: Path) -> list[list[str]]:
    """The commands that could install into the environment, best first."""
    python = str(python_of(folder))
    found = []
    if command := uv():
        found.append([command, "pip", "install", "--python", python])
    quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    if attempt([python, "-m", "pip", "--version"]):
        found.append([python, "-m", "pip", "install", *quiet])
    elif importlib.util.find_spec("pip"):
        found.append([sys.executable, "-m", "pip", "--python", python, "install", *quiet])
    return found


def install(folder: Path, root: Path, wanted: list[str], *, lock: int) -> None:
    """Install the requirements and the project itself, editable. When it fails, end with what to do."""
    say(f"Installing {len(wanted)} packages and what they need; the first time takes about a minute.")
    started = time.monotonic()
    commands = installers(folder)
    if not commands:
        sys.exit(NO_INSTALLER)
    for command in commands:
        code, last_lines = run_with_progress([*command, *wanted, "--editable", str(root)], root, lock)
        if code == 0:
            say(f"Installed in {time.monotonic() - started:.0f} s.")
            return
    say("The installation failed. The installer's last lines:")
    say("".join(f"  {line}\n" for line in last_lines).rstrip())
    sys.exit(
        "Check the network and the package index that pip is set up for, then run the same command again."
    )


def run_with_progress(command: list[str], root: Path, lock: int) -> tuple[int, list[str]]:
    """Run an installer and show where it is; its exit code and last 15 lines."""
    last_lines: deque[str] = deque(maxlen=15)
    process = subprocess.Popen(
        command,
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # Killed with this process; and until it is gone, it holds the lock on .venv itself.
        preexec_fn=tied_to_me(),
        pass_fds=[lock],
    )
    progress = Progress()
    try:
        assert process.stdout is not None  # noqa: S101
        for line in process.stdout:
            last_lines.append(line.rstrip())
            if MILESTONE.match(line):
                progress.step(line.strip())
        return process.wait(), list(last_lines)
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        sys.exit("\nStopped. The next call starts the installation again.")
    finally:
        progress.end()


class Progress:
    """The latest step with the time passed: redrawn on a terminal, else a plain line every few seconds."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.text = "Starting the installer"
        self.on_terminal = sys.stdout.isatty()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.draw, daemon=True)
        self.thread.start()

    def step(self, line: str) -> None:
        """Note what the installer does now."""
        # Without the version conditions of "Collecting x>=1 (from y)" and the lists of package names.
        self.text = re.sub(r"\s*(\(from .*|[<>=!~;\[].*)$", "", line)[:90]

    def draw(self) -> None:
        """Show the step until the installer has ended."""
        every_s = 0.1 if self.on_terminal else PLAIN_LINE_EVERY_S
        frame = 0
        while not self.ended.wait(every_s):
            passed_s = time.monotonic() - self.started
            if self.on_terminal:
                frame += 1
                spinner = "|/-\\"[frame % 4]
                width = shutil.get_terminal_size().columns - 1
                sys.stdout.write(f"\r\x1b[K{f'{spinner} {passed_s:3.0f} s  {self.text}'[:width]}")
                sys.stdout.flush()
            else:
                say(f"  {passed_s:3.0f} s  {self.text}")

    def end(self) -> None:
        """Stop drawing and clear the line."""
        self.ended.set()
        self.thread.join()
        if self.on_terminal:
            sys.stdout.write("\r\x1b[K")
            sys.stdout.flush()
