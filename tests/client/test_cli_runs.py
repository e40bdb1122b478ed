"""`studio run show, list, update, tag, complete, fail, children, metrics, download …` against a real server."""

from pathlib import Path
from typing import Any

import pytest

from studio import Experiment, Run, Workspace
from studio.client.http import Request
from tests.client.conftest import Cli


@pytest.fixture
def cli(live_cli: Cli) -> Cli:
    return live_cli


@pytest.fixture
def experiment(live_studio: Any) -> Experiment:
    workspace = Workspace.from_config(url=live_studio.url, token=live_studio.token, workspace="default")
    return Experiment(workspace, "cli-runs")


@pytest.fixture
def run(experiment: Experiment) -> Run:
    """A run with metrics, files and a log, that has ended."""
    with experiment.start_logging(snapshot_directory=None, capture_console=False) as made:
        for value in (0.5, 0.25, float("nan")):
            made.log("loss", value)
        made.log_table("scores", {"class": ["a", "b"], "f1": [0.5, 0.75]})
        Path("weights.bin").write_bytes(b"weights")
        made.upload_file("outputs/deep/weights.bin", "weights.bin")
        head = {"Content-Type": "application/octet-stream"}
        log = Request(
            "POST", f"runs/{made.id}/logs/user_logs/std_log.txt", {"offset": 0}, lambda: b"hello\n", 6, head
        )
        made._client.json(log)
    return made


@pytest.fixture
def begun(experiment: Experiment) -> Run:
    """A run that somebody began over REST, and that nobody beats for."""
    body = {"experiment": experiment.name, "start": True}
    found = experiment.workspace.client.post("workspaces/default/runs/", body)
    return Run(experiment, found["id"], _found=found)


def test_a_run_is_found_by_id_beginning_and_number(cli: Cli, begun: Run) -> None:
    number = str(begun.number)
    for named in (
        ["-r", begun.id],
        ["-r", begun.id[:13]],
        ["-r", f"cli-runs/{number}"],
        ["-r", number, "-e", "cli-runs"],
        ["-r", begun.id, "-e", "cli-runs", "-w", "default"],
    ):
        assert cli.json("run", "show", *named, "--query", "id") == begun.id, named


def test_a_run_that_is_not_meant_clearly_is_refused(cli: Cli, experiment: Experiment, begun: Run) -> None:
    for letter in "ab":
        body = {"experiment": experiment.name, "run_id": f"twin_{begun.id[:8]}_{letter}"}
        experiment.workspace.client.post("workspaces/default/runs/", body)
    said = cli.refused("run", "show", "-r", f"twin_{begun.id[:8]}")
    assert said.startswith(f"Several runs begin with 'twin_{begun.id[:8]}': twin_{begun.id[:8]}_")
    assert f"twin_{begun.id[:8]}_a" in said and f"twin_{begun.id[:8]}_b" in said
    said = cli.refused("run", "show", "-r", "cli-runs/999999")
    assert said.startswith("There is no run 'cli-runs/999999' in the workspace default. The newest are ")
    said = cli.refused("run", "show", "-r", begun.id, "-e", "other")
    assert said == f"The run {begun.id} is not in the experiment other but in cli-runs."
    assert "is not in the workspace" in cli.refused("run", "show", "-r", begun.id, "-w", "nowhere")
    assert "There is no run" in cli.refused("run", "show", "-r", "'; drop")


def test_a_run_in_the_archive_is_found_too(cli: Cli, begun: Run) -> None:
    begun.complete()
    assert cli.json("run", "archive", "-r", begun.id[:13])["ids"] == [begun.id]
    assert cli.json("run", "show", "-r", begun.id[:13])["archived_at"]
    assert cli.json("run", "unarchive", "-r", f"cli-runs/{begun.number}")["done"] == 1


def test_names_and_tags_are_changed(cli: Cli, begun: Run) -> None:
    words = ["--add-tag", "quality=fantastic run", "--add-tag", "seen", "--display-name", "larger batches"]
    found = cli.json("run", "update", "-r", begun.id, *words, "--description", "**why**")
    assert found["tags"] == {"quality": "fantastic run", "seen": None}
    assert (found["display_name"], found["description"]) == ("larger batches", "**why**")
    assert cli.json("run", "update", "-r", begun.id, "--remove-tag", "seen")["tags"] == {
        "quality": "fantastic run"
    }
    assert cli.json("run", "tag", "-r", begun.id, "a=b=c", "d", "--remove", "quality")["tags"] == {
        "a": "b=c",
        "d": None,
    }


