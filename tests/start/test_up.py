"""`studio up` from the first start to a kill -9: one story, told in order on one data folder."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import urllib.request

from studio.serve_processes import signal_name
from tests.start.conftest import PATIENCE_S, ROOT, Studio, until


def get(url: str, token: str = "") -> tuple[int, bytes]:
    """The status and body of one GET."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return answer.status, answer.read()


def test_it_does_not_listen_beyond_this_machine_while_the_owner_has_no_password(studio: Studio) -> None:
    said = studio.refused("--host", "0.0.0.0")
    assert "has no password yet" in said
    assert f"studio password --data {studio.folder}" in said
    assert not studio.pids()


def test_the_first_start_tells_where_it_is(studio: Studio) -> None:
    studio.start("--no-browser")
    where = studio.server_file()
    assert set(where) == {"url", "token", "workspace"}
    assert where["workspace"] == "default"
    assert re.fullmatch(r"studio_\d+_[\w-]{30,}", where["token"])
    assert f"{where['url']}/login/link/" in studio.output
    assert f"scripts find this studio with STUDIO_DATA={studio.folder}" in studio.output


def test_the_data_folder_is_closed_to_other_users(studio: Studio) -> None:
    open_to_others = 0o077
    assert stat.S_IMODE(studio.folder.stat().st_mode) == 0o700
    for name in ("server.json", "secret_key", "up.lock", "prepared.json"):
        assert not (studio.folder / name).stat().st_mode & open_to_others, name


def test_the_database_answers_behind_healthz(studio: Studio) -> None:
    status, body = get(f"{studio.server_file()['url']}/healthz")
    assert status == 200
    assert b'"ok"' in body


def test_the_token_in_the_server_file_opens_the_workspace(studio: Studio) -> None:
    where = studio.server_file()
    status, body = get(f"{where['url']}/api/v1/workspaces/default/", where["token"])
    assert status == 200
    assert b"default" in body


def test_a_second_start_on_the_same_folder_is_refused(studio: Studio) -> None:
    said = studio.refused()
    assert f"already runs with the data in {studio.folder}" in said
    assert studio.server_file()["url"] in said


def test_a_killed_worker_comes_back(studio: Studio) -> None:
    until(lambda: studio.pids(running="runs.worker"), "a worker")
    [worker] = studio.pids(running="runs.worker")
    os.kill(worker, signal.SIGKILL)
    until(lambda: set(studio.pids(running="runs.worker")) - {worker}, "another worker")


def test_term_ends_every_process(studio: Studio) -> None:
    assert studio.process is not None
    studio.send(signal.SIGTERM)
    assert studio.process.wait(PATIENCE_S) == 0
    assert not studio.pids()


def test_the_second_start_keeps_the_token_and_ctrl_c_ends_it(studio: Studio) -> None:
    token = studio.server_file()["token"]
    studio.start("--no-browser")
    assert studio.server_file()["token"] == token
    assert studio.process is not None
    os.killpg(studio.process.pid, signal.SIGINT)  # as a terminal does
    assert studio.process.wait(PATIENCE_S) == 0
    assert not studio.pids()


def test_nothing_is_left_when_up_itself_is_killed(studio: Studio) -> None:
    studio.start("--no-browser")
    assert len(studio.pids()) >= 3
    studio.send(signal.SIGKILL)
    until(lambda: not studio.pids(), "the end of every process")


def test_a_web_server_that_cannot_run_ends_up_with_its_last_lines(studio: Studio) -> None:
    studio.start("--no-browser")
    for pid in studio.pids(running="studio.serve_web"):
        os.kill(pid, signal.SIGKILL)
    assert studio.process is not None and studio.process.stdout is not None
    rest = studio.process.stdout.read()
    assert studio.process.wait(PATIENCE_S) == 1
    assert "The web server ended (signal KILL)" in rest
    assert not studio.pids()


def test_a_taken_port_is_named_and_another_proposed(studio: Studio) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = studio.refused("--port", str(port))
    assert f"Port {port} on 127.0.0.1 is taken" in said
    assert re.search(r"studio up --port \d+", said)


def test_with_a_password_it_listens_beyond_this_machine(studio: Studio) -> None:
    run = "import sys; from studio import serve; sys.exit(serve.password(sys.argv[1:]))"
    ended = subprocess.run(
        [sys.executable, "-c", run, "--stdin", "--data", str(studio.folder)],
        cwd=ROOT,
        env=studio.environment,
        input="a long enough one\n",
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert ended.returncode == 0, ended.stderr
    studio.start("--no-browser", "--host", "0.0.0.0")
    assert get(f"{studio.server_file()['url']}/healthz")[0] == 200


def test_exit_codes_are_told_in_words() -> None:
    assert signal_name(3) == "code 3"
    assert signal_name(-9) == "signal KILL"
