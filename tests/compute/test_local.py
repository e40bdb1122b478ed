"""The engine that starts runs on this machine, with real processes; a shell script stands in the place of Python."""

import os
import signal
from pathlib import Path

import pytest

from runs.compute import local
from runs.compute.engine import EngineAway, EngineRefused, Order, State
from runs.compute.local import LocalEngine
from tests.compute.conftest import until

# Goes on until it is killed, and leaves no other process behind that would hold the lock for long.
WAIT = "while :; do sleep 0.05; done"
RUN = "digits_1764000000_0a1b2c3d"
ORDER = Order(RUN, "http://127.0.0.1:1", "studio_1_very-secret", "vision")


def python(folder: Path, script: str) -> str:
    """A program that is started as `python -m studio.client.cli run exec RUN`."""
    place = folder / "python"
    place.write_text(f"#!/bin/sh\n{script}\n")
    place.chmod(0o755)
    return str(place)


@pytest.fixture
def engine_with(tmp_path):
    made = []

    def with_script(script: str) -> LocalEngine:
        made.append(LocalEngine({"python": python(tmp_path, script)}, tmp_path / "compute"))
        return made[-1]

    yield with_script
    for engine in made:
        engine.stop(RUN, hard=True)


def state(engine: LocalEngine) -> State:
    return engine.states([RUN])[RUN].state


def test_a_run_is_started_once_and_its_end_is_seen(engine_with, tmp_path):
    engine = engine_with(f'echo "$@" >> {tmp_path}/started; read line < {tmp_path}/pipe; echo oh no; exit 3')
    os.mkfifo(tmp_path / "pipe")
    assert (state(engine), engine.find(RUN)) == (State.UNKNOWN, None)
    assert engine.submit(ORDER) == engine.submit(ORDER) == RUN
    assert (state(engine), engine.find(RUN)) == (State.RUNNING, RUN)
    (tmp_path / "pipe").write_text("go\n")
    until(lambda: state(engine) == State.ENDED)
    engine.submit(ORDER)
    assert (tmp_path / "started").read_text() == f"-m studio.client.cli run exec {RUN}\n"
    assert engine.start_log(RUN) == "oh no"
    engine.forget(RUN)
    assert state(engine) == State.UNKNOWN


def test_the_token_stands_in_the_environment_alone(engine_with, tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_SECRET_KEY", "the-server-s-own")
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    engine = engine_with(f"env > {tmp_path}/env; echo done > {tmp_path}/done; {WAIT}")
    engine.submit(ORDER)
    until((tmp_path / "done").exists)
    found = (tmp_path / "env").read_text()
    assert "STUDIO_TOKEN=studio_1_very-secret" in found and "STUDIO_URL=http://127.0.0.1:1" in found
    assert "the-server-s-own" not in found and "DATABASE_URL" not in found
    pid = int((tmp_path / "compute" / RUN / "pid").read_text())
    assert b"very-secret" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert not [
        f for f in (tmp_path / "compute").rglob("*") if f.is_file() and b"very-secret" in f.read_bytes()
    ]


@pytest.mark.parametrize(("hard", "trapped"), [(False, "trap 'exit 0' TERM"), (True, "trap '' TERM")])
def test_a_run_is_stopped(engine_with, tmp_path, hard, trapped):
    engine = engine_with(f"{trapped}; touch {tmp_path}/ready; {WAIT}")
    engine.submit(ORDER)
    until((tmp_path / "ready").exists)
    engine.stop(RUN, hard=hard)
    until(lambda: state(engine) == State.ENDED)
    engine.stop(RUN, hard=hard)


def test_no_foreign_process_is_stopped_for_a_number_it_has_by_chance(engine_with, tmp_path):
    engine = engine_with(f"touch {tmp_path}/ready; {WAIT}")
    engine.submit(ORDER)
    until((tmp_path / "ready").exists)
    noted = tmp_path / "compute" / RUN / "pid"
    own = noted.read_text()
    noted.write_text(f"{os.getpid()}\n")
    engine.stop(RUN, hard=True)
    assert state(engine) == State.RUNNING
    noted.write_text(own)


def test_a_worker_that_died_before_the_start_leaves_nothing_in_the_way(engine_with, tmp_path):
    engine = engine_with(f"touch {tmp_path}/ready; {WAIT}")
    folder = tmp_path / "compute" / RUN
    folder.mkdir(parents=True)
    (folder / local.LOCK).touch()
    assert engine.find(RUN) is None
    engine.submit(ORDER)
    until((tmp_path / "ready").exists)
    assert state(engine) == State.RUNNING


def test_a_supervisor_that_is_killed_is_seen_to_be_gone(engine_with, tmp_path):
    engine = engine_with(f"touch {tmp_path}/ready; {WAIT}")
    engine.submit(ORDER)
    until((tmp_path / "ready").exists)
    os.kill(int((tmp_path / "compute" / RUN / "pid").read_text()), signal.SIGKILL)
    until(lambda: state(engine) == State.ENDED)


def test_the_server_s_own_python_can_start_runs(tmp_path):
    found = LocalEngine({"python": ""}, tmp_path).check()
    assert int(found["CPUs"]) >= 1 and found["Memory"].endswith("GiB")


@pytest.mark.parametrize(
    ("script", "said"),
    [("echo no module named studio >&2; exit 1", "no module named studio"), ("exit 1", "says nothing")],
)
def test_a_python_that_cannot_is_told(tmp_path, script, said):
    with pytest.raises(EngineAway, match=said):
        LocalEngine({"python": python(tmp_path, script)}, tmp_path).check()
    with pytest.raises(EngineAway, match="cannot be started"):
        LocalEngine({"python": "/no/such/python"}, tmp_path).check()


@pytest.mark.parametrize("run_id", ["", "..", "../x", "a/b", "a\0b"])
def test_the_id_of_a_run_never_leads_out_of_the_folder(tmp_path, run_id):
    with pytest.raises(EngineRefused, match="is no id of a run"):
        LocalEngine({}, tmp_path).submit(Order(run_id, "", ""))