def test_runs_are_ended_by_hand(cli: Cli, begun: Run, experiment: Experiment) -> None:
    failed = cli.json("run", "fail", "-r", begun.id, "--message", "the disk was full", "--code", "Disk")
    assert (failed["status"], failed["error"]["message"]) == ("Failed", "the disk was full")
    assert failed["error"]["code"] == "Disk"
    said = cli.refused("run", "complete", "-r", begun.id)
    assert "has already ended as Failed" in said
    other = experiment.workspace.client.post(
        "workspaces/default/runs/", {"experiment": "cli-runs", "start": True}
    )
    assert cli.json("run", "complete", "-r", other["id"])["status"] == "Completed"


def test_children_are_listed_and_filtered(cli: Cli, begun: Run) -> None:
    begun.create_children(tag_key="fold", tag_values=["1", "2"])
    asked = ("run", "children", "-r", begun.id)
    assert [run["tags"] for run in cli.json(*asked)] == [{"fold": "1"}, {"fold": "2"}]
    assert len(cli.json(*asked, "--tags", "fold=2")) == len(cli.json(*asked, "--last", "1")) == 1
    first = cli.json(*asked, "--filter", "tags.fold = '1'")[0]
    begun._client.post(f"runs/{first['id']}/children/", {"children": [{"tags": {"fold": "1.1"}}]})
    assert len(cli.json(*asked)) == 2 and len(cli.json(*asked, "--recursive")) == 3
    assert len(cli.json("run", "list", "--parent-run-id", begun.id)) == 2
    assert len(cli.json("run", "list", "--pipeline-run-id", first["id"])) == 1
    heads = cli(*asked, "-o", "table")[1].split("\n")[0].split()
    assert heads == ["id", "display_name", "status", "created_at", "duration_s", "child_count"]


def test_lists_are_narrowed_as_on_the_page(cli: Cli, run: Run) -> None:
    mine = ("run", "list", "-e", "cli-runs", "--filter", f"id = '{run.id}'")
    assert [found["id"] for found in cli.json(*mine, "--status", "Completed", "--status", "Failed")] == [
        run.id
    ]
    assert cli.json(*mine, "--status", "Failed") == cli.json(*mine, "--compute-target-name", "nowhere") == []
    minimal = cli.json(*mine, "--minimal")
    assert [*minimal[0]] == ["RunId", "RunType", "Status", "StartTime", "EndTime", "Target", "Tags"]
    assert (minimal[0]["RunId"], minimal[0]["Status"]) == (run.id, "Completed")
    said = cli.refused("run", "list", "--filter", "metrics.loss < abc")
    assert "at character" in said
    assert "'Broken'" in cli.refused("run", "list", "--status", "Broken")


def test_an_experiment_that_is_not_there_is_told(cli: Cli, run: Run) -> None:
    code, out, err = cli("run", "list", "-e", "cli-rums")
    assert (code, out) == (0, "[]\n")
    assert err.startswith("studio: There is no experiment 'cli-rums' in default; there are cli-runs")
    assert cli("run", "list", "-e", "cli-runs", "--tags", "nobody has it") == (0, "[]\n", "")


# As the cloud's article prints them.
ARTICLE = (
    "[?properties.author=='azureml-user']",
    "[?tags.keys(@)[?starts_with(@, 'worth another look')]]",
    "[?properties.author=='azureml-user' && tags.quality=='fantastic run']",
)


def test_the_article_is_followed_step_by_step(cli: Cli, experiment: Experiment) -> None:
    body = {"experiment": "cli-article", "properties": {"author": "azureml-user"}}
    made = experiment.workspace.client.post("workspaces/default/runs/", body)["id"]
    cli.json("ml", "run", "update", "-r", made, "--add-tag", "quality=fantastic run")
    cli.json("ml", "run", "update", "-r", made, "--add-tag", "worth another look")
    for query in ARTICLE:
        for words in ([query], ["--query", query]):
            found = cli.json("ml", "run", "list", "--experiment-name", "cli-article", *words)
            assert [run["id"] for run in found] == [made], query
    assert cli.json("ml", "run", "cancel", "-r", made)["status"] in ("Canceled", "CancelRequested")


OTHERS = """
from runs.actions.members import set_member; from runs.actions.workspace import *
ada = User.objects.get(username="ada"); space = Workspace.objects.get(name="default")
for role in ("reader", "contributor"):
    user = create_user(f"cli-{role}", password="correct horse battery staple")
    set_member(space, user, role, by=ada); print(create_token(user, name="t", workspace=None)[1])
stranger = create_user("cli-stranger", password="correct horse battery staple")
create_workspace("cli-elsewhere", by=stranger); print(create_token(stranger, name="t", workspace=None)[1])
"""


