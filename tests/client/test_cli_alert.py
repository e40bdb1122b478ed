"""`studio alert …` against a real server."""

import json
from collections.abc import Iterator

import pytest

from studio.client.cli.alert import COLUMNS
from tests.client.conftest import Cli


@pytest.fixture
def number(live_cli: Cli) -> Iterator[str]:
    """An alert of its own, gone afterwards."""
    made = live_cli.json("alert", "create", "--on", "failed", "--on", "not-responding", "--channel", "app")
    assert made["statuses"] == ["failed", "not responding"] and made["about"] == "workspace"
    yield str(made["id"])
    live_cli("alert", "delete", str(made["id"]))


def test_an_alert_is_listed_changed_paused_resumed_tried_and_deleted(live_cli: Cli, number: str) -> None:
    assert int(number) in live_cli.json("alert", "list", "--query", "[].id")
    assert live_cli("alert", "list", "-o", "table")[1].split("\n")[0].split() == [*COLUMNS]
    asked = ("alert", "update", number, "--metric", "loss>0.5", "--quiet", "22:00-07:00", "--timing", "daily")
    changed = live_cli.json(*asked, "--name", "Nights")
    assert (changed["metric"], changed["bound"], changed["is_above"]) == ("loss", 0.5, True)
    assert (changed["quiet_from"], changed["quiet_until"]) == ("22:00", "07:00")
    assert live_cli.json("alert", "update", number, "--quiet", "none")["quiet_from"] == ""
    assert live_cli.json("alert", "pause", number)["paused_at"]
    assert live_cli.json("alert", "resume", number)["paused_at"] is None
    assert live_cli.json("alert", "test", number)["is_test"]
    assert live_cli.json("alert", "deliveries", number, "--query", "[].is_test") == [True]
    assert live_cli.json("alert", "show", number, "--query", "name") == "Nights"
    assert live_cli("alert", "delete", number) == (0, f"Deleted alert {number}.\n", "")
    assert number in live_cli.refused("alert", "show", number)


def test_what_is_wrong_is_said(live_cli: Cli, number: str) -> None:
    assert "Name what to be told of" in live_cli.refused("alert", "create", code=2)
    assert "Name what to change" in live_cli.refused("alert", "update", number, code=2)
    assert "22:00-07:00" in live_cli.refused("alert", "update", number, "--quiet", "22:00", code=2)
    assert "loss>0.5" in live_cli.refused("alert", "update", number, "--metric", "loss", code=2)
    said = live_cli.refused("alert", "update", number, "--channel", "webhook", "--url", "ftp://x")
    assert "https://" in said
    assert "no-such" in live_cli.refused("alert", "create", "--on", "ended", "-e", "no-such")
    assert json.loads(live_cli("alert", "show", number)[1])["channel"] == "app"
