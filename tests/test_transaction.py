"""Who writes to SQLite waits for the turn, in this process and among the processes."""

import subprocess
import sys
import threading

import pytest
from django.db import OperationalError, connection, connections

from runs import transaction

HOLD = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
input()
"""


@pytest.fixture
def turn(tmp_path, monkeypatch):
    """The turn at a database of this test's own."""
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "db.sqlite3"))
    return transaction._turn


@pytest.fixture
def elsewhere(tmp_path):
    """Another process that has the turn."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has many writers")
    command = [sys.executable, "-c", HOLD, str(tmp_path / "db.sqlite3-turn")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        yield process
        process.kill()


def begun(turn, outcome):
    def wait():
        try:
            with turn():
                outcome.append("written")
        except OperationalError as error:
            outcome.append(str(error))

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_a_process_that_dies_gives_its_turn_back(turn, elsewhere):
    outcome: list[str] = []
    thread = begun(turn, outcome)
    thread.join(0.2)
    assert outcome == []
    elsewhere.kill()
    thread.join(30)
    assert outcome == ["written"]


def test_only_one_thread_waits_on_for_a_process_that_keeps_its_turn(turn, elsewhere, monkeypatch):
    monkeypatch.setattr(transaction, "_PATIENCE_S", 0.1)
    first, second = [], []
    waiting = begun(turn, first)
    waiting.join(0.2)
    begun(turn, second).join(30)
    assert (first, second) == ([], ["database is locked"])
    elsewhere.kill()
    waiting.join(30)
    assert first == ["written"]


def test_an_action_inside_another_has_its_turn_already(turn, monkeypatch):
    with turn():
        monkeypatch.setattr(connections["default"], "in_atomic_block", True)
        with turn():
            monkeypatch.setattr(connections["default"], "in_atomic_block", False)
    outcome: list[str] = []
    begun(turn, outcome).join(30)
    assert outcome == ["written"]
