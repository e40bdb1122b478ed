"""The commands: what they print, and with which exit code they end."""

import json
from pathlib import Path

import pytest

from studio import Experiment
from studio.client.address import find_address
from studio.client.cli import run_trash, server
from tests.client.conftest import Cli
from tests.client.fake_server import TOKEN, FakeStudio


@pytest.fixture
def cli(fake_cli: Cli) -> Cli:
    return fake_cli


@pytest.fixture
def three_runs(studio: FakeStudio, experiment: Experiment) -> list[str]:
    for number in range(3):
        with experiment.start_logging(run_id=f"run-{number}", tags={"number": str(number)}):
            pass
    return ["run-0", "run-1", "run-2"]


def test_help_lists_every_command_with_a_line(cli: Cli) -> None:
    code, out, _err = cli("--help")
    assert code == 0
    listed = [line.split()[0] for line in out.splitlines() if line.startswith("    ") and line[4] != " "]
    assert listed == [
        "up", "link", "password", "login", "logout", "whoami", "doctor", "folder", "run", "experiment",
        "view", "alert", "computetarget", "workspace", "member", "profile", "token", "sync", "completion", "version",
    ]  # fmt: skip
    assert "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 the studio does not answer." in out


def test_without_a_command_it_prints_its_help(cli: Cli) -> None:
    assert cli()[0] == 0
    code, out, _err = cli("run")
    assert code == 2 and "cancel" in out
    assert cli("help", "run", "list") == cli("run", "list", "--help")
    assert cli("help") == cli("--help")


def test_the_version(cli: Cli) -> None:
    assert cli("version") == (0, "run-studio 0.1.0\n", "")
    assert cli.json("version", "-o", "json") == {"version": "0.1.0"}


def test_runs_are_listed_as_json(cli: Cli, three_runs: list[str]) -> None:
    code, out, _err = cli("run", "list")
    assert (code, [run["id"] for run in json.loads(out)]) == (0, three_runs)
    assert len(json.loads(cli("run", "list", "--last", "1")[1])) == 1
    assert json.loads(cli("run", "list", "--status", "Failed")[1]) == []


def test_a_table_has_the_columns_people_look_for(cli: Cli, three_runs: list[str]) -> None:
    first = cli("run", "list", "-o", "table")[1].splitlines()[0]
    assert first.split() == [
        "id",
        "display_name",
        "experiment",
        "number",
        "status",
        "created_at",
        "duration_s",
        "created_by",
    ]


def test_one_run_is_shown_and_a_missing_one_refused(cli: Cli, three_runs: list[str]) -> None:
    assert json.loads(cli("run", "show", "-r", "run-1")[1])["tags"] == {"number": "1"}
    said = "There is no run 'nowhere' in the workspace default. The newest are digits/1 (run-0), "
    assert cli.refused("run", "show", "--run", "nowhere").startswith(said)


def test_a_run_is_cancelled(cli: Cli, studio: FakeStudio, experiment: Experiment) -> None:
    run = experiment.start_logging(interrupt_on_cancel=False)
    code, out, _err = cli("run", "cancel", "-r", run.id, "--reason", "too slow")
    assert (code, json.loads(out)["status"]) == (0, "CancelRequested")


def test_a_change_that_takes_a_while_is_waited_for(
    cli: Cli, three_runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_trash, "LOOK_S", 0.0)
    found = cli.json("run", "delete", "-r", "run-1")
    assert (found["state"], found["done"], found["ids"]) == ("done", 1, ["run-1"])


def test_experiments_are_listed(cli: Cli, three_runs: list[str]) -> None:
    assert json.loads(cli("experiment", "list", "--query", "[].name")[1]) == ["digits"]


def test_wrong_usage_is_two_and_an_unreachable_studio_three(cli: Cli, studio: FakeStudio) -> None:
    assert cli("run", "list", "--no-such-flag")[0] == 2
    assert cli("nonsense")[0] == 2
    studio.stop()
    code, out, err = cli("run", "list")
    assert (code, out) == (3, "")
    assert err == f"studio: The studio at {studio.url} does not answer (nothing listens there).\n"


def test_login_checks_the_token_and_keeps_it(
    cli: Cli, studio: FakeStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STUDIO_URL")
    monkeypatch.delenv("STUDIO_TOKEN")
    assert cli("whoami")[0] == 1
    code, _out, err = cli("login", studio.url, "--token", "wrong")
    assert code == 1 and "This token is not known." in err
    code, out, _err = cli("login", studio.url, "--token", TOKEN)
    assert code == 0 and f"Logged in to {studio.url} as ada, workspace default." in out and TOKEN not in out
    assert find_address().token == TOKEN
    assert json.loads(cli("whoami")[1])["user"] == "ada"
    assert cli("login", studio.url, "--token", TOKEN, "-w", "nowhere")[0] == 1
    again = cli.json("login", studio.url, "--token", TOKEN, "-o", "json")
    assert (again["user"], again["workspace"]) == ("ada", "default") and TOKEN not in str(again)
    assert cli("logout")[:2] == (0, f"Logged out of {studio.url}.\n")
    assert cli("logout")[0] == 1


def test_a_token_can_come_from_a_pipe(cli: Cli, studio: FakeStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.delenv("STUDIO_TOKEN")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{TOKEN}\n"))
    assert cli("login", studio.url)[0] == 0


@pytest.mark.parametrize("command", ["up", "link", "password"])
def test_a_studio_without_the_servers_packages_says_what_to_install(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(server, "is_installed", lambda package: package != "django")
    code, _out, err = cli(command, "--port", "1")
    assert code == 1 and "pip install 'run-studio[server]' (missing: django)" in err


def test_refused_batches_are_tried_again_when_asked(
    cli: Cli, studio: FakeStudio, experiment: Experiment, home: Path
) -> None:
    from studio.client.process import recorder_for
    from studio.client.spool_place import journals

    with experiment.start_logging() as run:
        run.log("bad name", 1)
    recorder_for(experiment.workspace.client).close(1)
    assert "1 batches were refused and are kept" in cli("sync")[1]
    left = cli.json("sync", "-o", "json")
    assert (left["sent"], left["refused"], left["set_aside"], left["of_running_programs"]) == (0, 0, 1, 0)
    assert cli("sync", "--refused")[0] == 1
    assert len(list(journals())) == 1
