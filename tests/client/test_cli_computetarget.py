"""`studio computetarget …` against a real server."""

import io

import pytest

from studio.client.cli.computetarget import COLUMNS
from studio.client.compute import ComputeTarget, RayCompute
from studio.client.errors import ComputeTargetException
from studio.client.workspace import Workspace
from tests.client.conftest import Cli


def test_a_cluster_is_attached_shown_changed_asked_and_detached(live_cli: Cli) -> None:
    asked = ("computetarget", "attach", "slurm", "-n", "cli-cluster", "--partition", "gpu", "--disable")
    made = live_cli.json(*asked)
    assert (made["name"], made["kind"], made["enabled"]) == ("cli-cluster", "slurm", False)
    assert made["settings"]["partition"] == "gpu"
    assert "cli-cluster" in live_cli.refused(*asked)
    listed = live_cli.json("computetarget", "list", "--query", "[].name")
    assert listed[0] == "local" and "cli-cluster" in listed
    assert live_cli("computetarget", "list", "-o", "table")[1].split("\n")[0].split() == [*COLUMNS]
    changed = live_cli.json("computetarget", "update", "-n", "cli-cluster", "--set", "account=vision")
    assert (changed["settings"]["partition"], changed["settings"]["account"]) == ("gpu", "vision")
    assert (
        live_cli.json("computetarget", "show", "-n", "cli-cluster", "--query", "settings.account") == "vision"
    )
    assert live_cli("computetarget", "test", "-n", "cli-cluster")[0] == 0
    gone = live_cli("computetarget", "detach", "-n", "cli-cluster")
    assert gone == (0, "Detached cli-cluster.\n", "")
    assert "cli-cluster" in live_cli.refused("computetarget", "show", "-n", "cli-cluster")


def test_the_machine_of_the_studio_is_attached_switched_off(live_cli: Cli) -> None:
    made = live_cli.json(
        "computetarget", "attach", "server", "-n", "cli-here", "--slots", "3", "--memory-mb", "900"
    )
    assert made["settings"]["memory_mb"] == 900
    assert (made["kind"], made["enabled"], made["settings"]["slots"]) == ("local", False, 3)
    assert live_cli.json("computetarget", "delete", "-n", "cli-here", "-o", "json") == {"name": "cli-here"}


def test_this_machine_is_always_there(live_cli: Cli) -> None:
    assert live_cli.json("computetarget", "show", "-n", "local")["state"] == "ready"
    assert live_cli.refused("computetarget", "detach", "-n", "local")


def test_what_is_wrong_is_said(live_cli: Cli) -> None:
    asked = ("computetarget", "update", "-n", "cli-nowhere")
    assert "Name what to change" in live_cli.refused(*asked, code=2)
    assert "A setting is KEY=VALUE, not 'slots'." in live_cli.refused(*asked, "--set", "slots", code=2)
    assert "cli-nowhere" in live_cli.refused(*asked, "--enable")
    said = live_cli.refused("computetarget", "attach", "server", "-n", "cli-many", "--slots", "many")
    assert "settings.slots is a whole number" in said


def test_ray_is_attached_with_a_token_that_is_read_and_never_told(
    live_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def piped(line: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(line))

    asked = ("computetarget", "attach", "ray", "-n", "cli-ray", "--address", "https://ray.example.org")
    piped("")
    assert "Ray needs a token" in live_cli.refused(*asked)
    piped("first-token\n")
    code, out, err = live_cli(*asked, "--private", "--debug")
    assert code == 0 and "first-token" not in out + err
    made = live_cli.json("computetarget", "show", "-n", "cli-ray")
    assert (made["kind"], made["enabled"], made["has_token"]) == ("ray", True, True)
    assert (made["settings"]["address"], made["settings"]["private"]) == ("https://ray.example.org", True)
    changed = ("computetarget", "update", "-n", "cli-ray", "--set", "address=https://new.example.org")
    assert "give it again" in live_cli.refused(*changed, "--set", "private=no")
    piped("second-token\n")
    made = live_cli.json(*changed, "--set", "private=no", "--token")
    assert (made["settings"]["address"], made["settings"]["private"]) == ("https://new.example.org", False)
    assert "second-token" not in str(made)
    assert live_cli("computetarget", "detach", "-n", "cli-ray")[0] == 0


def test_a_script_attaches_ray(live_cli: Cli, live_studio) -> None:
    workspace = Workspace.from_config(
        url=live_studio.url, token=live_studio.token, workspace=live_studio.workspace
    )
    wished = RayCompute.attach_configuration("https://ray.example.org", "first-token", enabled=False)
    assert "first-token" not in repr(wished)
    made = ComputeTarget.attach(workspace, "sdk-ray", wished)
    assert (made.type, made.serialize()["has_token"], made.serialize()["enabled"]) == ("ray", True, False)
    assert "first-token" not in f"{made} {made.serialize()}"
    made.detach()
    with pytest.raises(ComputeTargetException, match="Ray needs a token"):
        ComputeTarget.attach(workspace, "sdk-ray", RayCompute.attach_configuration("https://ray.example.org"))