def test_each_role_may_what_it_may(
    cli: Cli, live_studio: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = live_studio.command("shell", "--verbosity", "0", "-c", OTHERS).stdout
    tokens = dict(zip(("reader", "contributor", "stranger"), printed.split()[-3:], strict=True))
    monkeypatch.setenv("STUDIO_TOKEN", tokens["contributor"])
    assert cli.json("run", "tag", "-r", run.id, "seen")["tags"] == {"seen": None}
    monkeypatch.setenv("STUDIO_TOKEN", tokens["reader"])
    assert cli.json("run", "show", "-r", f"cli-runs/{run.number}")["id"] == run.id
    for words in (
        ["run", "tag", "-r", run.id, "x"],
        ["run", "delete", "-r", run.id],
        ["folder", "attach", "--path", "new", "-e", "cli-of-a-reader"],
    ):
        assert "reader" in cli.refused(*words), words
    assert not Path("new").exists()
    monkeypatch.setenv("STUDIO_TOKEN", tokens["stranger"])
    for named in (run.id, run.id[:13], f"cli-runs/{run.number}"):
        for words in (["show"], ["tag", "x"], ["cancel"], ["metrics"], ["monitor-logs"], ["delete"]):
            said = cli.refused("run", *words, "-r", named)
            assert "default" in said and "cli-runs/" not in said.replace(named, ""), said


def test_metrics_are_printed_as_json_can_hold_them(cli: Cli, run: Run) -> None:
    found = cli.json("run", "metrics", "-r", run.id)
    assert found == {"loss": [0.5, 0.25, "NaN"], "scores": {"class": ["a", "b"], "f1": [0.5, 0.75]}}
    assert cli.json("run", "metrics", "-r", run.id, "--name", "loss") == {"loss": [0.5, 0.25, "NaN"]}
    assert cli.json("run", "metrics", "-r", run.id, "--recursive", "--query", f'"{run.id}".loss[0]') == 0.5
    lines = cli("run", "metrics", "-r", run.id, "-o", "tsv")[1].splitlines()
    assert lines == ["loss\t3\tNaN", 'scores\t2\t{"class": "b", "f1": 0.75}']
    assert cli("run", "metrics", "-r", run.id, "--recursive", "-o", "tsv")[1].startswith(f"{run.id}\tloss\t3")


def test_files_are_downloaded_under_their_names(cli: Cli, run: Run) -> None:
    found = cli.json("run", "download", "-r", run.id, "--prefix", "outputs/")
    assert found == {"run_id": run.id, "folder": f"assets/{run.id}", "files": ["outputs/deep/weights.bin"]}
    assert (Path("assets") / run.id / "outputs/deep/weights.bin").read_bytes() == b"weights"
    one = cli("run", "download", "-r", run.id, "--name", "outputs/deep/weights.bin", "-d", "x", "-o", "tsv")
    assert one == (0, "x/outputs/deep/weights.bin\n", "")
    assert cli("run", "download", "-r", run.id, "-d", "all", "-o", "none")[0] == 0
    assert sorted(path.name for path in Path("all").rglob("*.*")) == ["std_log.txt", "weights.bin"]
    said = cli.refused("run", "download", "-r", run.id, "--name", "nope")
    assert said.startswith(
        "File with path nope was not found, available files include: outputs/deep/weights.bin"
    )
    assert (
        "leads out" in (said := cli.refused("run", "download", "-r", run.id, "--name", "../x"))
        or "place" in said
    )


def test_logs_are_downloaded(cli: Cli, run: Run) -> None:
    found = cli.json("run", "download-logs", "-r", run.id, "-d", "logs")
    assert found["files"] == ["user_logs/std_log.txt"]
    assert Path("logs/user_logs/std_log.txt").read_bytes() == b"hello\n"
    said = cli.refused("run", "download-logs", "-r", run.id, "-d", "weights.bin")
    assert said == "weights.bin exists and is not a directory."


def test_deleted_runs_are_told_and_come_back(cli: Cli, run: Run) -> None:
    assert cli.json("run", "delete", "-r", f"cli-runs/{run.number}")["ids"] == [run.id]
    assert "was deleted" in cli.refused("run", "metrics", "-r", run.id)
    assert cli.json("run", "restore", "-r", run.id)["done"] == 1
